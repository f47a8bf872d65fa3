"""How crimes end, and how they are cancelled, through the public API."""

from datetime import timedelta

import grpc
import pytest

from peel.crime.v1 import api_pb2 as crime
from peel.crime.v1 import types_pb2 as types
from services.kernel.wire import stamp
from tests.integration.services.calling import Person
from tests.integration.services.following import crimes_of, told
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import ASSAULT, RAPE, alleging, cancellation, contact, outcome

DENIED, PRECONDITION = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.FAILED_PRECONDITION
INVALID = grpc.StatusCode.INVALID_ARGUMENT


def _crime(running: Running, offence: str = ASSAULT, suspect: str = "") -> str:
    """Id of a crime that was recorded just now."""
    (report,) = told(running, contact(SHARED_FORCE, running.now, alleging(offence, "p1", suspect)))
    (one,) = crimes_of(running, report)
    return one.crime_id


@pytest.fixture
def maker(running: Running) -> Person:
    return running.person("decision_maker")


def test_an_outcome_agrees_with_what_is_known_of_a_suspect(running: Running, maker: Person) -> None:
    record = running.crime.RecordOutcome
    unknown, known = _crime(running), _crime(running, suspect="p2")
    assert maker.refused(record, outcome(known, "18")).told == (PRECONDITION, "OUTCOME_CONTRADICTED")
    refusal = maker.refused(record, outcome(unknown, "15"))
    assert (refusal.told, refusal.metadata) == (
        (PRECONDITION, "EVIDENCE_MISSING"),
        {"evidence": "suspect_identified"},
    )
    assert maker.ask(record, outcome(unknown, "18")).crime.state == types.CRIME_STATE_OUTCOME_RECORDED
    refusal = maker.refused(record, outcome(unknown, "18"))
    assert refusal.told == (PRECONDITION, "OUTCOME_ALREADY_RECORDED")


def test_a_victims_decision_is_needed_as_a_record_and_by_a_supervisor(running: Running, maker: Person) -> None:
    """R-CR-07: when, by what means, and where it is kept."""
    record = running.crime.RecordOutcome
    crime_id = _crime(running, suspect="p2")
    complete = types.VictimDecision(
        decided_at=stamp(running.now - timedelta(minutes=1)),
        means=types.VICTIM_DECISION_MEANS_RECORDED_CALL,
        reference="recording 17 of the Exampleford desk",
    )
    lacking = {
        "victim_decision.decided_at": types.VictimDecision(means=complete.means, reference=complete.reference),
        "victim_decision.means": types.VictimDecision(decided_at=complete.decided_at, reference=complete.reference),
        "victim_decision.reference": types.VictimDecision(decided_at=complete.decided_at, means=complete.means),
    }
    for part, given in lacking.items():
        request = outcome(crime_id, "16", evidence=types.OutcomeEvidence(victim_decision=given))
        refusal = maker.refused(record, request)
        assert (refusal.told, refusal.metadata) == ((PRECONDITION, "EVIDENCE_MISSING"), {"evidence": part})
    request = outcome(crime_id, "16", evidence=types.OutcomeEvidence(victim_decision=complete))
    officer = running.person("officer")
    assert officer.refused(record, request).told == (DENIED, "AUTHORITY_MISSING")
    recorded = maker.ask(record, request).crime.outcome
    assert recorded.evidence.victim_decision == complete


def test_a_court_disposes_once_and_only_of_what_was_charged(running: Running, maker: Person) -> None:
    record = running.crime.RecordOutcome
    crime_id = _crime(running, suspect="p2")
    prison, fine = types.COURT_DISPOSAL_PRISON, types.COURT_DISPOSAL_FINE
    refusal = maker.refused(record, outcome(crime_id, "8", disposal=prison))
    assert refusal.told == (PRECONDITION, "NOT_CHARGED")
    assert not maker.ask(record, outcome(crime_id, "1")).crime.outcome.disposal
    disposed = maker.ask(record, outcome(crime_id, "1", disposal=prison)).crime.outcome
    assert (disposed.code, disposed.disposal) == ("1", prison)
    refusal = maker.refused(record, outcome(crime_id, "1", disposal=fine))
    assert refusal.told == (PRECONDITION, "OUTCOME_ALREADY_RECORDED")


def test_an_outcome_that_there_is_not(running: Running, maker: Person) -> None:
    crime_id = _crime(running)
    refusal = maker.refused(running.crime.RecordOutcome, outcome(crime_id, "99"))
    assert (refusal.told, list(refusal.fields)) == ((INVALID, "OUTCOME_UNKNOWN"), ["code"])
    # The fraud bureau's, and one that came in only in 2019.
    for code in ("19", "22"):
        refusal = maker.refused(running.crime.RecordOutcome, outcome(crime_id, code))
        assert refusal.told == (PRECONDITION, "OUTCOME_NOT_AVAILABLE")


def test_a_rape_is_cancelled_by_the_registrar_alone_and_stays_in_the_ledger(running: Running, maker: Person) -> None:
    cancel = running.crime.CancelCrime
    registrar = running.person("crime_registrar")
    rape = _crime(running, RAPE)
    refusal = maker.refused(cancel, cancellation(rape))
    assert (refusal.told, refusal.metadata) == ((DENIED, "AUTHORITY_MISSING"), {"roles": "ROLE_CRIME_REGISTRAR"})
    recorder = running.person("crime_recorder")
    assert recorder.refused(cancel, cancellation(rape)).told == (DENIED, "ROLE_MISSING")
    refusal = registrar.refused(cancel, cancellation(rape, evidence_reference=""))
    assert refusal.told == (PRECONDITION, "EVIDENCE_MISSING")
    refusal = registrar.refused(cancel, cancellation(rape, victim_told=False))
    assert refusal.told == (PRECONDITION, "VICTIM_NOT_TOLD")
    cancelled = registrar.ask(cancel, cancellation(rape)).crime
    assert cancelled.state == types.CRIME_STATE_CANCELLED
    assert maker.ask(running.crime.GetCrime, crime.GetCrimeRequest(crime_id=rape)).crime == cancelled
    assert registrar.refused(cancel, cancellation(rape)).told == (PRECONDITION, "ALREADY_CANCELLED")
    assert maker.refused(running.crime.RecordOutcome, outcome(rape, "18")).told == (PRECONDITION, "CRIME_CANCELLED")


def test_another_crime_is_cancelled_by_a_decision_maker(running: Running, maker: Person) -> None:
    cancelled = maker.ask(running.crime.CancelCrime, cancellation(_crime(running))).crime
    assert cancelled.cancellation_ground == types.CANCELLATION_GROUND_VERIFIABLE_INFORMATION
