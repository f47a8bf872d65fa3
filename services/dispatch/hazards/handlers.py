"""What happens about hazards once a crew is sent: acknowledged, looked for again, told by voice."""

from dataclasses import dataclass
from uuid import UUID

from peel.dispatch.v1 import events_pb2 as events
from services.dispatch import metrics
from services.dispatch.assignments import sending, warning
from services.dispatch.assignments import store as assignment_store
from services.dispatch.assignments.domain import assignments
from services.dispatch.domain import hazard_answer
from services.dispatch.domain.records import Assignment
from services.dispatch.domain.terms import AssignmentState, HazardOutcome, NotCheckedReason
from services.dispatch.incidents import store as incident_store
from services.dispatch.markers.looking import look_for_markers
from services.dispatch.markers.rechecking import HAZARD_RECHECK
from services.dispatch.messages import assignment_message
from services.dispatch.reference.limits import limits
from services.dispatch.tasks import tray
from services.dispatch.units import store as unit_store
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AcknowledgeHazard:
    assignment_id: UUID
    version: int


async def acknowledge_hazard(command: AcknowledgeHazard, tx: Transaction) -> Assignment:
    """The crew knows the hazards of this version, or a dispatcher told it by voice (R-MK-03)."""
    before = await assignment_store.assignment(tx, command.assignment_id, tx.caller.force, lock=True)
    unit = await unit_store.unit(tx, before.unit_id)
    assignments.may_acknowledge(unit, tx.caller.subject, tx.caller.roles)
    assignments.must_be_open(before)
    assignment = hazard_answer.acknowledge(before, command.version, tx.now)
    if assignment is before:
        return before
    await assignment_store.keep_assignment(tx, assignment)
    if not hazard_answer.to_acknowledge(assignment):
        tx.cancel_timer(warning.HAZARD_ACK_VOICE, assignment.id)
        await tray.settle(tx, warning.TASKS, "the crew knows the hazards", assignment_id=assignment.id)
        metrics.ASSIGNED_TO_HAZARD_ACKNOWLEDGED.observe((tx.now - assignment.hazard_told_at).total_seconds())
    await sending.show(tx, assignment)
    event = events.HazardAcknowledged(assignment=assignment_message(assignment))
    tx.emit(event, force=assignment.force, sequence=assignment.sequence)
    return assignment


async def check_again(assignment_id: UUID, force: str, tx: Transaction) -> None:
    """Looks for markers again after a look that failed, until one succeeds or the assignment is over (I3)."""
    before = await assignment_store.assignment(tx, assignment_id, force)
    if before.state is AssignmentState.ENDED:
        return
    incident = await incident_store.incident(tx, before.incident_id, force)
    check = await look_for_markers(tx, incident)
    assignment = await assignment_store.assignment_at_hand(tx, assignment_id, force)
    if assignment is None:
        # Somebody is changing it: looked for again at once.
        tx.start_timer(HAZARD_RECHECK, assignment_id, due=tx.now, owner=tray.DISPATCHER, force=force)
        return
    if assignment.state is AssignmentState.ENDED:
        return
    answer = hazard_answer.checked_again(assignment.hazard, check, tx.now)
    if answer is not None:
        await warning.tell(tx, assignment, answer, "recheck")
    if check.outcome is HazardOutcome.NOT_CHECKED and check.reason is not NotCheckedReason.NOTHING_TO_CHECK:
        due = tx.now + limits(force, local_date(tx.now)).recheck
        tx.start_timer(HAZARD_RECHECK, assignment_id, due=due, owner=tray.DISPATCHER, force=force)


async def voice_hazard(assignment_id: UUID, force: str, tx: Transaction) -> None:
    """The crew has not said in time that it knows the hazards. As of `_silent` in assignments/handlers.py."""
    assignment = await assignment_store.assignment_at_hand(tx, assignment_id, force)
    if assignment is None:
        tx.start_timer(warning.HAZARD_ACK_VOICE, assignment_id, due=tx.now, owner=tray.DISPATCHER, force=force)
        return
    if assignment.state is not AssignmentState.ENDED and hazard_answer.to_acknowledge(assignment):
        await warning.voice(tx, assignment)
