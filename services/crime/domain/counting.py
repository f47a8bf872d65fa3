"""The counting rules: one crime per victim, finished incident, principal crime (domain facts 2.3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.crime.domain.offences import Offence
from services.crime.domain.records import Allegation
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


def parties(allegation: Allegation, offence: Offence | None) -> Parties:
    """Between whom an allegation is. Several acts of offenders whom nobody named count as one offender's."""
    of_the_state = offence is not None and offence.basis is Basis.STATE
    unnamed = 0 if allegation.victim_ref or of_the_state else allegation.number
    return Parties(allegation.victim_ref, allegation.suspect_ref, unnamed)


def count(candidates: Iterable[Candidate], rules: RuleSet) -> list[Counted]:
    """Every candidate with the crime it counts as or within, in the order of allegation numbers."""
    groups: dict[Parties, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(parties(candidate.allegation, candidate.offence), []).append(candidate)
    counted = [one for group in groups.values() for one in _count_group(group, rules)]
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
