"""What is open: for a console, all of a force; for a terminal, what concerns its unit."""

from uuid import UUID

from services.dispatch.assignments import store as assignment_store
from services.dispatch.changes import store as change_store
from services.dispatch.domain.records import Board, Terminal, Unit
from services.dispatch.domain.terms import TaskKind
from services.dispatch.emergencies import store as emergency_store
from services.dispatch.incidents import store as incident_store
from services.dispatch.tasks import store as task_store
from services.dispatch.units import store as unit_store
from services.dispatch.units.domain.units import for_any_unit, must_be_crew
from services.kernel.transaction import Transaction

# No tray of a force that works is near as long; it bounds what one reply may hold.
_MOST_TASKS = 10_000
# Nobody resumes after a shift and a half; and so many at a time hold no lock for long.
_KEPT_HOURS = 12
_MOST_FORGOTTEN = 20_000


async def get_board(force: str, tx: Transaction) -> Board:
    """The board at one moment: a change is in it, whole, or comes after its sequence."""
    await change_store.one_moment(tx)
    return Board(
        sequence=await change_store.last_sequence(tx, force),
        incidents=await incident_store.open_incidents(tx, force),
        units=await unit_store.units(tx, force),
        assignments=await assignment_store.open_assignments(tx, force),
        tasks=await task_store.tasks(tx, TaskKind.UNSPECIFIED, done=False, after=None, limit=_MOST_TASKS),
        emergencies=await emergency_store.of_force(tx, force),
    )


async def get_terminal(unit_id: UUID, tx: Transaction) -> Terminal:
    """What a terminal shows at one moment. Raises Refused(NOT_OF_THE_CREW) for another crew's officer, NotFound."""
    await change_store.one_moment(tx)
    unit = await watched_unit(unit_id, tx)
    return Terminal(
        sequence=await change_store.last_sequence(tx, unit.force),
        unit=unit,
        assignment=None
        if unit.assignment_id is None
        else await assignment_store.assignment(tx, unit.assignment_id, unit.force),
        emergencies=await emergency_store.of_unit(tx, unit_id),
    )


async def watched_unit(unit_id: UUID, tx: Transaction) -> Unit:
    """The unit, where the caller may watch it. Raises Refused(NOT_OF_THE_CREW), NotFound."""
    unit = await unit_store.unit(tx, unit_id)
    if not for_any_unit(tx.caller.roles):
        must_be_crew(unit, tx.caller.subject)
    return unit


async def forget_changes(tx: Transaction) -> None:
    """Forgets changes from which nobody resumes any more: whoever comes back from so long ago begins anew."""
    await change_store.forget(tx, _KEPT_HOURS, _MOST_FORGOTTEN)
