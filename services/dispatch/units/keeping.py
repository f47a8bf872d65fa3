"""What a change of a unit brings with it, whoever makes it: row, board, event, and the watch over its status."""

from datetime import datetime, timedelta
from uuid import UUID

from peel.dispatch.v1 import events_pb2 as events
from services.dispatch.changes.log import put_on_board
from services.dispatch.domain.records import Assignment, Incident, Unit
from services.dispatch.domain.terms import TaskKind
from services.dispatch.domain.travel import travel_time
from services.dispatch.messages import assignment_message, unit_message
from services.dispatch.reference.units import status_rules, travel_rules
from services.dispatch.tasks import tray
from services.dispatch.units import store
from services.dispatch.units.domain.status import overdue_at
from services.dispatch.units.domain.units import assign, release
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction

STATUS_OVERDUE = "STATUS_OVERDUE"


async def keep(tx: Transaction, unit: Unit) -> Unit:
    """Stores a change of a unit and puts it on the board."""
    await store.keep_unit(tx, unit)
    put_on_board(tx, unit=unit)
    return unit


async def keep_status(tx: Transaction, unit: Unit, assignment: Assignment | None = None) -> Unit:
    """Stores a status that a unit has now and tells everybody, with the assignment that it is on."""
    await keep(tx, unit)
    await told_status(tx, unit, assignment)
    return unit


async def told_status(tx: Transaction, unit: Unit, assignment: Assignment | None = None) -> None:
    """Tells the other services of a status that is stored, and watches how long it lasts (domain facts 4.1)."""
    due = overdue_at(unit, status_rules(unit.force, local_date(tx.now)), _eta(tx, unit, assignment))
    await _watch(tx, unit, due, "the unit has another status")
    tell(tx, unit, assignment)


def tell(tx: Transaction, unit: Unit, assignment: Assignment | None = None) -> None:
    """Tells the other services how a unit is."""
    event = events.UnitStatusChanged(
        unit=unit_message(unit, local_date(tx.now)),
        assignment=None if assignment is None else assignment_message(assignment),
    )
    tx.emit(event, force=unit.force, sequence=unit.sequence)


async def unwatch(tx: Transaction, unit: Unit, note: str) -> None:
    """The unit is not in its status any more: nobody needs to ask why it stays so long."""
    await _watch(tx, unit, None, note)


async def _watch(tx: Transaction, unit: Unit, due: datetime | None, note: str) -> None:
    """Until then nobody needs to ask. The unit is locked, so a clock that strikes meanwhile has asked already, or will
    look again: see `tell_overdue` in duty/handlers.py."""
    tx.cancel_timer(STATUS_OVERDUE, unit.id)
    if due is not None:
        start_overdue(tx, unit.id, unit.force, due)
    await store.keep_overdue(tx, unit.id, due)
    await tray.settle(tx, [TaskKind.STATUS_OVERDUE], note, unit_id=unit.id)


def start_overdue(tx: Transaction, unit_id: UUID, force: str, due: datetime) -> None:
    """Has somebody look then whether the unit is in its status for too long."""
    tx.start_timer(STATUS_OVERDUE, unit_id, due=due, owner=tray.DISPATCHER, force=force)


def _eta(tx: Transaction, unit: Unit, assignment: Assignment | None) -> timedelta | None:
    if assignment is None or assignment.place is None or unit.position is None:
        return None
    rules = travel_rules(unit.force, local_date(tx.now))
    return travel_time(unit.position.point, assignment.place.point, unit.incident_urgency, rules)


async def assigned(tx: Transaction, unit: Unit, incident: Incident, assignment_id: UUID) -> Unit:
    """The unit, sent to an incident. The unit is locked."""
    return await keep(tx, assign(unit, incident.id, incident.urgency, assignment_id))


async def released(tx: Transaction, unit: Unit) -> Unit:
    """The unit, sent to nothing any more; on its way or at the scene until now, it is on patrol. The unit is locked."""
    free = release(unit, tx.now)
    if free.status is unit.status:
        return await keep(tx, free)
    return await keep_status(tx, free)
