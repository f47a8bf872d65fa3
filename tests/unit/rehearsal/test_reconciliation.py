"""The verdict: nothing differs unnoticed, whichever way it differs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.rehearsal.reconciliation import Reconciliation, reconcile
from deploy.rehearsal.results import report, write_set_aside, write_street_file
from deploy.rehearsal.street import StreetFile
from peel.crime.v1 import api_pb2 as api
from tests.unit.rehearsal.months import GOOD, NUISANCE, changed, read, written

Ledger = dict[str, api.ReconcileReportsResponse]
LATE = ({"contact-1"}, {"contact-1"})


@pytest.fixture
def file(tmp_path: Path) -> StreetFile:
    unplaced = changed(GOOD, Location="No Location", Longitude="", Latitude="", LSOA_code="", LSOA_name="")
    return read(written(tmp_path, GOOD, GOOD, unplaced, NUISANCE, changed(GOOD, Month="July")))


def ledger() -> Ledger:
    reasons = {"NO_CRIME_ALLEGED": 1}
    return {
        "Burglary": api.ReconcileReportsResponse(category="Burglary", received=3, decided=3, recorded=3),
        "Anti-social behaviour": api.ReconcileReportsResponse(received=1, decided=1, not_recorded=reasons),
    }


def exported(file: StreetFile) -> list[api.ExportStreetCrimeResponse]:
    return [
        api.ExportStreetCrimeResponse(
            crime_id="9" * 64,
            month=row.month,
            reported_by=row.reported_by,
            longitude=row.longitude,
            latitude=row.latitude,
            location=row.location,
            lsoa_code=row.lsoa,
            crime_type=row.crime_type,
            last_outcome_category=row.outcome,
        )
        for row in reversed(file.rows)
    ]


def test_all_agrees(file: StreetFile) -> None:
    found = reconcile(file, 3, LATE, ledger(), exported(file))
    assert found.faults == []
    told = report(found, 12.34, {"month": "2018-07"})
    counts = {name: told[name] for name in ("received", "recorded", "not_crime", "undecided", "lost", "set_aside")}
    assert counts == {"received": 4, "recorded": 3, "not_crime": 1, "undecided": 0, "lost": 0, "set_aside": 1}
    assert (told["overdue"], told["overdue_expected"], told["contacts"], told["export_equal"]) == (1, 1, 3, True)
    assert (told["seconds"], told["rehearsal"], told["faults"]) == (12.3, True, [])


def changed_ledger(change: Callable[[Ledger], object]) -> Ledger:
    lines = ledger()
    change(lines)
    return lines


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda lines: lines.pop("Burglary"), "3 rows lost"),
        (lambda lines: setattr(lines["Burglary"], "received", 4), "-1 rows lost"),
        (lambda lines: setattr(lines["Burglary"], "undecided", 1), "1 reports undecided"),
        (lambda lines: setattr(lines["Burglary"], "recorded", 2), "2 crimes recorded of 3"),
        (lambda lines: setattr(lines["Burglary"], "absorbed", 1), "1 crimes counted within others"),
        (
            lambda lines: lines["Burglary"].not_recorded.update(VICTIM_NOT_TRACED=1),
            "2 rows found to be no crime, not 1",
        ),
        (
            lambda lines: lines.update(Robbery=api.ReconcileReportsResponse(received=1)),
            "the categories do not add up",
        ),
    ],
)
def test_what_the_ledger_has_otherwise_is_named(
    file: StreetFile, change: Callable[[Ledger], object], fault: str
) -> None:
    found = reconcile(file, 3, LATE, changed_ledger(change), exported(file))
    assert fault in found.faults


def test_rows_lost_in_one_category_and_doubled_in_another_do_not_make_up_for_each_other(file: StreetFile) -> None:
    lines = ledger()
    lines["Burglary"].received -= 1
    lines["Anti-social behaviour"].received += 1
    assert "the categories do not add up" in reconcile(file, 3, LATE, lines, exported(file)).faults


@pytest.mark.parametrize("named", [set(), {"contact-2"}, {"contact-1", "contact-2"}])
def test_the_overdue_alarm_has_to_name_exactly_those(file: StreetFile, named: set[str]) -> None:
    found = reconcile(file, 3, ({"contact-1"}, named), ledger(), exported(file))
    assert any("overdue" in fault for fault in found.faults)


@pytest.mark.parametrize(
    "column", ["month", "lsoa_code", "crime_type", "last_outcome_category", "location", "longitude"]
)
def test_an_exported_row_that_differs_in_any_column_is_found(file: StreetFile, column: str) -> None:
    rows = exported(file)
    setattr(rows[0], column, "7")
    found = reconcile(file, 3, LATE, ledger(), rows)
    assert not found.export_equal
    assert {(one.in_file, one.in_export) for one in found.differences} == {(1, 0), (0, 1)}


def test_a_row_exported_twice_instead_of_another_is_found(file: StreetFile) -> None:
    rows = exported(file)
    rows[0] = rows[-1]
    found: Reconciliation = reconcile(file, 3, LATE, ledger(), rows)
    assert not found.export_equal


def test_the_written_file_can_be_read_as_a_street_file(file: StreetFile, tmp_path: Path) -> None:
    write_street_file(tmp_path / "out.csv", exported(file))
    again = read(tmp_path / "out.csv")
    assert sorted(row.spot for row in again.rows) == sorted(row.spot for row in file.rows)
    assert not again.set_aside


def test_rows_set_aside_are_written_with_line_and_field(file: StreetFile, tmp_path: Path) -> None:
    write_set_aside(tmp_path / "aside.csv", file.set_aside)
    lines = (tmp_path / "aside.csv").read_text().splitlines()
    assert lines[0] == "line,field,problem,row"
    assert lines[1].startswith("6,Month,is not a month")
