"""Cancelling a recorded crime: domain facts 2.1 rule 4 and 2.4."""

from dataclasses import replace

import pytest

from services.crime.domain import (
    CancellationGround,
    CourtDisposal,
    Crime,
    CrimeState,
    Role,
    cancel,
    record_outcome,
)
from services.kernel.errors import Invalid, Kind
from tests.unit.crime.building import (
    ASSAULT,
    BURGLARY,
    CANNABIS,
    DAY,
    DECISION_MAKER,
    NOON,
    OFFICER,
    RAPE,
    RECORDER,
    REGISTRAR,
    TABLES,
    a_crime,
    refused,
    victim_declined,
)

Ground = CancellationGround
LATER = NOON + DAY
GROUNDS = [ground for ground in Ground if ground is not Ground.UNSPECIFIED]


def cancelled(
    crime: Crime,
    ground: CancellationGround,
    evidence: str = "EXHIBIT-3",
    *,
    victim_told: bool = True,
    roles: frozenset[Role] = DECISION_MAKER,
    by: str = "bea",
) -> Crime:
    return cancel(crime, ground, evidence, victim_told=victim_told, by=by, roles=roles, tables=TABLES, at=LATER)


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_crime_is_cancelled_on_any_of_five_grounds_and_stays_in_the_ledger(ground: CancellationGround) -> None:
    crime = a_crime()
    gone = cancelled(crime, ground, roles=REGISTRAR)
    assert (gone.state, gone.cancellation_ground, gone.cancelled_at) == (CrimeState.CANCELLED, ground, LATER)
    assert gone.cancellation_evidence == "EXHIBIT-3"
    assert (gone.crime_id, gone.number, gone.offence_code) == (crime.crime_id, crime.number, crime.offence_code)


def test_a_ground_must_be_given() -> None:
    with refused("GROUND_MISSING") as caught:
        cancelled(a_crime(), Ground.UNSPECIFIED)
    assert isinstance(caught.value, Invalid)


@pytest.mark.parametrize("roles", [OFFICER, RECORDER])
@pytest.mark.parametrize("ground", GROUNDS)
def test_cancelling_needs_a_decision_maker_or_the_registrar(ground: CancellationGround, roles: frozenset[Role]) -> None:
    with refused("AUTHORITY_MISSING") as caught:
        cancelled(a_crime(), ground, roles=roles)
    assert caught.value.kind is Kind.FORBIDDEN


@pytest.mark.parametrize("ground", [ground for ground in GROUNDS if ground is not Ground.SELF_DEFENCE])
def test_a_decision_maker_cancels_on_the_first_four_grounds(ground: CancellationGround) -> None:  # C1 to C4
    assert cancelled(a_crime(), ground).state is CrimeState.CANCELLED


def test_self_defence_is_for_the_registrar_and_answers_violence_alone() -> None:  # C5
    with refused("AUTHORITY_MISSING"):
        cancelled(a_crime(), Ground.SELF_DEFENCE)
    with refused("GROUND_NOT_APPLICABLE"):
        cancelled(a_crime(BURGLARY), Ground.SELF_DEFENCE, roles=REGISTRAR)


@pytest.mark.parametrize("ground", [ground for ground in GROUNDS if ground is not Ground.SELF_DEFENCE])
def test_a_rape_is_cancelled_by_the_registrar_alone(ground: CancellationGround) -> None:  # C2 and the contract
    with refused("AUTHORITY_MISSING") as caught:
        cancelled(a_crime(RAPE), ground)
    assert caught.value.metadata == {"roles": "ROLE_CRIME_REGISTRAR"}
    assert cancelled(a_crime(RAPE), ground, roles=REGISTRAR).state is CrimeState.CANCELLED


@pytest.mark.parametrize("ground", GROUNDS)
def test_whoever_recorded_a_crime_does_not_cancel_it(ground: CancellationGround) -> None:  # R-CR-06, 2.4: two people
    anns = replace(a_crime(), recorded_by="ann")
    with refused("SECOND_PERSON_NEEDED") as caught:
        cancelled(anns, ground, roles=DECISION_MAKER | REGISTRAR, by="ann")
    assert caught.value.kind is Kind.FORBIDDEN
    assert cancelled(anns, ground, roles=DECISION_MAKER | REGISTRAR, by="bea").state is CrimeState.CANCELLED


def test_what_the_rules_recorded_anybody_with_the_authority_cancels() -> None:  # R-CR-06
    assert cancelled(a_crime(), Ground.DUPLICATE, by="ann").state is CrimeState.CANCELLED


@pytest.mark.parametrize("ground", [Ground.OUTSIDE_JURISDICTION, Ground.VERIFIABLE_INFORMATION])
@pytest.mark.parametrize("nothing", ["", "   "])
def test_verifiable_information_and_a_transfer_are_documented(
    ground: CancellationGround, nothing: str
) -> None:  # C2; C1 and 2.1 rule 7
    with refused("EVIDENCE_MISSING"):
        cancelled(a_crime(), ground, nothing)
    assert cancelled(a_crime(), Ground.DUPLICATE, nothing).cancellation_evidence == ""


def test_a_victims_retraction_alone_is_no_verifiable_information() -> None:  # C2
    withdrawn = record_outcome(
        a_crime(),
        "16",
        replace(victim_declined(), suspect_identified=True),
        CourtDisposal.UNSPECIFIED,
        roles=DECISION_MAKER,
        offence=TABLES.offences.by_code[ASSAULT],
        tables=TABLES,
        at=NOON,
    )
    with refused("RETRACTION_ALONE"):
        cancelled(withdrawn, Ground.VERIFIABLE_INFORMATION, " BWV-2018-0042 ")
    assert cancelled(withdrawn, Ground.VERIFIABLE_INFORMATION, "CCTV-9").state is CrimeState.CANCELLED


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_victim_is_told(ground: CancellationGround) -> None:  # 2.4
    with refused("VICTIM_NOT_TOLD"):
        cancelled(a_crime(), ground, victim_told=False, roles=REGISTRAR)


def test_nobody_has_to_be_told_of_an_offence_against_the_state() -> None:  # 2.4
    crime = a_crime(CANNABIS, victim="")
    assert cancelled(crime, Ground.RECORDED_IN_ERROR, victim_told=False).state is CrimeState.CANCELLED


def test_a_crime_is_cancelled_once() -> None:
    with refused("ALREADY_CANCELLED"):
        cancelled(cancelled(a_crime(), Ground.DUPLICATE), Ground.RECORDED_IN_ERROR)
