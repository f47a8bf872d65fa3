"""What a board shows, and what follows on it. The only place that says so."""

from dataclasses import dataclass

from services.dispatch import store_board, store_units
from services.dispatch.domain.records import Unit
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Board:
    """All that is open in a force after the change of that number."""

    sequence: int
    units: list[Unit]


async def get_board(force: str, tx: Transaction) -> Board:
    """The board at one moment: a change is in it, whole, or comes after `sequence`."""
    await store_board.one_moment(tx)
    return Board(sequence=await store_board.last_sequence(tx, force), units=await store_units.units(tx, force))
