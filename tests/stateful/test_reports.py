"""Whatever happens to reports, in whatever order and however often, what must be true of the ledger stays true."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis.stateful import invariant, run_state_machine_as_test

from deploy.local.postgres import LocalPostgres
from services.crime import handlers as crime
from services.crime.domain import ReportState, Ruling
from services.intake.domain import Allegation, AllegationDecision, ReporterRelation
from services.kernel.settings import Settings
from tests.stateful.happening import REGISTRAR, Happening
from tests.stateful.ledgers import Ledgers
from tests.stateful.stories import STORY

DAY = timedelta(hours=24)


class Always(Happening):
    """What must be true after every step."""

    @invariant()
    def each_allegation_ends_in_exactly_one_way(self) -> None:
        for stored in self.reports():
            report = stored.report
            decided = [decision.allegation_number for decision in report.decisions]
            told = [allegation.number for allegation in report.contact.allegations] or [0]
            assert len(set(decided)) == len(decided)
            assert set(decided) <= set(told)
            assert (report.state is ReportState.DECIDED) == (set(decided) == set(told))
            for decision in report.decisions:
                assert (decision.crime_id is None) == bool(decision.reason)
                assert not (decision.absorbed_by and decision.reason)

    @invariant()
    def each_recorded_allegation_is_a_crime_of_its_own(self) -> None:
        recorded = Counter(
            decision.crime_id
            for stored in self.reports()
            for decision in stored.report.decisions
            if decision.crime_id and not decision.absorbed_by
        )
        assert recorded == Counter(self.crimes())

    @invariant()
    def nobody_is_their_own_second_person(self) -> None:  # R-CR-06
        rows = self.rows("crime", "select proposed_by, decided_by, proposed_reason, reason from allegation")
        for row in rows:
            if row["reason"] and row["proposed_reason"] == row["reason"]:
                assert row["decided_by"] != row["proposed_by"]

    @invariant()
    def events_count_from_one_without_gap_or_double(self) -> None:
        for service in self.services:
            sequences: dict[str, list[int]] = {}
            for event in self.events(service):
                sequences.setdefault(event["subject"], []).append(event["sequence"])
            assert all(found == list(range(1, len(found) + 1)) for found in sequences.values())

    @invariant()
    def crime_numbers_have_no_double_and_no_gap(self) -> None:
        rows = self.rows("crime", "select number from crime order by number")
        assert [row["number"] for row in rows] == [f"1318{serial:07d}" for serial in range(1, len(rows) + 1)]

    @invariant()
    def the_duty_never_moves_and_is_told_once(self) -> None:
        events = Counter((event["type"].rpartition(".")[2], event["subject"]) for event in self.events("crime"))
        timers = {row["subject"]: row["state"] for row in self.rows("crime", "select subject, state from timer")}
        for stored in self.reports():
            report, subject = stored.report, str(stored.report.report_id)
            contact = self.contacts[report.contact.contact_id]
            assert report.due_at == contact.first_contact_at + DAY
            assert events["ReportRegistered", subject] == 1
            assert events["RecordingOverdue", subject] == (report.overdue_at is not None)
            assert events["RecordingDecided", subject] == (report.state is ReportState.DECIDED)
            assert report.overdue_at is None or report.overdue_at >= report.due_at
            on_time = report.decided_at is not None and report.decided_at < report.due_at
            assert not (on_time and report.overdue_at)
            late = report.decided_at is not None and report.decided_at >= report.due_at
            assert not late or report.overdue_at is not None
            undecided = report.state is ReportState.UNDECIDED and report.overdue_at is None
            assert (timers.get(report.report_id) == "WAITING") == undecided

    @invariant()
    def intake_knows_what_was_decided(self) -> None:
        told = {
            event["subject"]
            for event in self.events("crime")
            if event["id"] in self.delivered["crime"] and event["type"].endswith(".RecordingDecided")
        }
        rows = self.rows("intake", "select contact_id, number, decision from allegation")
        known = {(row["contact_id"], row["number"]): AllegationDecision(row["decision"]) for row in rows}
        for stored in self.reports():
            for decision in stored.report.decisions:
                if not decision.allegation_number:
                    continue
                expected = AllegationDecision.UNDECIDED
                if str(stored.report.report_id) in told:
                    counted = AllegationDecision.ABSORBED if decision.absorbed_by else AllegationDecision.RECORDED
                    expected = AllegationDecision.NOT_RECORDED if decision.reason else counted
                assert known[stored.report.contact.contact_id, decision.allegation_number] is expected

    @invariant()
    def nothing_is_lost_on_the_way(self) -> None:
        told = [event for event in self.events("intake") if event["id"] in self.delivered["intake"]]
        assert len(self.reports()) == len(told)


@pytest.fixture
def ledgers(postgres: LocalPostgres, unique: str) -> Iterator[Ledgers]:
    for service in ("intake", "crime"):
        postgres.create_database(f"{service}_{unique}")
    ledgers = Ledgers(Settings(database=postgres.dsn(f"{{service}}_{unique}")), "intake", "crime")
    yield ledgers
    ledgers.close()


# It takes seconds; a failure takes longer, until the shortest story that fails is found.
@pytest.mark.timeout(600)
def test_the_life_of_reports(ledgers: Ledgers) -> None:
    run_state_machine_as_test(lambda: Always(ledgers), settings=STORY)  # type: ignore[arg-type]  # any maker will do


@pytest.mark.parametrize(("waited", "late"), [(DAY - timedelta(microseconds=1), False), (DAY, True), (2 * DAY, True)])
def test_a_decision_that_beats_its_timer_is_late_all_the_same(ledgers: Ledgers, waited: timedelta, late: bool) -> None:
    """The time ran out, nobody had fired the timer yet, and a person decides: told as overdue, once (R-CR-01)."""
    story = Always(ledgers)
    try:
        allegation = Allegation(number=1, offence_code="8N", victim_ref="p1")
        story.take_a_contact([allegation], ReporterRelation.OTHER_THIRD_PARTY, 0, True)
        (waiting,) = story.reports()
        story.clock.advance(waited)
        command = crime.DecideRecording(waiting.report.report_id, [Ruling(1, record=True)])
        story.attempt(crime.decide_recording, command, REGISTRAR)
        (decided,) = story.reports()
        assert decided.report.decided_at == story.clock.now()
        assert decided.report.overdue_at == (story.clock.now() if late else None)
        story.timers_fire()
        assert story.reports() == [decided]
        told = [event["type"].rpartition(".")[2] for event in story.events("crime")]
        expected = ["ReportRegistered", *(["RecordingOverdue"] if late else []), "RecordingDecided"]
        assert [one for one in told if one != "CrimeRecorded"] == expected
        story.the_duty_never_moves_and_is_told_once()
        story.events_count_from_one_without_gap_or_double()
    finally:
        story.teardown()
