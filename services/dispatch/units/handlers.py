"""Units come to be known, and are looked at. What they do is in duty."""

from dataclasses import dataclass
from uuid import UUID

from services.dispatch.changes.log import put_on_board
from services.dispatch.domain.records import Unit
from services.dispatch.units import store
from services.dispatch.units.domain.units import register
from services.kernel.errors import Conflict
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RegisterUnit:
    unit_id: UUID
    force: str
    callsign: str


async def register_unit(command: RegisterUnit, tx: Transaction) -> Unit:
    unit = register(command.unit_id, command.force, command.callsign, tx.now)
    if not await store.add_unit(tx, unit):
        raise Conflict("CALLSIGN_TAKEN", rule="another unit of the force bears this callsign")
    put_on_board(tx, unit=unit)
    return unit


async def get_unit(unit_id: UUID, tx: Transaction) -> Unit:
    return await store.unit(tx, unit_id)
