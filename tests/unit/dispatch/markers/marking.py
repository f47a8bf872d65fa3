"""Markers and incidents in few words, for the tests of what is found. All people are invented."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from uuid import UUID

from services.dispatch.markers.domain import (
    Address,
    Certainty,
    Concerns,
    Marker,
    MarkerIndex,
    Match,
    MatchedBy,
    Person,
    Severity,
    Subject,
    SubjectKind,
)

FORCE = "greater-manchester"
TODAY = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHORT_FORMS = {"margaret": frozenset({"peggy"}), "peggy": frozenset({"margaret"})}


def a_person(given: str = "", family: str = "", born: str = "", **known: object) -> Subject:
    return Subject(SubjectKind.PERSON, given, family, date_of_birth=born, **known)  # type: ignore[arg-type]


def a_marker(subject: Subject, number: int = 1, **known: object) -> Marker:
    """A firearms marker, good for a year."""
    fields: dict[str, object] = {
        "code": "FI",
        "severity": Severity.HIGHEST,
        "source": "INTELLIGENCE",
        "review_due": date(2027, 6, 1),
        "expires_at": datetime(2027, 11, 24, tzinfo=UTC),
        "handling": "Armed response first.",
    }
    return Marker(UUID(int=number), FORCE, 1, subject, **(fields | known))  # type: ignore[arg-type]


def an_index(*markers: Marker) -> MarkerIndex:
    return MarkerIndex(FORCE, markers, short_forms=SHORT_FORMS)


def naming(given: str = "", family: str = "", born: str = "", phone: str = "") -> Concerns:
    """An incident that names one person."""
    return Concerns(people=(Person(given, family, born, phone),))


def at(text: str = "", uprn: str = "") -> Concerns:
    """An incident at an address."""
    return Concerns(address=text, uprn=uprn)


def living_at(*addresses: Address) -> Subject:
    return a_person("Ada", "Fernleigh", "1970-02-03", addresses=addresses)


def found(subject: Subject, concerns: Concerns) -> Match | None:
    """How a marker about the subject concerns the incident; None where it does not."""
    matches = an_index(a_marker(subject)).find(concerns, TODAY)
    assert len(matches) <= 1
    return matches[0] if matches else None


def certainty(subject: Subject, concerns: Concerns) -> Certainty | None:
    match = found(subject, concerns)
    return match.certainty if match else None


def ways(match: Match | None) -> Iterable[MatchedBy]:
    return match.by if match else ()
