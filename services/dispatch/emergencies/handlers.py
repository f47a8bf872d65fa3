"""What follows for units from emergencies: status 0 over their status, and word to those who could help.

Officer safety alone raises and clears emergencies; nothing that a unit or a dispatcher does here takes one off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.assignments import store as assignment_store
from services.dispatch.changes.log import put_on_board
from services.dispatch.domain.records import Point, Unit
from services.dispatch.domain.terms import TaskKind
from services.dispatch.emergencies import store
from services.dispatch.emergencies.domain.nearby import Need, tell_nearby
from services.dispatch.radios import store as radio_store
from services.dispatch.reference.emergencies import nearby_rules
from services.dispatch.tasks import tray
from services.dispatch.tasks.tray import About
from services.dispatch.units import store as unit_store
from services.dispatch.units.domain.units import clear_emergency, raise_emergency
from services.dispatch.units.keeping import keep, tell
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Emergency:
    """An emergency as dispatch needs to know it. `unit_id` and `point` are None where officer safety does not know.

    `nearby`: nobody has taken it for so long that the units nearby are told. `duress`: the duress code was given.
    """

    id: UUID
    force: str
    unit_id: UUID | None
    radios: Sequence[str]
    point: Point | None
    raised_at: datetime
    nearby: bool
    duress: bool = False


async def emergency_raised(emergency: Emergency, tx: Transaction) -> None:
    """Status 0 lies over the unit in need until the emergency is cleared (domain facts 4.1)."""
    before = await _unit_in_need(emergency, tx)
    if before is None:
        return
    unit = raise_emergency(before, emergency.id, duress=emergency.duress)
    if unit is not before:
        await _keep_and_tell(unit, tx)


async def emergency_escalated(emergency: Emergency, tx: Transaction) -> None:
    """Nobody has taken an emergency: in time the units nearby are told, and a supervisor sees to it (R-OS-03)."""
    if not emergency.nearby:
        return
    unit = await _unit_in_need(emergency, tx)
    unit_id = None if unit is None else unit.id
    about = About(emergency.id, next(iter(emergency.radios), ""))
    kind, owner = TaskKind.EMERGENCY_NEARBY, tray.SUPERVISOR
    await tray.raise_task(tx, kind, owner, emergency.force, unit_id=unit_id, about=about)
    point = emergency.point or (unit.position.point if unit is not None and unit.position is not None else None)
    if point is None:
        return
    need = Need(emergency.id, point, emergency.raised_at, unit_id, "" if unit is None else unit.callsign)
    rules = nearby_rules(emergency.force, local_date(tx.now))
    near = tell_nearby(need, await store.units_around(tx, emergency.force, point, rules.metres), rules)
    for told in await store.add(tx, near):
        put_on_board(tx, emergency=told)


async def emergency_cleared(emergency: Emergency, tx: Transaction) -> None:
    """The emergency is over: for its unit, whose status is seen again, and for those who were told of it."""
    for before in await unit_store.in_emergency(tx, emergency.id):
        unit = clear_emergency(before, emergency.id)
        await _keep_and_tell(unit, tx)
    await tray.settle(tx, [TaskKind.EMERGENCY_NEARBY], "the emergency was cleared", about_id=emergency.id)
    for over in await store.remove(tx, emergency.id):
        put_on_board(tx, emergency=over)


async def _keep_and_tell(unit: Unit, tx: Transaction) -> None:
    await keep(tx, unit)
    tell(tx, unit, None if unit.assignment_id is None else await assignment_store.of_unit(tx, unit.id))


async def _unit_in_need(emergency: Emergency, tx: Transaction) -> Unit | None:
    """The unit of whoever pressed, locked; by what officer safety knows of the carrier, else by whose radio it is."""
    if emergency.unit_id is not None and (unit := await unit_store.known_unit(tx, emergency.unit_id)) is not None:
        return unit
    for radio in emergency.radios:
        carried_by = await radio_store.carrier(tx, emergency.force, radio)
        if carried_by is not None:
            return await unit_store.known_unit(tx, carried_by)
    return None
