"""What a change of a unit brings with it, whoever makes it: its row, the board, the event."""

from uuid import UUID

from peel.dispatch.v1 import events_pb2 as events
from services.dispatch import board, store_units
from services.dispatch.domain.records import Assignment, Incident, Unit
from services.dispatch.domain.units import assign, release
from services.dispatch.messages import assignment_message, unit_message
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction


async def keep(tx: Transaction, unit: Unit) -> Unit:
    """Stores a change of a unit and puts it on the board."""
    await store_units.keep_unit(tx, unit)
    board.change(tx, unit=unit)
    return unit


async def keep_status(tx: Transaction, unit: Unit, assignment: Assignment | None = None) -> Unit:
    """Stores a status that a unit has now and tells everybody, with the assignment that it is on."""
    await keep(tx, unit)
    event = events.UnitStatusChanged(
        unit=unit_message(unit, local_date(tx.now)),
        assignment=None if assignment is None else assignment_message(assignment),
    )
    tx.emit(event, force=unit.force, sequence=unit.sequence)
    return unit


async def assigned(tx: Transaction, unit: Unit, incident: Incident, assignment_id: UUID) -> Unit:
    """The unit, sent to an incident. The unit is locked."""
    return await keep(tx, assign(unit, incident.id, incident.urgency, assignment_id))


async def released(tx: Transaction, unit: Unit) -> Unit:
    """The unit, sent to nothing any more; on its way or at the scene until now, it is on patrol. The unit is locked."""
    free = release(unit, tx.now)
    if free.status is unit.status:
        return await keep(tx, free)
    return await keep_status(tx, free)
