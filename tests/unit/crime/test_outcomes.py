"""How a crime ends: domain facts 2.6 and R-CR-07."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.crime.domain import (
    CancellationGround,
    CourtDisposal,
    Crime,
    CrimeState,
    OutcomeEvidence,
    Role,
    VictimDecision,
    VictimDecisionMeans,
    cancel,
    record_outcome,
)
from services.kernel.errors import Invalid, Kind
from tests.unit.crime.building import (
    ASSAULT,
    COMMON_ASSAULT,
    DAY,
    DECISION_MAKER,
    NOON,
    OFFICER,
    RECORDER,
    REGISTRAR,
    TABLES,
    a_crime,
    refused,
    victim_declined,
)

NOTHING = OutcomeEvidence()
IDENTIFIED = OutcomeEvidence(suspect_identified=True)
NO_DISPOSAL = CourtDisposal.UNSPECIFIED
LATER = NOON + 30 * DAY


def ended(
    crime: Crime,
    code: str,
    evidence: OutcomeEvidence = NOTHING,
    disposal: CourtDisposal = NO_DISPOSAL,
    roles: frozenset[Role] = DECISION_MAKER,
    at: datetime = LATER,
) -> Crime:
    offence = TABLES.offences.by_code[crime.offence_code]
    return record_outcome(crime, code, evidence, disposal, roles=roles, offence=offence, tables=TABLES, at=at)


@pytest.mark.parametrize("code", ["1", "1A", "2", "2A", "3", "3A", "4", "6", "7", "8", "10", "11", "21"])
@pytest.mark.parametrize("roles", [OFFICER, RECORDER, DECISION_MAKER])
def test_an_outcome_that_needs_no_evidence_is_recorded_by_whoever_works_the_case(
    code: str, roles: frozenset[Role]
) -> None:
    crime = ended(a_crime(), code, roles=roles)
    assert crime.state is CrimeState.OUTCOME_RECORDED
    assert crime.outcome is not None
    assert (crime.outcome.code, crime.outcome.recorded_at, crime.outcome.disposed_at) == (code, LATER, None)


def test_a_code_that_no_table_knows_is_bad_input() -> None:
    with refused("OUTCOME_UNKNOWN") as caught:
        ended(a_crime(), "23")
    assert isinstance(caught.value, Invalid)


@pytest.mark.parametrize("code", ["14", "16"])
def test_that_a_victim_does_not_support_needs_a_record_of_their_decision(code: str) -> None:  # R-CR-07
    evidence = replace(victim_declined(), suspect_identified=code == "16")
    assert ended(a_crime(), code, evidence).state is CrimeState.OUTCOME_RECORDED
    with refused("EVIDENCE_MISSING"):
        ended(a_crime(), code, replace(evidence, victim_decision=None))


@pytest.mark.parametrize(
    ("decision", "missing"),
    [
        (VictimDecision(None, VictimDecisionMeans.RECORDED_CALL, "CALL-7"), "victim_decision.decided_at"),
        (VictimDecision(NOON, VictimDecisionMeans.UNSPECIFIED, "CALL-7"), "victim_decision.means"),
        (VictimDecision(NOON, VictimDecisionMeans.RECORDED_CALL, "  "), "victim_decision.reference"),
    ],
)
def test_the_record_says_when_how_and_where_it_is_kept(decision: VictimDecision, missing: str) -> None:  # R-CR-07
    with refused("EVIDENCE_MISSING") as caught:
        ended(a_crime(), "14", OutcomeEvidence(victim_decision=decision))
    assert caught.value.metadata == {"evidence": missing}


def test_a_victim_has_not_decided_yet_what_lies_in_the_future() -> None:  # R-CR-07
    with refused("OUTCOME_CONTRADICTED"):
        ended(a_crime(), "14", victim_declined(at=LATER + DAY))


@pytest.mark.parametrize("code", ["14", "16"])
@pytest.mark.parametrize("roles", [OFFICER, RECORDER, REGISTRAR, OFFICER | RECORDER])
def test_that_a_victim_does_not_support_needs_a_supervisor(code: str, roles: frozenset[Role]) -> None:  # R-CR-07
    evidence = replace(victim_declined(), suspect_identified=code == "16")
    with refused("AUTHORITY_MISSING") as caught:
        ended(a_crime(), code, evidence, roles=roles)
    assert caught.value.kind is Kind.FORBIDDEN


@pytest.mark.parametrize("code", ["14", "18"])
def test_no_suspect_identified_is_not_said_where_one_is(code: str) -> None:  # 2.6
    assert ended(a_crime(), code, victim_declined())
    with refused("OUTCOME_CONTRADICTED"):
        ended(a_crime(suspect="sam"), code, victim_declined())
    with refused("OUTCOME_CONTRADICTED"):
        ended(a_crime(), code, replace(victim_declined(), suspect_identified=True))


@pytest.mark.parametrize("code", ["15", "16", "17"])
def test_suspect_identified_is_not_said_where_none_is(code: str) -> None:  # 2.6
    evidence = replace(victim_declined(), prosecution_time_limit=NOON)
    assert ended(a_crime(COMMON_ASSAULT, suspect="sam"), code, evidence)
    with refused("EVIDENCE_MISSING") as caught:
        ended(a_crime(COMMON_ASSAULT), code, evidence)
    assert caught.value.metadata == {"evidence": "suspect_identified"}


@pytest.mark.parametrize("code", ["5", "9", "12", "13"])
def test_death_illness_and_a_prosecutors_decision_need_a_reference(code: str) -> None:  # 2.6
    assert ended(a_crime(), code, OutcomeEvidence(reference="DOC-12"))
    with refused("EVIDENCE_MISSING") as caught:
        ended(a_crime(), code, OutcomeEvidence(reference=" "))
    assert caught.value.metadata == {"evidence": "reference"}


def test_a_time_limit_runs_out_only_for_a_summary_offence_and_only_once_passed() -> None:  # 2.6: outcome 17
    expired = replace(IDENTIFIED, prosecution_time_limit=LATER - DAY)
    assert ended(a_crime(COMMON_ASSAULT), "17", expired)
    with refused("OUTCOME_CONTRADICTED"):
        ended(a_crime(ASSAULT), "17", expired)
    with refused("OUTCOME_CONTRADICTED"):
        ended(a_crime(COMMON_ASSAULT), "17", replace(expired, prosecution_time_limit=LATER + DAY))
    with refused("EVIDENCE_MISSING") as caught:
        ended(a_crime(COMMON_ASSAULT), "17", IDENTIFIED)
    assert caught.value.metadata == {"evidence": "prosecution_time_limit"}


def test_no_force_files_with_the_national_fraud_bureau() -> None:  # 2.6: outcome 19
    with refused("OUTCOME_NOT_AVAILABLE"):
        ended(a_crime(), "19")


def test_another_body_acknowledges_that_it_takes_the_case_on() -> None:  # 2.6: outcome 20
    assert ended(a_crime(), "20", OutcomeEvidence(other_body_acknowledgement="HSE/2018/77"))
    with refused("EVIDENCE_MISSING") as caught:
        ended(a_crime(), "20")
    assert caught.value.metadata == {"evidence": "other_body_acknowledgement"}


def test_diversion_is_an_outcome_from_april_2019() -> None:  # 2.6: outcome 22
    with refused("OUTCOME_NOT_AVAILABLE"):
        ended(a_crime(), "22", at=datetime(2019, 3, 31, 22, 59, tzinfo=UTC))
    assert ended(a_crime(), "22", at=datetime(2019, 3, 31, 23, 0, tzinfo=UTC))


@pytest.mark.parametrize("code", ["1", "1A"])
def test_a_court_disposes_of_a_charged_crime_at_once_or_later(code: str) -> None:  # 2.6
    at_once = ended(a_crime(), code, disposal=CourtDisposal.FINE)
    charged = ended(a_crime(), code)
    later = ended(charged, code, disposal=CourtDisposal.FINE, at=LATER + DAY)
    assert at_once.outcome is not None
    assert later.outcome is not None
    assert (at_once.outcome.disposal, at_once.outcome.disposed_at) == (CourtDisposal.FINE, LATER)
    assert (later.outcome.disposal, later.outcome.disposed_at) == (CourtDisposal.FINE, LATER + DAY)
    assert later.outcome.recorded_at == LATER


@pytest.mark.parametrize("code", ["3", "8", "18"])
def test_a_court_does_not_dispose_of_what_nobody_charged(code: str) -> None:  # 2.6
    with refused("NOT_CHARGED"):
        ended(a_crime(), code, disposal=CourtDisposal.PRISON)
    with refused("NOT_CHARGED"):
        ended(ended(a_crime(), code), code, disposal=CourtDisposal.PRISON)


def test_a_recorded_outcome_does_not_become_another() -> None:  # 2.6
    closed = ended(a_crime(), "18")
    for code, disposal in (("18", NO_DISPOSAL), ("8", NO_DISPOSAL), ("1", CourtDisposal.FINE)):
        with refused("OUTCOME_ALREADY_RECORDED"):
            ended(closed, code, disposal=disposal)


def test_a_court_disposes_once_and_of_the_charge_that_was_made() -> None:  # 2.6
    charged = ended(a_crime(), "1")
    with refused("OUTCOME_ALREADY_RECORDED"):
        ended(charged, "1A", disposal=CourtDisposal.FINE)
    fined = ended(charged, "1", disposal=CourtDisposal.FINE)
    with refused("OUTCOME_ALREADY_RECORDED"):
        ended(fined, "1", disposal=CourtDisposal.PRISON)


def test_a_cancelled_crime_has_no_outcome() -> None:  # 2.8
    cancelled = cancel(
        a_crime(),
        CancellationGround.DUPLICATE,
        "",
        victim_told=True,
        roles=DECISION_MAKER,
        by="bea",
        tables=TABLES,
        at=LATER,
    )
    with refused("CRIME_CANCELLED"):
        ended(cancelled, "18")
