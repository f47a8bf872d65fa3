"""What a dispatcher's console and a unit's terminal see of the board, and in which words they are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as unit_api
from services.dispatch.board import handlers
from services.dispatch.board.live import Key
from services.dispatch.board.messages import board_parts, terminal_parts
from services.dispatch.units.domain.units import for_any_unit, not_of_the_crew
from services.dispatch.units.messages import unit_seen_by
from services.kernel.caller import Caller
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class BoardView:
    """A console: the whole board of its force, and what others share with it."""

    force: str
    heartbeat_seconds: float = 5.0

    @property
    def key(self) -> Key:
        return self.force

    @property
    def unit_id(self) -> None:
        return None

    async def admit(self, _tx: Transaction) -> None:
        """The door has seen to the force."""

    async def present(self, tx: Transaction) -> tuple[int, Sequence[types.BoardChange]]:
        board = await handlers.get_board(self.force, tx)
        return board.sequence, board_parts(board, tx.now)

    def sees(self, _change: types.BoardChange) -> bool:
        return True

    def tell(self, change: types.BoardChange) -> api.WatchBoardResponse:
        return api.WatchBoardResponse(change=change)

    def begin(self) -> api.WatchBoardResponse:
        return api.WatchBoardResponse(snapshot_begins=True)

    def end(self) -> api.WatchBoardResponse:
        return api.WatchBoardResponse(snapshot_ends=True)

    def heartbeat(self) -> api.WatchBoardResponse:
        return api.WatchBoardResponse(heartbeat=True)


@dataclass(frozen=True, slots=True)
class UnitView:
    """A terminal: its unit, the assignment with the hazard answer, emergencies nearby."""

    caller: Caller
    unit_id: UUID
    # There are a hundred terminals to each console.
    heartbeat_seconds: float = 20.0

    @property
    def force(self) -> str:
        return self.caller.force

    @property
    def key(self) -> Key:
        return self.unit_id

    async def admit(self, tx: Transaction) -> None:
        await handlers.watched_unit(self.unit_id, tx)

    async def present(self, tx: Transaction) -> tuple[int, Sequence[types.BoardChange]]:
        terminal = await handlers.get_terminal(self.unit_id, tx)
        return terminal.sequence, terminal_parts(terminal, tx.now)

    def sees(self, change: types.BoardChange) -> bool:
        """Whoever went off duty sees nothing that comes after: it is another crew's."""
        if for_any_unit(self.caller.roles) or not change.HasField("unit"):
            return True
        return self.caller.subject in {member.officer_id for member in change.unit.crew}

    def tell(self, change: types.BoardChange) -> unit_api.WatchUnitResponse:
        if not self.sees(change):
            raise not_of_the_crew()
        told = unit_api.WatchUnitResponse(sequence=change.sequence)
        if change.HasField("unit"):
            told.unit.CopyFrom(unit_seen_by(change.unit, self.caller))
        elif change.HasField("assignment"):
            told.assignment.CopyFrom(change.assignment)
            told.acknowledge_hazard = change.assignment.acknowledge_hazard
        elif change.HasField("emergency_nearby"):
            told.emergency_nearby.CopyFrom(change.emergency_nearby)
        return told

    def begin(self) -> unit_api.WatchUnitResponse:
        return unit_api.WatchUnitResponse(snapshot_begins=True)

    def end(self) -> unit_api.WatchUnitResponse:
        return unit_api.WatchUnitResponse(snapshot_ends=True)

    def heartbeat(self) -> unit_api.WatchUnitResponse:
        return unit_api.WatchUnitResponse(heartbeat=True)
