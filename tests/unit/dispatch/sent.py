"""Incidents, units and what they were told, for the tests of dispatch. All of it is invented."""

from datetime import UTC, datetime
from uuid import UUID

from services.dispatch.domain.records import Assignment, Hazard, HazardAnswer, Incident, Person, Place
from services.dispatch.domain.terms import (
    AssignmentState,
    Certainty,
    DispatchState,
    HazardOutcome,
    HazardSeverity,
    MatchedBy,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
FORCE = "west-yorkshire"


def an_id(number: int) -> UUID:
    """The same for the same number, in the order of the numbers."""
    return UUID(int=number)


def an_incident(**known: object) -> Incident:
    """A Grade 2 that was graded at noon and waits."""
    fields: dict[str, object] = {
        "id": an_id(1),
        "contact_id": an_id(2),
        "force": FORCE,
        "grade": "2",
        "urgency": 2,
        "state": DispatchState.QUEUED,
        "first_contact_at": NOON,
        "graded_at": NOON,
        "place": Place(address="12 Nowhere Mount, Exampleford"),
        "people": (Person("Zephyrine", "Quillfeather"),),
    }
    return Incident(**{**fields, **known})  # type: ignore[arg-type]


def a_hazard(number: int = 7, **known: object) -> Hazard:
    """A marker for firearms that was found by its address."""
    fields: dict[str, object] = {
        "marker_id": an_id(number),
        "marker_version": 1,
        "code": "FI",
        "severity": HazardSeverity.HIGHEST,
        "matched_by": (MatchedBy.ADDRESS,),
        "certainty": Certainty.EXACT,
    }
    return Hazard(**{**fields, **known})  # type: ignore[arg-type]


def an_assignment(**known: object) -> Assignment:
    """Sent at noon, and told that nothing was found."""
    fields: dict[str, object] = {
        "id": an_id(3),
        "force": FORCE,
        "incident_id": an_id(1),
        "unit_id": an_id(4),
        "callsign": "WY-1",
        "state": AssignmentState.SENT,
        "assigned_at": NOON,
        "assigned_by": "dispatcher-1",
        "hazard": HazardAnswer(HazardOutcome.NONE_FOUND, 1, NOON),
        "grade": "2",
        "hazard_told_at": NOON,
    }
    return Assignment(**{**fields, **known})  # type: ignore[arg-type]
