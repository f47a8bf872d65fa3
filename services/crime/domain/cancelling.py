"""Cancelling a recorded crime: once recorded it stays, unless one of five grounds is shown (domain facts 2.1, 2.4)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from services.crime.domain.authority import Action
from services.crime.domain.offences import Offence
from services.crime.domain.records import Crime
from services.crime.domain.tables import GroundRule, Tables
from services.crime.domain.terms import CancellationGround, CrimeState, Stratum
from services.crime.domain.validity import local_date
from services.kernel.errors import Invalid, Refused, Violation


def cancel(
    crime: Crime,
    ground: CancellationGround,
    evidence_reference: str,
    *,
    victim_told: bool,
    by: str,
    roles: Collection[str],
    tables: Tables,
    at: datetime,
) -> Crime:
    """The crime as cancelled; it stays in the ledger. `by` is who cancels, the subject of their token.

    Raises Refused: ALREADY_CANCELLED, GROUND_NOT_APPLICABLE, EVIDENCE_MISSING, RETRACTION_ALONE, VICTIM_NOT_TOLD; as
    permission AUTHORITY_MISSING (of a rape, the registrar alone) and SECOND_PERSON_NEEDED (R-CR-06: never whoever
    recorded it). Raises Invalid: GROUND_MISSING.
    """
    offence = tables.offences.by_code[crime.offence_code]
    if crime.state is CrimeState.CANCELLED:
        raise Refused("ALREADY_CANCELLED", rule="a crime is cancelled once")
    rule = tables.grounds.get(ground)
    if rule is None:
        raise Invalid([Violation("ground", "must be given")], reason="GROUND_MISSING")
    tables.authorities.require(Action.CANCEL, ground.name, roles, rape=offence.rape, on=local_date(at))
    if crime.recorded_by and crime.recorded_by == by:
        rule_of_two = "whoever recorded a crime does not cancel it"
        raise Refused("SECOND_PERSON_NEEDED", rule=rule_of_two, permission=True)
    _check_applicable(rule, offence, at)
    _check_evidence(rule, crime, evidence_reference)
    if crime.victim_ref and not victim_told:
        raise Refused("VICTIM_NOT_TOLD", rule="a crime is cancelled only after its victim was told")
    return replace(
        crime,
        state=CrimeState.CANCELLED,
        cancellation_ground=ground,
        cancellation_evidence=evidence_reference.strip(),
        cancelled_at=at,
    )


def _check_applicable(rule: GroundRule, offence: Offence, at: datetime) -> None:
    if not rule.validity.covers(local_date(at)):
        raise Refused("GROUND_NOT_APPLICABLE", rule="this ground is not one of those of this day")
    if rule.violence_only and offence.stratum is not Stratum.VIOLENCE:
        raise Refused("GROUND_NOT_APPLICABLE", rule="this ground answers violence against the person alone")


def _check_evidence(rule: GroundRule, crime: Crime, reference: str) -> None:
    """Additional information has to be documented, and a victim's retraction alone is none."""
    if not rule.needs_evidence:
        return
    if not reference.strip():
        raise Refused(
            "EVIDENCE_MISSING",
            rule="this ground needs verifiable information, and the place where it is kept",
            metadata={"evidence": "evidence_reference"},
        )
    if reference.strip() == _retraction(crime):
        raise Refused("RETRACTION_ALONE", rule="that the victim withdrew does not show that no crime was committed")


def _retraction(crime: Crime) -> str | None:
    """Where the victim's own decision not to support the case is kept, if an outcome rests on one."""
    decision = crime.outcome.evidence.victim_decision if crime.outcome else None
    return decision.reference.strip() if decision else None
