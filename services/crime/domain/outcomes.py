"""How a crime ends, and the evidence that each ending needs (domain facts 2.6).

Outcomes 14 and 16, closed without a trace of the victim's own decision, were what let seven in ten domestic abuse
cases end quietly: here they need that decision as a record, and a supervisor (R-CR-07).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from services.crime.domain.authority import Action
from services.crime.domain.offences import Offence
from services.crime.domain.records import Crime, Outcome, OutcomeEvidence, VictimDecision
from services.crime.domain.tables import OutcomeRule, SuspectRule, Tables
from services.crime.domain.terms import CourtDisposal, CrimeState
from services.crime.domain.validity import local_date
from services.kernel.errors import Invalid, Refused, Violation


def record_outcome(
    crime: Crime,
    code: str,
    evidence: OutcomeEvidence,
    disposal: CourtDisposal,
    *,
    roles: Collection[str],
    offence: Offence,
    tables: Tables,
    at: datetime,
) -> Crime:
    """The crime with its outcome; or, where that outcome is recorded already, with what the court did with it.

    Raises Refused: CRIME_CANCELLED, NOT_CHARGED, OUTCOME_ALREADY_RECORDED, OUTCOME_NOT_AVAILABLE, OUTCOME_CONTRADICTED,
    EVIDENCE_MISSING (naming the part), AUTHORITY_MISSING (as permission). Raises Invalid: OUTCOME_UNKNOWN.
    """
    rule = tables.outcomes.get(code)
    if rule is None:
        raise Invalid([Violation("code", "must be an outcome code of the outcome table")], reason="OUTCOME_UNKNOWN")
    if crime.state is CrimeState.CANCELLED:
        raise Refused("CRIME_CANCELLED", rule="a cancelled crime has no outcome")
    if disposal and not rule.court:
        raise Refused("NOT_CHARGED", rule="a court disposes only of a crime that was charged")
    _check_available(rule, at)
    on = local_date(at)
    tables.authorities.require(Action.OUTCOME, code, roles, rape=offence.rape, on=on)
    if crime.outcome is not None:
        return replace(crime, outcome=_disposed(crime.outcome, code, disposal, at))
    _check_suspect(rule, crime, evidence)
    _check_evidence(rule, evidence, at)
    _check_time_limit(rule, evidence, offence, at)
    outcome = Outcome(code, evidence, at, disposal, disposed_at=at if disposal else None)
    return replace(crime, state=CrimeState.OUTCOME_RECORDED, outcome=outcome)


def _disposed(outcome: Outcome, code: str, disposal: CourtDisposal, at: datetime) -> Outcome:
    """The outcome already recorded, completed once by the court's disposal; it is never changed into another."""
    if outcome.code != code or outcome.disposal or not disposal:
        raise Refused("OUTCOME_ALREADY_RECORDED", rule="a recorded outcome is only ever completed by one disposal")
    return replace(outcome, disposal=disposal, disposed_at=at)


def _check_available(rule: OutcomeRule, at: datetime) -> None:
    if not rule.force_use or not rule.validity.covers(local_date(at)):
        raise Refused("OUTCOME_NOT_AVAILABLE", rule="this outcome is not one that a force may record on this day")


def _check_suspect(rule: OutcomeRule, crime: Crime, evidence: OutcomeEvidence) -> None:
    identified = bool(crime.suspect_ref) or evidence.suspect_identified
    if rule.suspect is SuspectRule.FORBIDDEN and identified:
        raise Refused("OUTCOME_CONTRADICTED", rule="this outcome says that no suspect is identified, and one is")
    if rule.suspect is SuspectRule.REQUIRED and not identified:
        raise _missing("suspect_identified", "this outcome needs an identified suspect")


def _check_evidence(rule: OutcomeRule, evidence: OutcomeEvidence, at: datetime) -> None:
    if rule.needs_victim_decision:
        _check_victim_decision(evidence.victim_decision or VictimDecision(), at)
    if rule.needs_reference and not evidence.reference.strip():
        raise _missing("reference", "this outcome needs a reference to the document that supports it")
    if rule.needs_other_body and not evidence.other_body_acknowledgement.strip():
        raise _missing("other_body_acknowledgement", "the other body has to acknowledge that it takes the case on")


def _check_victim_decision(decision: VictimDecision, at: datetime) -> None:
    """R-CR-07: when, by what means, and where the record of it is kept."""
    if decision.decided_at is None:
        raise _missing("victim_decision.decided_at", "this outcome needs the time of the victim's decision")
    if not decision.means:
        raise _missing("victim_decision.means", "this outcome needs the means by which the victim decided")
    if not decision.reference.strip():
        raise _missing("victim_decision.reference", "this outcome needs the place where the victim's decision is kept")
    if decision.decided_at > at:
        raise Refused("OUTCOME_CONTRADICTED", rule="the victim's decision lies in the future")


def _check_time_limit(rule: OutcomeRule, evidence: OutcomeEvidence, offence: Offence, at: datetime) -> None:
    """Only a summary offence has a time limit for prosecution, and it must have passed."""
    if not rule.needs_time_limit:
        return
    if not offence.summary_only:
        raise Refused("OUTCOME_CONTRADICTED", rule="no time limit for prosecution runs for this offence")
    if evidence.prosecution_time_limit is None:
        raise _missing("prosecution_time_limit", "this outcome needs the day on which the time limit ran out")
    if evidence.prosecution_time_limit > at:
        raise Refused("OUTCOME_CONTRADICTED", rule="the time limit for prosecution has not run out")


def _missing(part: str, rule: str) -> Refused:
    return Refused("EVIDENCE_MISSING", rule=rule, metadata={"evidence": part})
