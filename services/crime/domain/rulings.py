"""What a person decides of the allegations that the rules left (domain facts 2.1, 2.4 and 2.5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.crime.domain.authority import Action
from services.crime.domain.counting import Candidate, count
from services.crime.domain.offences import Offence
from services.crime.domain.protected import is_protected
from services.crime.domain.recording import Finding, confirmed, found, offence_of
from services.crime.domain.records import Allegation, Report, Transfer
from services.crime.domain.reported_incidents import reported_incident
from services.crime.domain.tables import Tables
from services.crime.domain.terms import Basis, NonRecordingReason, Role
from services.crime.domain.validity import local_date
from services.kernel.errors import Invalid, Refused, Violation

_VICTIM_BASED_ONLY = frozenset(
    {NonRecordingReason.VICTIM_NOT_CONFIRMED_THIRD_PARTY, NonRecordingReason.VICTIM_NOT_TRACED}
)
_STATE_BASED_ONLY = frozenset({NonRecordingReason.POINTS_TO_PROVE_NOT_MADE_OUT})


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person says of one allegation: record it, as the offence named if one is, or not and why."""

    allegation_number: int
    record: bool
    offence_code: str = ""
    reason: NonRecordingReason = NonRecordingReason.UNSPECIFIED
    transfer: Transfer | None = None


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where one person decides on one report."""

    report: Report
    roles: Collection[str]
    tables: Tables
    today: date


def decide_by_person(
    report: Report, rulings: Sequence[Ruling], roles: Collection[str], tables: Tables, at: datetime
) -> tuple[Finding, ...]:
    """The findings on every undecided allegation, counted by the rules of the day of first contact.

    Raises Refused: ALREADY_DECIDED, RULINGS_INCOMPLETE and RULING_UNKNOWN_ALLEGATION (each naming the numbers),
    REASON_NOT_APPLICABLE, EVIDENCE_MISSING (naming the part); AUTHORITY_MISSING as a matter of permission. Raises
    Invalid: RULING_REPEATED, REASON_MISSING, RULING_CONTRADICTED, OFFENCE_UNKNOWN, OFFENCE_NOT_VALID.
    """
    _check_numbers(report, rulings)
    desk = _Desk(report, roles, tables, local_date(at))
    rule_set = tables.rule_sets.at(report.contact.first_contact_at)
    allegations = {allegation.number: allegation for allegation in report.contact.allegations}
    findings: list[Finding] = []
    candidates: list[Candidate] = []
    authority: dict[int, Role] = {}
    for index, ruling in enumerate(rulings):
        allegation = allegations[ruling.allegation_number]
        offence = _offence(desk, f"rulings[{index}]", ruling, allegation)
        if ruling.record:
            authority[allegation.number] = _authority_to_record(desk, allegation, offence)
            candidates.append(Candidate(allegation, offence))
        else:
            findings.append(_not_recorded(desk, f"rulings[{index}]", ruling, allegation, offence, at, rule_set.name))
    for counted in count(candidates, report.contact.occurred, rule_set):
        number = counted.candidate.allegation.number
        findings.append(found(counted, at, authority[number], rule_set.name))
    return tuple(sorted(findings, key=lambda one: one.allegation_number))


def _check_numbers(report: Report, rulings: Sequence[Ruling]) -> None:
    """Every undecided allegation is ruled on, exactly once, and nothing else is."""
    waiting = {allegation.number for allegation in report.undecided()}
    ruled = [ruling.allegation_number for ruling in rulings]
    known = {allegation.number for allegation in report.contact.allegations}
    if not waiting:
        raise Refused("ALREADY_DECIDED", rule="every allegation of this report is decided")
    _refuse_any("RULING_UNKNOWN_ALLEGATION", "a ruling names an allegation that the report has not", set(ruled) - known)
    _refuse_any("ALREADY_DECIDED", "a ruling names an allegation that is decided", set(ruled) & known - waiting)
    _refuse_any("RULINGS_INCOMPLETE", "every undecided allegation needs a ruling", waiting - set(ruled))
    for index, number in enumerate(ruled):
        if number in ruled[:index]:
            raise _invalid("RULING_REPEATED", f"rulings[{index}].allegation_number", "an allegation is ruled on once")


def _refuse_any(reason: str, rule: str, numbers: set[int]) -> None:
    if numbers:
        raise Refused(reason, rule=rule, metadata={"allegations": ",".join(str(one) for one in sorted(numbers))})


def _offence(desk: _Desk, field: str, ruling: Ruling, allegation: Allegation) -> Offence:
    """The offence ruled on. One that is not recorded need not have been an offence on the day: that may be why."""
    if ruling.record and ruling.reason:
        raise _invalid("RULING_CONTRADICTED", f"{field}.reason", "only an allegation that is not recorded has a reason")
    if ruling.record and ruling.transfer:
        raise _invalid("RULING_CONTRADICTED", f"{field}.transfer_reference", "only what was transferred has one")
    if not ruling.record and ruling.reason in (NonRecordingReason.UNSPECIFIED, NonRecordingReason.NO_CRIME_ALLEGED):
        raise _invalid("REASON_MISSING", f"{field}.reason", "a person's reason not to record must be given")
    code = ruling.offence_code or allegation.offence_code
    offence = desk.tables.offences.find(code)
    if offence is None:
        raise _invalid("OFFENCE_UNKNOWN", f"{field}.offence_code", "must be a recorded-crime code of the offence table")
    if ruling.record and offence_of(allegation, code, desk.report.contact, desk.tables) is None:
        rule = "must be an offence that a force could record on the day it happened"
        raise _invalid("OFFENCE_NOT_VALID", f"{field}.offence_code", rule)
    return offence


def _authority_to_record(desk: _Desk, allegation: Allegation, offence: Offence) -> Role:
    alleged_rape = _is_rape(desk, allegation)
    # Recording an alleged rape as something less is not recording the rape.
    away_from_rape = alleged_rape and not offence.rape
    action = Action.RECORD if offence.code == allegation.offence_code else Action.RECLASSIFY
    require = desk.tables.authorities.require
    return require(action, offence.code, desk.roles, rape=away_from_rape, on=desk.today)


def _not_recorded(
    desk: _Desk, field: str, ruling: Ruling, allegation: Allegation, offence: Offence, at: datetime, rule_set: str
) -> Finding:
    _check_reason(desk, ruling.reason, allegation, offence)
    role = _authority_not_to_record(desk, ruling, allegation, offence)
    _check_transfer(field, ruling)
    concerned = (allegation.offence_code, offence.code)
    return Finding(
        allegation.number,
        at,
        role,
        rule_set,
        reason=ruling.reason,
        reported_incident=reported_incident(desk.tables.reported_incidents, concerned, ruling.reason, desk.today),
        transfer=ruling.transfer,
    )


def _check_transfer(field: str, ruling: Ruling) -> None:
    """A crime belongs to the force where it occurred once that force says that it has it (2.1, rule 7)."""
    transfer = ruling.transfer or Transfer("", "")
    if ruling.reason is not NonRecordingReason.OUTSIDE_FORCE_TRANSFERRED:
        if ruling.transfer:
            raise _invalid("RULING_CONTRADICTED", f"{field}.transfer_reference", "only what was transferred has one")
        return
    for part, given in (
        ("transfer_reference", transfer.reference),
        ("transfer_acknowledgement", transfer.acknowledgement),
    ):
        if not given.strip():
            rule = "a transfer needs its reference and the other force's acknowledgement"
            raise Refused("EVIDENCE_MISSING", rule=rule, metadata={"evidence": part})


def _authority_not_to_record(desk: _Desk, ruling: Ruling, allegation: Allegation, offence: Offence) -> Role:
    rape = offence.rape or _is_rape(desk, allegation)
    require = desk.tables.authorities.require
    return require(Action.NOT_RECORD, ruling.reason.name, desk.roles, rape=rape, on=desk.today)


def _check_reason(desk: _Desk, reason: NonRecordingReason, allegation: Allegation, offence: Offence) -> None:
    """A reason answers the kind of offence it is given for, and no reason about a victim stands against their word."""
    other_basis = _STATE_BASED_ONLY if offence.basis is Basis.VICTIM else _VICTIM_BASED_ONLY
    if reason in other_basis:
        raise Refused("REASON_NOT_APPLICABLE", rule="this reason answers the other kind of offence")
    if reason in _VICTIM_BASED_ONLY and confirmed(allegation, desk.report.contact):
        rule = "the victim, or somebody whose word counts as the victim's, confirmed it"
        raise Refused("REASON_NOT_APPLICABLE", rule=rule)
    if reason in _VICTIM_BASED_ONLY:
        _check_whose_word_is_missing(desk, allegation, offence)


def _check_whose_word_is_missing(desk: _Desk, allegation: Allegation, offence: Offence) -> None:
    """A third party's report is no crime-related incident where the victim is protected, or the crime evident."""
    contact, alleged = desk.report.contact, desk.tables.offences.find(allegation.offence_code)
    if is_protected(allegation, offence, contact) or is_protected(allegation, alleged, contact):
        raise Refused("REASON_NOT_APPLICABLE", rule="the victim is a child or vulnerable: their word is not needed")
    if allegation.crime_evident:
        raise Refused("REASON_NOT_APPLICABLE", rule="the crime is evident: the victim's word is not needed")


def _is_rape(desk: _Desk, allegation: Allegation) -> bool:
    alleged = desk.tables.offences.find(allegation.offence_code)
    return alleged is not None and alleged.rape


def _invalid(reason: str, field: str, rule: str) -> Invalid:
    return Invalid([Violation(field, rule)], reason=reason)
