"""What is shown of reports does not hang on a process that is alive (I2), and what takes two people takes two."""

from datetime import timedelta

import pytest

from services.crime.domain import (
    CancellationGround,
    NonRecordingReason,
    ReportState,
    Ruling,
    Transfer,
)
from services.intake.domain import CrimeFlag, ReporterRelation
from services.kernel.errors import Refused
from tests.integration.crime.tray import DAY, MAKER, RECORDER, Tray, alleging, record, turn_down

INSTANT = timedelta(microseconds=1)
EARLY = DAY - INSTANT


def test_the_24_hours_run_out_though_no_timer_ever_fires(tray: Tray) -> None:  # R-CR-01, I2: the worker is dead
    report_id = tray.tell(alleging())
    tray.clock.advance(EARLY)
    assert (tray.overdue(), tray.sums().overdue, tray.sums().undecided_overdue) == ([], 0, 0)
    tray.clock.advance(INSTANT)
    assert (tray.overdue(), tray.sums().overdue, tray.sums().undecided_overdue) == ([report_id], 1, 1)
    assert tray.report(report_id).overdue_at is None
    assert tray.overdue(ReportState.UNDECIDED) == [report_id]
    tray.fire()
    assert (tray.overdue(), tray.sums().overdue, tray.sums().undecided_overdue) == ([report_id], 1, 1)


def test_what_was_decided_late_stays_overdue_and_what_was_decided_in_time_is_not(tray: Tray) -> None:  # R-CR-01
    late, in_time = tray.tell(alleging()), tray.tell(alleging())
    tray.clock.advance(EARLY)
    tray.decide(in_time, record(1))
    tray.clock.advance(INSTANT)
    tray.decide(late, record(1))
    tray.clock.advance(DAY)
    sums = tray.sums()
    assert (tray.overdue(), sums.overdue, sums.undecided_overdue) == ([late], 1, 0)
    assert tray.overdue(ReportState.UNDECIDED) == []


def test_reports_decided_late_hide_none_that_is_undecided(tray: Tray) -> None:
    """Three in two categories: one decided late, one undecided in time, one undecided past its time."""
    late = tray.tell(alleging(), ago=DAY)
    tray.decide(late, record(1))
    tray.tell(alleging())
    sums = tray.sums()
    assert (sums.received - sums.decided, sums.overdue, sums.undecided_overdue) == (1, 1, 0)
    tray.tell(alleging(), ago=DAY)
    sums = tray.sums()
    assert (sums.received - sums.decided, sums.overdue, sums.undecided_overdue) == (2, 2, 1)


def test_what_comes_after_its_24_hours_and_is_recorded_at_once_was_late(tray: Tray) -> None:  # R-CR-01
    report_id = tray.tell(alleging(), by=ReporterRelation.VICTIM, ago=DAY)
    assert tray.report(report_id).state is ReportState.DECIDED
    assert (tray.overdue(), tray.sums().overdue) == ([report_id], 1)


def test_a_force_without_a_code_has_a_tray_and_a_clock(tray: Tray) -> None:  # I2: its event was refused before
    report_id = tray.tell(alleging(), by=ReporterRelation.VICTIM, force="a-new-force")
    report = tray.report(report_id, force="a-new-force")
    assert (report.state, report.decisions) == (ReportState.UNDECIDED, ())
    (timer,) = tray.rows("crime", "select due, state from timer where subject = $1", report_id)
    assert (timer["due"], timer["state"]) == (tray.clock.now() + DAY, "WAITING")
    assert tray.rows("crime", "select from dead_letter") == []


def test_a_report_that_alleges_nothing_needs_no_code(tray: Tray) -> None:  # 2.1 rule 1
    report_id = tray.tell(force="a-new-force")
    assert tray.report(report_id, force="a-new-force").state is ReportState.DECIDED


def test_the_second_person_decides_and_until_then_the_clock_runs(tray: Tray) -> None:  # R-CR-06, R-CR-01
    report_id = tray.tell(alleging(flags=(CrimeFlag.DOMESTIC_ABUSE,)))
    waiting = tray.decide(report_id, turn_down(1), who="ann")
    assert (waiting.state, [one.by for one in waiting.proposals]) == (ReportState.UNDECIDED, ["ann"])
    assert tray.report(report_id) == waiting
    assert tray.backlog("crime.awaiting-second-person") == 1
    tray.decide(report_id, turn_down(1), who="ann")
    assert tray.report(report_id).state is ReportState.UNDECIDED
    tray.clock.advance(DAY)
    assert tray.overdue() == [report_id]
    decided = tray.decide(report_id, turn_down(1), who="bea")
    assert (decided.state, decided.decisions[0].decided_by) == (ReportState.DECIDED, "bea")
    assert tray.backlog("crime.awaiting-second-person") == 0
    events = [row["type"].rpartition(".")[2] for row in tray.rows("crime", "select type from outbox order by id")]
    assert events == ["ReportRegistered", "RecordingOverdue", "RecordingDecided"]


def test_whoever_recorded_a_crime_does_not_cancel_it(tray: Tray) -> None:  # R-CR-06, 2.4
    report = tray.decide(tray.tell(alleging()), record(1), who="ann")
    (crime_id,) = [one.crime_id for one in report.decisions]
    assert crime_id is not None
    with pytest.raises(Refused, match="SECOND_PERSON_NEEDED"):
        tray.cancel(crime_id, CancellationGround.DUPLICATE, "ann")
    tray.cancel(crime_id, CancellationGround.DUPLICATE, "bea")


def test_a_transfer_and_the_record_of_a_rape_are_kept(tray: Tray) -> None:  # 2.1 rule 7, 2.4: N100
    transferred = NonRecordingReason.OUTSIDE_FORCE_TRANSFERRED
    report_id = tray.tell(alleging("19C"))
    ruling = Ruling(1, record=False, reason=transferred, transfer=Transfer("WYP-17", "GMP receipt 4711"))
    tray.decide(report_id, ruling, who="ann", role=MAKER)
    tray.decide(report_id, ruling, who="bea", role=MAKER)
    (kept,) = tray.report(report_id).decisions
    assert (kept.reported_incident, kept.transfer) == ("N100/3", ruling.transfer)


def test_a_recorder_alone_records(tray: Tray) -> None:  # 2.5
    report = tray.decide(tray.tell(alleging(flags=(CrimeFlag.DOMESTIC_ABUSE,))), record(1), role=RECORDER)
    assert report.state is ReportState.DECIDED
