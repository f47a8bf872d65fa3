"""The same request twice is one request: one effect, one reply. Another request by the same id is refused (I5)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from tests.integration.services.calling import Person
from tests.integration.services.following import crimes_of, opened, told
from tests.integration.services.markers import creating, made, revising, withdrawing
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import (
    THIRD_PARTY,
    alleging,
    assessment,
    cancellation,
    contact,
    decision,
    grading,
    outcome,
    recording,
)

REUSED = grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED"
AT_ONCE = 20

Ask = Callable[[], Any]


def _at_once(ask: Ask) -> list[Any]:
    """The same call so many times at the same moment."""
    with ThreadPoolExecutor(AT_ONCE) as callers:
        return [reply.result() for reply in [callers.submit(ask) for _ in range(AT_ONCE)]]


@pytest.mark.parametrize("told_how", ["one after the other", "at once"])
def test_a_contact_told_many_times_is_one_contact(running: Running, force: str, told_how: str) -> None:
    handler = running.person("call_handler", force=force)
    request = contact(force, running.now, alleging())

    def ask() -> Any:
        return handler.ask(running.intake.OpenContact, request)

    replies = _at_once(ask) if told_how == "at once" else [ask() for _ in range(3)]
    assert len({reply.SerializeToString() for reply in replies}) == 1
    for table in ("contact", "outbox"):
        assert running.count("intake", f"from {table} where force = $1", force) == 1
    # Each reply named the record to somebody (I6).
    shown = "from audit where force = $1 and records = array[$2]"
    assert running.count("intake", shown, force, f"contact:{replies[0].contact_id}") == len(replies)


@pytest.mark.parametrize("different", ["narrative", "place", "reporter_ref"])
def test_another_contact_by_the_same_id_is_refused(running: Running, force: str, different: str) -> None:
    handler = running.person("call_handler", force=force)
    request = contact(force, running.now)
    handler.ask(running.intake.OpenContact, request)
    request.ClearField(different)  # type: ignore[arg-type]
    assert handler.refused(running.intake.OpenContact, request).told == REUSED
    assert running.count("intake", "from contact where force = $1", force) == 1


def test_two_contacts_by_the_same_id_at_once_are_one_and_a_refusal(running: Running, force: str) -> None:
    handler = running.person("call_handler", force=force)
    requests = [contact(force, running.now, request_id="0190b000-0000-7000-8000-00000000000a") for _ in range(10)]
    for number, request in enumerate(requests):
        request.narrative = f"account {number}"

    def ask(number: int) -> grpc.StatusCode:
        try:
            handler.ask(running.intake.OpenContact, requests[number])
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    with ThreadPoolExecutor(len(requests)) as callers:
        codes = list(callers.map(ask, range(len(requests))))
    assert sorted(code.name for code in codes) == ["ALREADY_EXISTS"] * 9 + ["OK"]
    assert running.count("intake", "from contact where force = $1", force) == 1


def test_an_id_of_another_force_or_another_rpc_is_taken_too(running: Running, force: str) -> None:
    handler, stranger = running.person("call_handler"), running.person("call_handler", force=force)
    request = contact(SHARED_FORCE, running.now)
    contact_id = handler.ask(running.intake.OpenContact, request).contact_id
    other = contact(force, running.now, request_id=request.request_id)
    assert stranger.refused(running.intake.OpenContact, other).told == REUSED
    assess = assessment(contact_id)
    assess.request_id = request.request_id
    assert handler.refused(running.intake.AssessThrive, assess).told == REUSED


Prepared = tuple[Person, Any, Any]


def _crime_id(running: Running) -> str:
    (report,) = told(running, contact(SHARED_FORCE, running.now, alleging()))
    (one,) = crimes_of(running, report)
    return one.crime_id


def _decide(running: Running) -> Prepared:
    (report,) = told(running, contact(SHARED_FORCE, running.now, alleging(), by=THIRD_PARTY))
    return running.person("crime_recorder"), running.crime.DecideRecording, decision(report.report_id, recording(1))


def _record_outcome(running: Running) -> Prepared:
    return running.person("officer"), running.crime.RecordOutcome, outcome(_crime_id(running), "18")


def _cancel(running: Running) -> Prepared:
    return running.person("decision_maker"), running.crime.CancelCrime, cancellation(_crime_id(running))


def _grade(running: Running) -> Prepared:
    contact_id = opened(running, contact(SHARED_FORCE, running.now))
    handler = running.person("call_handler")
    handler.ask(running.intake.AssessThrive, assessment(contact_id))
    return handler, running.intake.GradeContact, grading(contact_id)


def _make_a_marker(running: Running) -> Prepared:
    return running.person("officer"), running.markers.CreateMarker, creating(running, SHARED_FORCE)


def _revise_a_marker(running: Running) -> Prepared:
    marker = made(running, SHARED_FORCE)
    return running.person("intelligence"), running.markers.ReviseMarker, revising(running, marker, code="WE")


def _withdraw_a_marker(running: Running) -> Prepared:
    marker = made(running, SHARED_FORCE)
    return running.person("supervisor"), running.markers.WithdrawMarker, withdrawing(marker.marker_id)


@pytest.mark.parametrize(
    ("prepare", "service", "record", "event"),
    [
        (_decide, "crime", "report", "RecordingDecided"),
        (_record_outcome, "crime", "crime", "OutcomeRecorded"),
        (_cancel, "crime", "crime", "CrimeCancelled"),
        (_grade, "intake", "incident", "IncidentGraded"),
        (_make_a_marker, "safety", "marker", "MarkerCreated"),
        (_revise_a_marker, "safety", "marker", "MarkerRevised"),
        (_withdraw_a_marker, "safety", "marker", "MarkerWithdrawn"),
    ],
)
def test_what_changes_a_record_changes_it_once(
    running: Running, prepare: Callable[[Running], Prepared], service: str, record: str, event: str
) -> None:
    person, method, request = prepare(running)
    replies = [*_at_once(lambda: person.ask(method, request)), person.ask(method, request)]
    assert len({reply.SerializeToString() for reply in replies}) == 1
    subject = getattr(getattr(replies[0], record), f"{record}_id")
    assert running.count(service, "from outbox where subject = $1 and type like '%.' || $2", subject, event) == 1
    assert running.count(service, "from request where id::text = $1", request.request_id) == 1
    # Each reply showed the record to somebody (I6).
    rpc = f"%.{type(request).__name__.removesuffix('Request')}"
    audited = "from audit where rpc like $1 and $2 = any(records)"
    assert running.count(service, audited, rpc, f"{record}:{subject}") == AT_ONCE + 1


def test_another_body_by_the_same_id_is_refused(running: Running) -> None:
    for prepare, changed in ((_record_outcome, {"code": "8"}), (_cancel, {"evidence_reference": "exhibit EX/2"})):
        person, method, request = prepare(running)
        person.ask(method, request)
        other = type(request)()
        other.CopyFrom(request)
        for name, value in changed.items():
            setattr(other, name, value)
        assert person.refused(method, other).told == REUSED


def test_a_refused_request_can_be_repeated_and_succeed(running: Running) -> None:
    """Nothing is remembered of a refusal: what stood in the way may be gone."""
    contact_id = opened(running, contact(SHARED_FORCE, running.now))
    handler = running.person("call_handler")
    request = grading(contact_id)
    assert handler.refused(running.intake.GradeContact, request).reason == "THRIVE_MISSING"
    handler.ask(running.intake.AssessThrive, assessment(contact_id))
    assert handler.ask(running.intake.GradeContact, request).incident.grade == "2"
