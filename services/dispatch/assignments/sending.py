"""How a unit gets onto an incident and off it again: what every use case of assignments shares, and status changes too.

Locks are taken in one order: the unit, its incidents by id, its assignment.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from peel.dispatch.v1 import events_pb2 as events
from services.dispatch import metrics
from services.dispatch.assignments import store, warning
from services.dispatch.assignments.domain import assignments
from services.dispatch.changes.log import put_on_board
from services.dispatch.domain.hazard_answer import Check, first_answer
from services.dispatch.domain.records import Assignment, Incident, Unit
from services.dispatch.domain.terms import AssignmentState, DispatchState, EndReason, TaskKind
from services.dispatch.incidents import store as incident_store
from services.dispatch.incidents.domain import incidents
from services.dispatch.incidents.handlers import UNRESOURCED, finish, wait
from services.dispatch.markers.looking import look_for_markers
from services.dispatch.markers.rechecking import HAZARD_RECHECK
from services.dispatch.messages import assignment_message
from services.dispatch.reference.limits import limits
from services.dispatch.tasks import tray
from services.dispatch.units import keeping
from services.kernel.ids import new_id
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction

ACK_VOICE, ACK_NEXT_UNIT, ACK_SUPERVISOR = "ACK_VOICE", "ACK_NEXT_UNIT", "ACK_SUPERVISOR"
_ACK_TIMERS = (ACK_VOICE, ACK_NEXT_UNIT, ACK_SUPERVISOR)
_ACK_TASKS = (TaskKind.VOICE_ASSIGNMENT, TaskKind.OFFER_NEXT_UNIT, TaskKind.SUPERVISE_ASSIGNMENT)
_TIMERS = (*_ACK_TIMERS, warning.HAZARD_ACK_VOICE, HAZARD_RECHECK)
_TASKS = (*_ACK_TASKS, *warning.TASKS)


async def lock_incidents(tx: Transaction, force: str, ids: Iterable[UUID | None]) -> dict[UUID, Incident]:
    """These incidents, locked in one order, so that two dispatchers do not wait for each other. Raises NotFound."""
    wanted = sorted({one for one in ids if one is not None})
    return {one: await incident_store.incident(tx, one, force, lock=True) for one in wanted}


async def send(
    tx: Transaction,
    unit: Unit,
    incident: Incident,
    check: Check,
    *,
    skills: Iterable[str] = (),
    there_since: datetime | None = None,
) -> Assignment:
    """Puts a unit that is on nothing on an incident, with what was found of hazards (I3).

    `there_since` is for a crew that came upon the incident by itself.
    """
    assignment = Assignment(
        id=new_id(),
        force=incident.force,
        incident_id=incident.id,
        unit_id=unit.id,
        callsign=unit.callsign,
        state=AssignmentState.AT_SCENE if there_since else AssignmentState.SENT,
        assigned_at=tx.now,
        assigned_by=tx.caller.subject,
        hazard=first_answer(check, tx.now),
        grade=incident.grade,
        hazard_told_at=tx.now,
        skills=tuple(sorted(skills)),
        place=incident.place,
        acknowledged_at=there_since,
        arrived_at=there_since,
    )
    tx.add(store.ASSIGNMENT, store.assignment_row(assignment))
    await keeping.assigned(tx, unit, incident, assignment.id)
    if incident.state is DispatchState.QUEUED:
        await _resourced(tx, incident)
    incident = await _standing(tx, incident)
    put_on_board(tx, assignment=assignment, shared_with=incident.shared_with)
    event = events.UnitAssigned(assignment=assignment_message(assignment), radios=unit.radios)
    tx.emit(event, force=assignment.force, sequence=assignment.sequence)
    if there_since is None:
        _await_acknowledgement(tx, assignment)
    await warning.warn(tx, assignment)
    return assignment


async def _resourced(tx: Transaction, incident: Incident) -> None:
    metrics.GRADED_TO_ASSIGNED.labels(incident.urgency).observe((tx.now - incident.graded_at).total_seconds())
    tx.cancel_timer(UNRESOURCED, incident.id)
    await tray.settle(tx, [TaskKind.UNRESOURCED], "a unit was sent", incident_id=incident.id)


def _await_acknowledgement(tx: Transaction, assignment: Assignment) -> None:
    allowed = limits(assignment.force, local_date(tx.now))
    for kind, after, owner in (
        (ACK_VOICE, allowed.voice_assignment, tray.DISPATCHER),
        (ACK_NEXT_UNIT, allowed.next_unit, tray.DISPATCHER),
        (ACK_SUPERVISOR, allowed.supervise, tray.SUPERVISOR),
    ):
        tx.start_timer(kind, assignment.id, due=tx.now + after, owner=owner, force=assignment.force)


async def _standing(tx: Transaction, incident: Incident) -> Incident:
    """The incident as its open assignments make it stand, stored and shown."""
    states = await incident_store.open_states(tx, incident.id)
    incident = replace(incident, state=incidents.standing(states.values()), assignment_ids=tuple(states))
    await incident_store.keep_incident(tx, incident)
    put_on_board(tx, incident=incident)
    return incident


async def take_off(
    tx: Transaction, unit: Unit, assignment: Assignment, incident: Incident, reason: EndReason, explanation: str = ""
) -> Unit:
    """Ends a unit's assignment and makes it free. What becomes of the incident is told by `vacate` or `finish`.

    Raises Refused(ASSIGNMENT_ENDED).
    """
    ended = assignments.end(assignment, reason, tx.now, explanation)
    await store.keep_assignment(tx, ended)
    for kind in _TIMERS:
        tx.cancel_timer(kind, ended.id)
    await tray.settle(tx, _TASKS, f"the assignment ended: {reason.name}", assignment_id=ended.id)
    put_on_board(tx, assignment=ended, shared_with=incident.shared_with)
    event = events.AssignmentEnded(assignment=assignment_message(ended), radios=unit.radios)
    tx.emit(event, force=ended.force, sequence=ended.sequence)
    return await keeping.released(tx, unit)


async def vacate(tx: Transaction, incident: Incident) -> Incident:
    """A unit is off the incident. The last one leaves it waiting again, on the clock that it always had (R-DP-01)."""
    incident = await _standing(tx, incident)
    if incident.state is not DispatchState.QUEUED:
        return incident
    if incident.closed_at is not None:
        return await finish(incident, incidents.CLOSED_WITHOUT_UNIT, tx)
    return await wait(incident, tx)


async def received(tx: Transaction, assignment: Assignment) -> Assignment:
    """The crew has the assignment: nobody needs to call it again or look for another unit.

    Raises Refused(ASSIGNMENT_ENDED).
    """
    known = assignments.acknowledge(assignment, tx.now)
    if known is not assignment:
        await store.keep_assignment(tx, known)
        await _nobody_waits(tx, known, "the crew acknowledged the assignment")
        await show(tx, known)
        event = events.AssignmentAcknowledged(assignment=assignment_message(known))
        tx.emit(event, force=known.force, sequence=known.sequence)
    return known


async def _nobody_waits(tx: Transaction, assignment: Assignment, note: str) -> None:
    for kind in _ACK_TIMERS:
        tx.cancel_timer(kind, assignment.id)
    await tray.settle(tx, _ACK_TASKS, note, assignment_id=assignment.id)


async def show(tx: Transaction, assignment: Assignment) -> None:
    """Puts an assignment on every board on which its incident is."""
    incident = await incident_store.incident(tx, assignment.incident_id, assignment.force)
    put_on_board(tx, assignment=assignment, shared_with=incident.shared_with)


async def arrived(tx: Transaction, unit: Unit, at: datetime) -> None:
    """The unit, which the caller has locked, is at the scene of what it was sent to."""
    incidents_locked = await lock_incidents(tx, unit.force, [unit.incident_id])
    before = await store.of_unit(tx, unit.id)
    if before is None or before.arrived_at is not None:
        return
    assignment = assignments.arrive(before, at)
    await store.keep_assignment(tx, assignment)
    await _nobody_waits(tx, assignment, "the crew is at the scene")
    incident = await _standing(tx, incidents_locked[assignment.incident_id])
    put_on_board(tx, assignment=assignment, shared_with=incident.shared_with)
    took = (at - assignment.assigned_at).total_seconds()
    metrics.ASSIGNED_TO_ARRIVED.labels(incident.urgency).observe(max(0.0, took))
    await warning.at_scene_unwarned(tx, assignment)


async def left(tx: Transaction, unit: Unit) -> Unit:
    """The unit, which the caller has locked, says by its status that it is not on its incident any more.

    Returns the unit, free, as it is stored from now on.
    """
    incidents_locked = await lock_incidents(tx, unit.force, [unit.incident_id])
    assignment = await store.of_unit(tx, unit.id)
    if assignment is None:
        return unit
    incident = incidents_locked[assignment.incident_id]
    freed = await take_off(tx, unit, assignment, incident, EndReason.STOOD_DOWN)
    await vacate(tx, incident)
    return freed


async def attach(tx: Transaction, unit: Unit, incident_id: UUID, at: datetime) -> Assignment:
    """A unit, which the caller has locked, is at an incident that nobody sent it to. It is warned like any other (I3).

    Raises NotFound, Refused(INCIDENT_ENDED).
    """
    check = await look_for_markers(tx, await incident_store.incident(tx, incident_id, unit.force))
    incident = (await lock_incidents(tx, unit.force, [incident_id]))[incident_id]
    incidents.must_go_on(incident)
    return await send(tx, unit, incident, check, there_since=at)
