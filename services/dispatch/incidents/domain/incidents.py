"""Incidents that wait, are attended and end. Their clock is the first contact, whatever happens to them."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from services.dispatch.domain.records import Incident, Person
from services.dispatch.domain.terms import AssignmentState, DispatchState
from services.kernel.errors import Refused

# What an incident that intake closed, and to which nobody is sent, is resulted as.
CLOSED_WITHOUT_UNIT = "CLOSED_WITHOUT_UNIT"
# People whom other incidents at the same address named. An address that names more is that of an institution.
MOST_ASSOCIATES = 50


def ended(incident: Incident) -> bool:
    return incident.state is DispatchState.RESULTED


def must_go_on(incident: Incident) -> None:
    """Raises Refused(INCIDENT_ENDED)."""
    if ended(incident):
        raise Refused("INCIDENT_ENDED", rule="the incident has its result")


def standing(open_assignments: Iterable[AssignmentState]) -> DispatchState:
    """Where an incident stands by the assignments that have not ended."""
    states = set(open_assignments)
    if AssignmentState.AT_SCENE in states:
        return DispatchState.AT_SCENE
    return DispatchState.ASSIGNED if states else DispatchState.QUEUED


def must_be_result(code: str, codes: Collection[str]) -> None:
    """Raises Refused(RESULT_UNKNOWN), with the codes of the force's table."""
    if code not in codes:
        raise Refused("RESULT_UNKNOWN", rule=f"results of this force are {', '.join(sorted(codes))}")


def result(incident: Incident, code: str, at: datetime) -> Incident:
    """The incident with its result. Nobody is on it any more. Raises Refused(INCIDENT_ENDED)."""
    must_go_on(incident)
    return replace(
        incident,
        state=DispatchState.RESULTED,
        result=code,
        resulted_at=at,
        assignment_ids=(),
        sequence=incident.sequence + 1,
    )


def with_associates(incident: Incident, people: Iterable[Person]) -> Incident:
    """The incident, with these people known at its address; the same where all of them were known or named before.

    The latest 50 are kept.
    """
    known = {*incident.people, *incident.associates}
    new = tuple(dict.fromkeys(person for person in people if person not in known))
    if not new:
        return incident
    return replace(incident, associates=(*new, *incident.associates)[:MOST_ASSOCIATES])


def share(incident: Incident, force: str) -> Incident:
    """The incident, seen by another force too; the same where it is already.

    Raises Refused(OWN_FORCE).
    """
    if force == incident.force:
        raise Refused("OWN_FORCE", rule="an incident is shared with another force than its own")
    if force in incident.shared_with:
        return incident
    return replace(incident, shared_with=(*incident.shared_with, force), sequence=incident.sequence + 1)


def escalate(incident: Incident, owner: str, at: datetime) -> Incident:
    """The incident, on record as told of to this post (R-DP-01)."""
    return replace(incident, escalated_to=owner, escalated_at=at, sequence=incident.sequence + 1)
