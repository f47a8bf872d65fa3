"""How the crimes of a month end, so that the public word for each comes back: what is recorded, when, on what evidence.

The file names a public category; which of its outcomes it was is drawn, in stated shares. Investigations end within
days; courts and charges take their months, so the clock goes on after the month in a few steps (`Calendar`).
"""

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from deploy.rehearsal.demand import Span
from peel.crime.v1 import types_pb2 as types
from services.crime.domain import Basis, Offence, OutcomeRule, SuspectRule, Tables
from services.kernel.wire import stamp

_DAY = timedelta(days=1)
# Days after first contact within which an investigation ends, and a suspect is charged. Stated.
_INVESTIGATED, _CHARGED = (2.0, 9.0), (3.0, 40.0)
_SHORT_DAYS = 60
_MARGIN_DAYS = 150
# A prosecution for a summary offence is begun within six months, or not at all.
_SUMMARY_LIMIT = timedelta(days=184)
# Shares among the outcomes of one public category; 1 where none is stated.
_SHARES = {"1A": 0.03, "2": 0.15, "2A": 0.01, "3A": 0.03, "5": 0.005, "9": 0.4, "11": 0.005, "12": 0.005, "13": 0.005}
_SHARES |= {"14": 0.33, "15": 0.24, "16": 0.4, "17": 0.01}
# How often the reporter can name a suspect, by what the outcome says of one.
_NAMED = {SuspectRule.REQUIRED: 0.7, SuspectRule.EITHER: 0.5, SuspectRule.FORBIDDEN: 0.0}
_NAMED_WITHOUT_OUTCOME = 0.15
_MEANS = (
    types.VICTIM_DECISION_MEANS_WRITTEN_STATEMENT,
    types.VICTIM_DECISION_MEANS_BODY_WORN_VIDEO,
    types.VICTIM_DECISION_MEANS_RECORDED_CALL,
    types.VICTIM_DECISION_MEANS_POCKET_NOTEBOOK,
)


@dataclass(frozen=True, slots=True)
class Act:
    """Something recorded of a crime, not before `at`. `authority` is the short name of the role that it needs."""

    at: datetime
    code: str
    evidence: types.OutcomeEvidence
    disposal: types.CourtDisposal.ValueType = types.COURT_DISPOSAL_UNSPECIFIED
    authority: str = "officer"


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of a crime, in order; nothing where no outcome is ever recorded."""

    suspect_named: bool
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The moments after a month at which the rehearsal stands still; the public file is made at the last one."""

    steps: tuple[datetime, ...]

    @property
    def final(self) -> datetime:
        return self.steps[-1]


def calendar_for(span: Span, outcomes: Collection[str], tables: Tables) -> Calendar:
    """The calendar by which these outcome categories can come about.

    Where the file says that a case went on for too long without news, the clock has to run until it did. A file that
    says so of some cases and "under investigation" of others cannot come back whole: both are of one age.
    """
    publication = tables.publication
    patience = max(publication.undecided_for, publication.charged_for)
    late = {publication.undecided_late, publication.charged_late}.intersection(outcomes)
    final = span.end + (patience + timedelta(days=_MARGIN_DAYS) if late else timedelta(days=_SHORT_DAYS))
    final = max([final, *(_available(rule) + _DAY for rule in _needed(outcomes, tables))])
    days = [*range(2, 15), *range(45, (final - span.end).days, 45)]
    return Calendar((*(span.end + day * _DAY for day in days), final))


def _needed(outcomes: Collection[str], tables: Tables) -> Iterable[OutcomeRule]:
    """The outcome that was available first, of each category."""
    for category in outcomes:
        if rules := _rules(category, tables):
            yield min(rules, key=_available)


def _available(rule: OutcomeRule) -> datetime:
    return datetime.combine(rule.validity.first, time(12), UTC)


def _rules(category: str, tables: Tables) -> list[OutcomeRule]:
    return [one for one in tables.outcomes.values() if one.force_use and one.public_category == category]


def known_outcomes(tables: Tables) -> frozenset[str]:
    """Every outcome category that a row of a crime may have."""
    publication = tables.publication
    by_age = {publication.undecided, publication.undecided_late, publication.charged, publication.charged_late}
    of_outcomes = {rule.public_category for rule in tables.outcomes.values() if rule.force_use and not rule.court}
    return frozenset(by_age | of_outcomes | set(tables.disposals.values()))


class Endings:
    """Draws endings that lead to a public category."""

    def __init__(self, tables: Tables, calendar: Calendar, span: Span) -> None:
        self._publication = tables.publication
        self._calendar = calendar
        self._span = span
        self._disposals = {
            category: types.CourtDisposal.ValueType(disposal) for disposal, category in tables.disposals.items()
        }
        self._rules = {category: _rules(category, tables) for category in known_outcomes(tables)}
        self._charged = [rule for rule in tables.outcomes.values() if rule.court]

    def draw(self, category: str, offence: Offence, told_at: datetime, rng: random.Random) -> Ending:
        """An ending for a crime of that offence, reported then, that the public is told of in that category."""
        publication = self._publication
        if category in (publication.undecided, publication.undecided_late):
            return Ending(rng.random() < _NAMED_WITHOUT_OUTCOME)
        if category in (publication.charged, publication.charged_late) or category in self._disposals:
            return self._court(category, told_at, rng)
        rule = self._rule(category, offence, told_at, rng)
        at = told_at + rng.uniform(*_INVESTIGATED) * _DAY
        if rule.needs_time_limit:
            at = told_at + _SUMMARY_LIMIT
        at = max(at, _available(rule))
        return Ending(rng.random() < _NAMED[rule.suspect], (_act(rule, at, told_at, rng),))

    def _rule(self, category: str, offence: Offence, told_at: datetime, rng: random.Random) -> OutcomeRule:
        """One of the category's outcomes that fits the offence and comes about before the calendar ends."""

        def fits(rule: OutcomeRule) -> bool:
            in_time = told_at + _SUMMARY_LIMIT <= self._calendar.final
            victimless = offence.basis is Basis.STATE and rule.needs_victim_decision
            out_of_time = rule.needs_time_limit and not (offence.summary_only and in_time)
            return not victimless and not out_of_time and _available(rule) < self._calendar.final

        rules = [rule for rule in self._rules[category] if fits(rule)]
        return rng.choices(rules, [_SHARES.get(rule.code, 1.0) for rule in rules])[0]

    def _court(self, category: str, told_at: datetime, rng: random.Random) -> Ending:
        rule = rng.choices(self._charged, [_SHARES.get(one.code, 1.0) for one in self._charged])[0]
        charged_at = told_at + rng.uniform(*_CHARGED) * _DAY
        final = self._calendar.final
        if category == self._publication.charged and final - charged_at > self._publication.charged_for - 20 * _DAY:
            # Recently charged, as the public file sees it.
            charged_at = final - rng.uniform(10, self._publication.charged_for / _DAY - 50) * _DAY
        charge = _act(rule, charged_at, told_at, rng)
        if category not in self._disposals:
            return Ending(True, (charge,))
        first, last = self._span.end + 45 * _DAY, final
        at = first + rng.random() * (last - first)
        disposal = Act(at, rule.code, types.OutcomeEvidence(), self._disposals[category])
        return Ending(True, (charge, disposal))


def _act(rule: OutcomeRule, at: datetime, told_at: datetime, rng: random.Random) -> Act:
    """What is recorded, with all the evidence that this outcome needs and none that it does not."""
    evidence = types.OutcomeEvidence(suspect_identified=rule.court or rule.suspect is SuspectRule.REQUIRED)
    paper = f"REHEARSAL-{rng.getrandbits(32):08X}"
    if rule.needs_victim_decision:
        evidence.victim_decision.means = rng.choice(_MEANS)
        evidence.victim_decision.reference = paper
        evidence.victim_decision.decided_at.CopyFrom(stamp(at - rng.uniform(0.05, 1.5) * _DAY))
    if rule.needs_reference:
        evidence.reference = paper
    if rule.needs_time_limit:
        evidence.prosecution_time_limit.CopyFrom(stamp(told_at + _SUMMARY_LIMIT))
    if rule.needs_other_body:
        evidence.other_body_acknowledgement = paper
    return Act(at, rule.code, evidence, authority="decision_maker" if rule.needs_victim_decision else "officer")
