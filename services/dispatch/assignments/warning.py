"""How crews are warned: what follows from a hazard answer, the first one and every newer one (I3, R-MK-02, R-MK-03)."""

from peel.dispatch.v1 import events_pb2 as events
from services.dispatch import metrics
from services.dispatch.assignments import store
from services.dispatch.changes.log import put_on_board
from services.dispatch.domain.hazard_answer import to_acknowledge, updated
from services.dispatch.domain.records import Assignment, HazardAnswer
from services.dispatch.domain.terms import AssignmentState, HazardOutcome, TaskKind
from services.dispatch.incidents import store as incident_store
from services.dispatch.markers.rechecking import recheck
from services.dispatch.messages import assignment_message
from services.dispatch.reference.limits import limits
from services.dispatch.tasks import tray
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction

HAZARD_ACK_VOICE = "HAZARD_ACK_VOICE"
TASKS = (TaskKind.VOICE_HAZARD, TaskKind.HAZARD_UNKNOWN_AT_SCENE)


async def warn(tx: Transaction, assignment: Assignment) -> None:
    """What follows from the answer that a crew was sent with: what is not checked is checked at once."""
    _count(assignment.hazard, "assigned")
    if assignment.hazard.outcome is HazardOutcome.NOT_CHECKED:
        recheck(tx, assignment.id, assignment.force)
    if to_acknowledge(assignment):
        _await_acknowledgement(tx, assignment)
        await at_scene_unwarned(tx, assignment)


async def tell(tx: Transaction, before: Assignment, answer: HazardAnswer, cause: str) -> Assignment:
    """Pushes a newer answer to a crew that has been sent, until it acknowledges."""
    assignment = updated(before, answer, tx.now)
    await store.keep_assignment(tx, assignment)
    incident = await incident_store.incident(tx, assignment.incident_id, assignment.force)
    put_on_board(tx, assignment=assignment, shared_with=incident.shared_with)
    event = events.HazardUpdated(assignment=assignment_message(assignment))
    tx.emit(event, force=assignment.force, sequence=assignment.sequence)
    _count(answer, cause)
    metrics.MARKERS_PUSHED.inc()
    _await_acknowledgement(tx, assignment)
    await at_scene_unwarned(tx, assignment)
    return assignment


def _await_acknowledgement(tx: Transaction, assignment: Assignment) -> None:
    """A clock that runs is left to run: a newer answer gives a silent crew no more time."""
    told_at = assignment.hazard_told_at
    due = told_at + limits(assignment.force, local_date(told_at)).voice_hazard
    tx.start_timer(HAZARD_ACK_VOICE, assignment.id, due=due, owner=tray.DISPATCHER, force=assignment.force)


async def voice(tx: Transaction, assignment: Assignment) -> None:
    """Somebody tells the crew by voice."""
    await _raise(tx, TaskKind.VOICE_HAZARD, assignment)


async def at_scene_unwarned(tx: Transaction, assignment: Assignment) -> None:
    """A crew that is at the scene and has not said that it knows the hazards: somebody finds out at once (R-MK-03)."""
    if assignment.state is AssignmentState.AT_SCENE and to_acknowledge(assignment):
        await _raise(tx, TaskKind.HAZARD_UNKNOWN_AT_SCENE, assignment)


async def _raise(tx: Transaction, kind: TaskKind, assignment: Assignment) -> None:
    await tray.raise_task(
        tx,
        kind,
        tray.DISPATCHER,
        assignment.force,
        incident_id=assignment.incident_id,
        assignment_id=assignment.id,
        unit_id=assignment.unit_id,
    )


def _count(answer: HazardAnswer, cause: str) -> None:
    metrics.HAZARD_ANSWERS.labels(answer.outcome.name, answer.reason.name if answer.reason else "", cause).inc()
