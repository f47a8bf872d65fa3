"""What becomes of a unit that was sent: received, arrived, ended. Its hazard answer is in dispatch/domain."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from services.dispatch.domain.records import Assignment, Unit
from services.dispatch.domain.terms import AssignmentState, EndReason
from services.dispatch.units.domain.units import must_be_crew
from services.kernel.errors import Refused

# They note what a crew said by voice.
_CONTROL_ROOM = frozenset({"ROLE_DISPATCHER", "ROLE_SUPERVISOR"})


def must_be_open(assignment: Assignment) -> None:
    """Raises Refused(ASSIGNMENT_ENDED)."""
    if assignment.state is AssignmentState.ENDED:
        raise Refused("ASSIGNMENT_ENDED", rule="the unit is not on the incident any more")


def may_acknowledge(unit: Unit, subject: str, roles: Collection[str]) -> None:
    """A crew speaks for itself; the control room notes what it said by voice (R-MK-03).

    Raises Refused(NOT_OF_THE_CREW) for anybody else.
    """
    if _CONTROL_ROOM.isdisjoint(roles):
        must_be_crew(unit, subject)


def may_result(on_it: Sequence[Unit], subject: str, roles: Collection[str]) -> None:
    """An officer says how an incident ended that their own unit is on. Raises Refused(NOT_OF_THE_CREW)."""
    of_the_crew = any(member.officer_id == subject for unit in on_it for member in unit.crew)
    if _CONTROL_ROOM.isdisjoint(roles) and not of_the_crew:
        raise Refused("NOT_OF_THE_CREW", rule="an officer results an incident of their own unit", permission=True)


def acknowledge(assignment: Assignment, at: datetime) -> Assignment:
    """The assignment, received by the crew; the same where it was before. Raises Refused(ASSIGNMENT_ENDED)."""
    must_be_open(assignment)
    if assignment.acknowledged_at is not None:
        return assignment
    state = max(assignment.state, AssignmentState.ACKNOWLEDGED)
    return replace(assignment, state=state, acknowledged_at=at, sequence=assignment.sequence + 1)


def arrive(assignment: Assignment, at: datetime) -> Assignment:
    """The assignment, its crew at the scene; the same where it was before. The unit's own event tells of it."""
    if assignment.arrived_at is not None:
        return assignment
    return replace(assignment, state=AssignmentState.AT_SCENE, arrived_at=at)


def end(assignment: Assignment, reason: EndReason, at: datetime, explanation: str = "") -> Assignment:
    """The assignment, over. Raises Refused(ASSIGNMENT_ENDED)."""
    must_be_open(assignment)
    return replace(
        assignment,
        state=AssignmentState.ENDED,
        ended_at=at,
        end_reason=reason,
        explanation=explanation,
        sequence=assignment.sequence + 1,
    )
