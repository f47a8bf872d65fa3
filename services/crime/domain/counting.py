"""The counting rules: one crime per victim, finished incident, principal crime (domain facts 2.3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.crime.domain.offences import Offence
from services.crime.domain.records import Allegation, Period
from services.crime.domain.rule_sets import ConductRule, RuleSet
from services.crime.domain.terms import Basis, CountingRule


@dataclass(frozen=True, slots=True)
class Candidate:
    """An allegation that is to be recorded, and the offence that it is recorded as."""

    allegation: Allegation
    offence: Offence


@dataclass(frozen=True, slots=True)
class Counted:
    """A candidate and the one whose crime it is: itself where no rule is named."""

    candidate: Candidate
    principal: Candidate
    rule: CountingRule = CountingRule.UNSPECIFIED


@dataclass(frozen=True, slots=True, order=True)
class Parties:
    """One victim and one offender, as far as the report names them: the counting rules apply within, never across."""

    victim_ref: str
    suspect_ref: str
    # Nothing says that two victims whom nobody named are the same, so each such allegation stands by itself.
    unnamed_victim: int


def groups(told: Iterable[tuple[Allegation, Offence | None]], occurred: Period | None) -> list[list[Allegation]]:
    """The allegations by parties and, where nobody named the offender, by incident: only these may count as one.

    `occurred` is when it happened according to the contact: of every allegation that has no time of its own. Nothing
    says that whoever broke in on the 1st and whoever robbed on the 20th are one offender, so they are two crimes.
    """
    between: dict[Parties, list[Allegation]] = {}
    for allegation, offence in told:
        between.setdefault(_parties(allegation, offence), []).append(allegation)
    found: list[list[Allegation]] = []
    for parties, allegations in between.items():
        found += [allegations] if parties.suspect_ref else _incidents(allegations, occurred)
    return found


def _parties(allegation: Allegation, offence: Offence | None) -> Parties:
    of_the_state = offence is not None and offence.basis is Basis.STATE
    unnamed = 0 if allegation.victim_ref or of_the_state else allegation.number
    return Parties(allegation.victim_ref, allegation.suspect_ref, unnamed)


@dataclass(slots=True)
class _Incident:
    """Allegations that may all have happened at one moment, which lies between first and last."""

    first: datetime
    last: datetime
    allegations: list[Allegation]


def _incidents(allegations: Iterable[Allegation], occurred: Period | None) -> list[list[Allegation]]:
    """Those that share a moment, and those of which nobody knows when: they are what the contact is about."""
    undated: list[Allegation] = []
    dated: list[_Incident] = []
    for allegation in allegations:
        span = _span(allegation.occurred) or _span(occurred)
        if span is None:
            undated.append(allegation)
        else:
            dated.append(_Incident(*span, [allegation]))
    incidents: list[_Incident] = []
    for one in sorted(dated, key=lambda one: (one.first, one.last, one.allegations[0].number)):
        same = next((incident for incident in incidents if one.first <= incident.last), None)
        if same is None:
            incidents.append(one)
        else:
            # In the order of their beginnings, so the latest beginning and the earliest end are what all share.
            same.first, same.last = one.first, min(same.last, one.last)
            same.allegations += one.allegations
    return [*([undated] if undated else []), *(incident.allegations for incident in incidents)]


def _span(period: Period | None) -> tuple[datetime, datetime] | None:
    """When it happened, as far as told: an end that nobody knows is not stretched over what else happened."""
    if period is None or (period.start is None and period.end is None):
        return None
    first = period.start or period.end
    last = period.end or period.start
    return (first, last) if first and last else None


def count(candidates: Iterable[Candidate], occurred: Period | None, rules: RuleSet) -> list[Counted]:
    """Every candidate with the crime it counts as or within, in the order of allegation numbers."""
    by_number = {candidate.allegation.number: candidate for candidate in candidates}
    told = [(candidate.allegation, candidate.offence) for candidate in by_number.values()]
    counted = [
        one
        for group in groups(told, occurred)
        for one in _count_group([by_number[allegation.number] for allegation in group], rules)
    ]
    return sorted(counted, key=lambda one: one.candidate.allegation.number)


def _count_group(group: Sequence[Candidate], rules: RuleSet) -> list[Counted]:
    standing = _standing(group, rules)
    return [_counted(candidate, standing) for candidate in group]


def _standing(group: Sequence[Candidate], rules: RuleSet) -> list[Candidate]:
    """The candidates that count as crimes of their own: one, or two where conduct is recorded in addition."""
    principal = _most_serious(group)
    conduct = [candidate for candidate in group if candidate.offence.conduct]
    others = [candidate for candidate in group if not candidate.offence.conduct]
    if not conduct or not others:
        return [principal]
    if rules.conduct is ConductRule.IN_ADDITION:
        return [_most_serious(conduct), _most_serious(others)]
    if rules.conduct is ConductRule.PRINCIPAL and not principal.offence.outranks_conduct:
        return [_most_serious(conduct)]
    return [principal]


def _counted(candidate: Candidate, standing: Sequence[Candidate]) -> Counted:
    if candidate in standing:
        return Counted(candidate, candidate)
    same_kind = [one for one in standing if one.offence.conduct == candidate.offence.conduct]
    principal = (same_kind or standing)[0]
    same_offence = principal.offence.code == candidate.offence.code
    return Counted(
        candidate, principal, CountingRule.FINISHED_INCIDENT if same_offence else CountingRule.PRINCIPAL_CRIME
    )


def _most_serious(candidates: Iterable[Candidate]) -> Candidate:
    """The principal crime; of several acts of one offence, the first that was told."""
    return min(candidates, key=lambda one: (one.offence.seriousness, one.allegation.number))
