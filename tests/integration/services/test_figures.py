"""What is counted and published: reconciliation, recording rate and the public file, of one small month."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from peel.crime.v1 import api_pb2 as crime
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.place_pb2 import Place, Point
from services.kernel.wire import stamp
from tests.integration.services.calling import Person
from tests.integration.services.following import crimes_of, told
from tests.integration.services.running import Running
from tests.integration.services.telling import (
    ASSAULT,
    BURGLARY,
    COMMON_ASSAULT,
    HERE,
    MARKS,
    THIRD_PARTY,
    alleging,
    cancellation,
    contact,
    decision,
    not_recording,
    outcome,
    recording,
)

VIOLENCE, BURGLARIES, NUISANCE = "Violence and sexual offences", "Burglary", "Anti-social behaviour"
PUBLIC = Place(point=Point(latitude=53.801277, longitude=-1.548567), address="On or near Ash Mount", lsoa="E01011229")


@dataclass(frozen=True)
class Month:
    """A force's month: ten allegations in eight reports, and a nuisance."""

    force: str
    began: datetime
    registrar: Person


@pytest.fixture(scope="module")
def month(_running: Running) -> Month:
    running = _running
    force = running.next_force()
    now = running.now
    yesterday, last_night = now - timedelta(hours=30), now - timedelta(hours=1)
    domestic = alleging(ASSAULT, "p1", "p2", flags=[types.CRIME_FLAG_DOMESTIC_ABUSE])
    reports = told(
        running,
        contact(force, last_night, alleging(ASSAULT, "p1"), alleging(BURGLARY, "p2"), place=PUBLIC),
        # One crime: the principal one counts.
        contact(force, last_night, alleging(ASSAULT, "p1", "p2"), alleging(COMMON_ASSAULT, "p1", "p2"), place=HERE),
        contact(force, last_night, domestic, place=HERE),
        contact(force, last_night, place=PUBLIC),
        contact(force, last_night, alleging(BURGLARY, "p1"), place=PUBLIC),
        contact(force, last_night, alleging(ASSAULT, "p1"), by=THIRD_PARTY, place=HERE),
        contact(force, yesterday, alleging(ASSAULT, "p1"), by=THIRD_PARTY, place=HERE),
        contact(force, yesterday, alleging(BURGLARY, "p1"), by=THIRD_PARTY, place=PUBLIC),
        contact(force, yesterday, alleging(BURGLARY, "p1"), by=THIRD_PARTY, place=PUBLIC),
    )
    maker = running.person("decision_maker", force=force)
    maker.ask(running.crime.DecideRecording, decision(reports[7].report_id, not_recording(1)))
    maker.ask(running.crime.DecideRecording, decision(reports[8].report_id, recording(1)))
    (burglary,) = crimes_of(running, reports[4])
    maker.ask(running.crime.CancelCrime, cancellation(burglary.crime_id))
    (solved, _) = crimes_of(running, reports[0])
    maker.ask(running.crime.RecordOutcome, outcome(solved.crime_id, "8"))
    return Month(force, yesterday, running.person("crime_registrar", force=force))


def _sums(running: Running, month: Month, *by: str) -> list[crime.ReconcileReportsResponse]:
    dimensions = [crime.ReconcileDimension.Value(f"RECONCILE_DIMENSION_{name}") for name in by]
    return month.registrar.listen(
        running.crime.ReconcileReports, crime.ReconcileReportsRequest(force=month.force, by=dimensions)
    )


def _counts(line: crime.ReconcileReportsResponse) -> Counter[str]:
    names = ("received", "decided", "recorded", "absorbed", "undecided", "overdue")
    return Counter({name: getattr(line, name) for name in names}) + Counter(dict(line.not_recorded))


def test_every_allegation_is_counted_once(running: Running, month: Month) -> None:
    (total,) = _sums(running, month)
    assert _counts(total) == {
        "received": 11,
        "decided": 9,
        "recorded": 6,
        "absorbed": 1,
        "VICTIM_NOT_TRACED": 1,
        "NO_CRIME_ALLEGED": 1,
        "undecided": 2,
        "overdue": 3,
    }
    assert total.reports == 9
    assert total.received == total.decided + total.undecided
    assert total.decided == total.recorded + total.absorbed + sum(total.not_recorded.values())


@pytest.mark.parametrize("by", [("DAY",), ("CATEGORY",), ("LSOA",), ("DAY", "CATEGORY", "LSOA")])
def test_the_sums_of_each_dimension_are_the_same(running: Running, month: Month, by: tuple[str, ...]) -> None:
    (total,) = _sums(running, month)
    lines = _sums(running, month, *by)
    assert sum(map(_counts, lines), Counter()) == _counts(total)
    keys = [(line.day, line.category, line.lsoa) for line in lines]
    assert len(set(keys)) == len(keys) > 1
    for name, key in zip(("DAY", "CATEGORY", "LSOA"), zip(*keys, strict=True), strict=True):
        assert all(key) if name in by else not any(key)


def test_sums_by_category_and_for_a_period(running: Running, month: Month) -> None:
    received = {line.category: line.received for line in _sums(running, month, "CATEGORY")}
    # The burglary that was not recorded counts as the incident that it was told as.
    assert received == {VIOLENCE: 6, BURGLARIES: 3, NUISANCE: 1, "Other incident": 1}
    request = crime.ReconcileReportsRequest(force=month.force)
    request.first_contact.to.CopyFrom(stamp(month.began))
    (yesterday,) = month.registrar.listen(running.crime.ReconcileReports, request)
    assert (yesterday.received, yesterday.overdue, yesterday.undecided) == (3, 3, 1)


def test_the_recording_rate_counts_what_should_have_been_recorded(running: Running, month: Month) -> None:
    """Undecided past its 24 hours counts against the force; within them, for nothing yet."""
    reply = month.registrar.ask(running.crime.GetRecordingRate, crime.GetRecordingRateRequest(force=month.force))
    rates = {rate.stratum: rate for rate in reply.rates}
    counts = {
        name: (rate.should_be_recorded, rate.recorded, rate.recorded_within_24_hours) for name, rate in rates.items()
    }
    assert counts == {
        "OVERALL": (8, 7, 6),
        "VIOLENCE": (5, 4, 4),
        "SEXUAL": (0, 0, 0),
        "DOMESTIC_ABUSE": (1, 1, 1),
    }
    overall = rates["OVERALL"]
    assert overall.rate == pytest.approx(7 / 8)
    # Wilson's interval of 7 in 8, worked out by hand.
    assert (overall.rate_low, overall.rate_high) == pytest.approx((0.5291, 0.9776), abs=1e-4)
    assert not rates["SEXUAL"].HasField("rate")


def _export(running: Running, month: Month) -> list[crime.ExportStreetCrimeResponse]:
    request = crime.ExportStreetCrimeRequest(force=month.force, month=f"{month.began:%Y-%m}")
    return month.registrar.listen(running.crime.ExportStreetCrime, request)


def _of(rows: Iterable[crime.ExportStreetCrimeResponse]) -> Counter[tuple[str, str, str]]:
    return Counter((row.crime_type, row.location, row.last_outcome_category) for row in rows)


def test_the_public_file_has_the_months_crimes_and_nuisances(running: Running, month: Month) -> None:
    rows = _export(running, month)
    assert _of(rows) == {
        (VIOLENCE, "On or near Ash Mount", "Local resolution"): 1,
        (VIOLENCE, "No Location", "Under investigation"): 2,
        (BURGLARIES, "On or near Ash Mount", "Under investigation"): 2,
        (NUISANCE, "On or near Ash Mount", ""): 1,
    }
    ids = [row.crime_id for row in rows if row.crime_id]
    assert len(set(ids)) == len(rows) - 1
    assert {len(one) for one in ids} == {64}
    (nuisance,) = (row for row in rows if not row.crime_id)
    assert nuisance.crime_type == NUISANCE


def test_the_public_file_never_shows_where_exactly(running: Running, month: Month) -> None:  # I7
    rows = _export(running, month)
    text = "\n".join(str(row) for row in rows)
    for exact in (*MARKS, "Nowhere", "p1"):
        assert exact not in text
    hidden = [row for row in rows if row.lsoa_code == HERE.lsoa]
    assert {(row.location, row.longitude, row.latitude) for row in hidden} == {("No Location", "", "")}
    shown = [row for row in rows if row.lsoa_code == PUBLIC.lsoa]
    assert {(row.location, row.longitude, row.latitude) for row in shown} == {
        ("On or near Ash Mount", "-1.548567", "53.801277")
    }
    ledger = running.rows("crime", "select id::text, number from crime where force = $1", month.force)
    assert ledger
    assert not any(value in text for row in ledger for value in row.values())


def test_the_public_file_is_for_the_registrar_and_the_auditor(running: Running, month: Month) -> None:
    maker = running.person("decision_maker", force=month.force)
    request = crime.ExportStreetCrimeRequest(force=month.force, month="2018-07")
    assert maker.refused(running.crime.ExportStreetCrime, request).reason == "ROLE_MISSING"
