"""How sure each finding is, and in which order the markers are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from services.dispatch.markers.domain import evidence
from services.dispatch.markers.domain.births import day_of
from services.dispatch.markers.domain.concerns import Match, Person
from services.dispatch.markers.domain.lookups import Finding
from services.dispatch.markers.domain.markers import Marker, Subject
from services.dispatch.markers.domain.spelling import words
from services.dispatch.markers.domain.terms import Certainty, MarkerState, MatchedBy

_SAME_PERSON = (MatchedBy.PERSON_NAMED, MatchedBy.ASSOCIATE_OF_ADDRESS)


def answer(findings: Iterable[Finding], markers: Mapping[int, Marker], at: datetime) -> list[Match]:
    """One match a marker with all its ways, surest and gravest first; the order is the same for the same markers."""
    found = [finding for finding in findings if finding.owner in markers]
    namesakes = _namesakes(found, markers)
    ways: dict[int, dict[MatchedBy, Finding]] = {}
    for finding in found:
        mine = ways.setdefault(finding.owner, {})
        graded = _graded(finding, markers[finding.owner].subject, namesakes)
        known = mine.get(finding.by)
        if known is None or (graded.certainty, -graded.bits) < (known.certainty, -known.bits):
            mine[finding.by] = graded
    return sorted((_match(markers[owner], mine, at) for owner, mine in ways.items()), key=_rank)


def _graded(finding: Finding, subject: Subject, namesakes: Mapping[Finding, int]) -> Finding:
    """A finding of a person with its certainty. A name alone is never exact, and likely only where few have it."""
    if finding.asked is None:
        return finding
    if finding.dated:
        if _same_name(finding.asked, subject) and _same_birth(finding.asked, subject):
            return replace(finding, certainty=Certainty.EXACT)
        likely = finding.bits >= evidence.LIKELY
    else:
        likely = finding.bits >= evidence.LIKELY_NAME and namesakes[finding] <= evidence.FEW
    return replace(finding, certainty=Certainty.LIKELY) if likely else finding


def _namesakes(found: Iterable[Finding], markers: Mapping[int, Marker]) -> dict[Finding, int]:
    """For each finding by name alone: how many marked people answer to the name asked as well, or better."""
    asked: dict[tuple[MatchedBy, Person], list[Finding]] = {}
    for finding in found:
        if finding.asked is not None and not finding.dated:
            asked.setdefault((finding.by, finding.asked), []).append(finding)
    counts: dict[Finding, int] = {}
    for alike in asked.values():
        people: set[tuple[object, ...]] = set()
        alike.sort(key=_worth, reverse=True)
        for _, equals in groupby(alike, key=_worth):
            as_good = list(equals)
            people.update(_identity(markers[finding.owner].subject) for finding in as_good)
            counts.update(dict.fromkeys(as_good, len(people)))
    return counts


def _worth(finding: Finding) -> float:
    return finding.bits


def _identity(subject: Subject) -> tuple[object, ...]:
    """What makes two markers those of one person, as far as anybody can tell."""
    return subject.names(), subject.date_of_birth


def _same_name(person: Person, subject: Subject) -> bool:
    asked = sorted(words(f"{person.given} {person.family}"))
    return any(sorted(words(f"{given} {family}")) == asked for given, family in subject.names())


def _same_birth(person: Person, subject: Subject) -> bool:
    return day_of(person.date_of_birth) == day_of(subject.date_of_birth)


def _match(marker: Marker, ways: Mapping[MatchedBy, Finding], at: datetime) -> Match:
    certainty = min(finding.certainty for finding in ways.values())
    # Somebody named who is also an associate is one person: that counts once.
    named = max((ways[by].bits for by in _SAME_PERSON if by in ways), default=0.0)
    score = named + sum(finding.bits for by, finding in ways.items() if by not in _SAME_PERSON)
    if score >= evidence.LIKELY:
        certainty = min(certainty, Certainty.LIKELY)
    return Match(marker.shown(), marker.state(at), frozenset(ways), certainty, round(score, 2))


def _rank(match: Match) -> tuple[Certainty, bool, int, float, str]:
    expired = match.state is not MarkerState.ACTIVE
    return match.certainty, expired, match.marker.severity, -match.score, str(match.marker.id)
