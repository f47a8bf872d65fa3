"""The 24 hours of every report run in public (R-CR-01): one alarm, at its time, though two workers watch the clocks."""

from datetime import UTC, datetime, timedelta

from peel.crime.v1 import types_pb2 as crime_types
from tests.integration.local.waiting import eventually
from tests.integration.services.following import report_of, told
from tests.integration.services.running import Running
from tests.integration.services.telling import THIRD_PARTY, alleging, contact, decision, recording

DAY = timedelta(hours=24)
OVERDUE = "from outbox where type = 'peel.crime.v1.RecordingOverdue' and subject = any($1::text[])"


def _waiting(running: Running, force: str, *first_contacts: datetime) -> list[crime_types.Report]:
    """Reports that nobody has decided."""
    return told(running, *[contact(force, at, alleging(), by=THIRD_PARTY) for at in first_contacts])


def test_each_report_is_told_overdue_once_when_its_time_has_come(running: Running, force: str) -> None:
    now = running.now
    soon = [now - DAY + timedelta(minutes=5)] * 10
    reports = _waiting(running, force, *soon, now - DAY + timedelta(minutes=4))
    ids = [report.report_id for report in reports]
    decided = ids.pop(0)
    recorder = running.person("crime_recorder", force=force)
    recorder.ask(running.crime.DecideRecording, decision(decided, recording(1)))
    running.advance(timedelta(minutes=5, microseconds=-1))
    # The last one's time came a minute earlier: once it is told, the loop has looked at all the others too.
    eventually(lambda: running.count("crime", OVERDUE, ids) > 0)
    assert running.count("crime", OVERDUE, ids) == 1
    running.advance(timedelta(microseconds=1))
    eventually(lambda: running.count("crime", OVERDUE, ids) >= len(ids))
    # A last report whose timer is due after all these: when it has fired, a second shot of any other would have too.
    (last,) = _waiting(running, force, running.now - DAY + timedelta(seconds=1))
    running.advance(timedelta(seconds=1))
    eventually(lambda: running.count("crime", OVERDUE, [last.report_id]) == 1)
    told_of = running.rows("crime", f"select subject, count(*) as number {OVERDUE} group by subject", [*ids, decided])
    assert {row["subject"]: row["number"] for row in told_of} == dict.fromkeys(ids, 1)
    states = running.rows(
        "crime", "select subject::text, state from timer where subject = any($1::uuid[])", [*ids, decided]
    )
    assert {row["subject"]: row["state"] for row in states} == {**dict.fromkeys(ids, "FIRED"), decided: "CANCELLED"}


def test_an_overdue_report_stays_marked_after_its_decision_and_its_duty_never_moves(
    running: Running, force: str
) -> None:
    first_contact = running.now - DAY + timedelta(minutes=1)
    (report,) = _waiting(running, force, first_contact)
    assert report.due_at.ToDatetime(UTC) == first_contact + DAY
    running.advance(timedelta(minutes=2))
    overdue = report_of(running, report.contact.contact_id, force, such=lambda one: one.HasField("overdue_at"))
    assert (overdue.state, overdue.due_at) == (crime_types.REPORT_STATE_UNDECIDED, report.due_at)
    recorder = running.person("crime_recorder", force=force)
    decided = recorder.ask(running.crime.DecideRecording, decision(report.report_id, recording(1))).report
    assert (decided.due_at, decided.overdue_at) == (report.due_at, overdue.overdue_at)
    assert decided.decided_at.ToDatetime(UTC) > report.due_at.ToDatetime(UTC)


def test_what_comes_after_its_24_hours_is_overdue_on_arrival_even_where_it_is_recorded_at_once(
    running: Running, force: str
) -> None:
    at = running.now - timedelta(hours=30)
    recorded, waiting = told(running, contact(force, at, alleging()), contact(force, at, alleging(), by=THIRD_PARTY))
    assert recorded.state == crime_types.REPORT_STATE_DECIDED
    assert all(one.HasField("overdue_at") for one in (recorded, waiting))
    ids = [recorded.report_id, waiting.report_id]
    assert running.count("crime", OVERDUE, ids) == len(ids)
    assert running.count("crime", "from timer where subject = any($1::uuid[])", ids) == 0
