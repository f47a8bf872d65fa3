"""What dispatchers and crews do with assignments: send, move, stand down, receive, result."""

from dataclasses import dataclass
from uuid import UUID

from services.dispatch.assignments import sending, store
from services.dispatch.assignments.domain import assignments
from services.dispatch.domain.records import Assignment, Incident, Unit
from services.dispatch.domain.terms import AssignmentState, EndReason, TaskKind
from services.dispatch.fleet.domain.deployment import Obstacle, check_deployable, fitness
from services.dispatch.fleet.handlers import RecommendUnits, units_for
from services.dispatch.incidents import store as incident_store
from services.dispatch.incidents.domain import incidents
from services.dispatch.incidents.handlers import finish
from services.dispatch.markers.looking import look_for_markers
from services.dispatch.reference.fleet import deployment_rules
from services.dispatch.reference.incidents import results
from services.dispatch.tasks import tray
from services.dispatch.units import store as unit_store
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AssignUnit:
    incident_id: UUID
    unit_id: UUID
    skills: frozenset[str]
    confirm_pre_emption: bool


@dataclass(frozen=True, slots=True)
class ReassignUnit:
    assignment_id: UUID
    incident_id: UUID
    skills: frozenset[str]
    explanation: str


@dataclass(frozen=True, slots=True)
class StandDownUnit:
    assignment_id: UUID
    explanation: str


@dataclass(frozen=True, slots=True)
class ResultIncident:
    incident_id: UUID
    result: str


async def assign_unit(command: AssignUnit, tx: Transaction) -> Assignment:
    """Sends a unit, with the hazard answer inside what it is sent (I3)."""
    check = await look_for_markers(tx, await incident_store.incident(tx, command.incident_id, tx.caller.force))
    unit = await unit_store.unit(tx, command.unit_id, lock=True)
    locked = await sending.lock_incidents(tx, tx.caller.force, [command.incident_id, unit.incident_id])
    incident = locked[command.incident_id]
    incidents.must_go_on(incident)
    today = local_date(tx.now)
    rules = deployment_rules(unit.force, today)
    fit = fitness(unit, incident.id, incident.urgency, command.skills, today, rules)
    check_deployable(fit, confirmed=command.confirm_pre_emption)
    if unit.incident_id is not None:
        unit = await _take_from(tx, unit, locked[unit.incident_id], EndReason.PRE_EMPTED)
    return await sending.send(tx, unit, incident, check, skills=command.skills)


async def _take_from(tx: Transaction, unit: Unit, held: Incident, reason: EndReason, explanation: str = "") -> Unit:
    """The unit, free; the incident that it was on waits again on its original clock (domain facts 4.2)."""
    assignment = await store.of_unit(tx, unit.id)
    if assignment is None:
        return unit
    freed = await sending.take_off(tx, unit, assignment, held, reason, explanation)
    await sending.vacate(tx, held)
    return freed


async def reassign_unit(command: ReassignUnit, tx: Transaction) -> Assignment:
    """Moves a unit to another incident, because a person says so and why. No rule of grades stands against that."""
    force = tx.caller.force
    check = await look_for_markers(tx, await incident_store.incident(tx, command.incident_id, force))
    before = await store.assignment(tx, command.assignment_id, force)
    unit = await unit_store.unit(tx, before.unit_id, lock=True)
    locked = await sending.lock_incidents(tx, force, [command.incident_id, before.incident_id])
    assignments.must_be_open(await store.assignment(tx, command.assignment_id, force, lock=True))
    incident = locked[command.incident_id]
    incidents.must_go_on(incident)
    today = local_date(tx.now)
    fit = fitness(unit, incident.id, incident.urgency, command.skills, today, deployment_rules(force, today))
    if fit.obstacle is not Obstacle.PRE_EMPTION_REFUSED:
        check_deployable(fit, confirmed=True)
    unit = await _take_from(tx, unit, locked[before.incident_id], EndReason.REASSIGNED, command.explanation)
    return await sending.send(tx, unit, incident, check, skills=command.skills)


async def stand_down_unit(command: StandDownUnit, tx: Transaction) -> Assignment:
    """Takes a unit off its incident."""
    force = tx.caller.force
    before = await store.assignment(tx, command.assignment_id, force)
    unit = await unit_store.unit(tx, before.unit_id, lock=True)
    held = (await sending.lock_incidents(tx, force, [before.incident_id]))[before.incident_id]
    assignment = await store.assignment(tx, command.assignment_id, force, lock=True)
    assignments.must_be_open(assignment)
    await _take_from(tx, unit, held, EndReason.STOOD_DOWN, command.explanation)
    return await store.assignment(tx, command.assignment_id, force)


async def acknowledge_assignment(assignment_id: UUID, tx: Transaction) -> Assignment:
    """The crew has it, or a dispatcher heard so by voice."""
    force = tx.caller.force
    assignment = await store.assignment(tx, assignment_id, force, lock=True)
    unit = await unit_store.unit(tx, assignment.unit_id)
    assignments.may_acknowledge(unit, tx.caller.subject, tx.caller.roles)
    return await sending.received(tx, assignment)


async def result_incident(command: ResultIncident, tx: Transaction) -> Incident:
    """Ends an incident for dispatch. An officer does so for an incident that their own unit is on."""
    force = tx.caller.force
    incidents.must_be_result(command.result, results(force, local_date(tx.now)))
    # Their units first: see the order of locks in sending.py.
    sent = sorted(a.unit_id for a in await store.open_of_incidents(tx, [command.incident_id], lock=False))
    on_it = [await unit_store.unit(tx, unit_id, lock=True) for unit_id in sent]
    incident = (await sending.lock_incidents(tx, force, [command.incident_id]))[command.incident_id]
    incidents.must_go_on(incident)
    assignments.may_result(on_it, tx.caller.subject, tx.caller.roles)
    for assignment in await store.open_of_incidents(tx, [incident.id]):
        unit = await unit_store.unit(tx, assignment.unit_id, lock=True)
        await sending.take_off(tx, unit, assignment, incident, EndReason.RESULTED)
    return await finish(incident, command.result, tx)


async def voice_assignment(assignment_id: UUID, force: str, tx: Transaction) -> None:
    """The crew has not acknowledged: somebody calls it again."""
    silent = await _silent(assignment_id, force, sending.ACK_VOICE, tx)
    if silent is not None:
        await _raise(TaskKind.VOICE_ASSIGNMENT, tray.DISPATCHER, silent, silent.unit_id, tx)


async def offer_next_unit(assignment_id: UUID, force: str, tx: Transaction) -> None:
    """The crew has still not acknowledged: the incident is offered to the next unit, where there is one."""
    silent = await _silent(assignment_id, force, sending.ACK_NEXT_UNIT, tx)
    if silent is not None:
        wanted = RecommendUnits(silent.incident_id, frozenset(silent.skills), limit=1)
        found = (await units_for(wanted, force, tx)).found
        await _raise(TaskKind.OFFER_NEXT_UNIT, tray.DISPATCHER, silent, found[0].unit.id if found else None, tx)


async def supervise_assignment(assignment_id: UUID, force: str, tx: Transaction) -> None:
    """Nor then: a supervisor looks."""
    silent = await _silent(assignment_id, force, sending.ACK_SUPERVISOR, tx)
    if silent is not None:
        await _raise(TaskKind.SUPERVISE_ASSIGNMENT, tray.SUPERVISOR, silent, silent.unit_id, tx)


async def _silent(assignment_id: UUID, force: str, clock: str, tx: Transaction) -> Assignment | None:
    """The assignment, where its crew has not said that it knows, locked: whoever changes it then settles the task.

    Where somebody is changing it just now, the clock strikes again at once: it must not wait for them, and they do not
    wait for it.
    """
    assignment = await store.assignment_at_hand(tx, assignment_id, force)
    if assignment is None:
        owner = tray.SUPERVISOR if clock == sending.ACK_SUPERVISOR else tray.DISPATCHER
        tx.start_timer(clock, assignment_id, due=tx.now, owner=owner, force=force)
        return None
    return assignment if assignment.state is AssignmentState.SENT else None


async def _raise(kind: TaskKind, owner: str, silent: Assignment, unit_id: UUID | None, tx: Transaction) -> None:
    await tray.raise_task(
        tx, kind, owner, silent.force, incident_id=silent.incident_id, assignment_id=silent.id, unit_id=unit_id
    )
