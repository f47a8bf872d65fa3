"""The gRPC doors of the board: request to command, result to reply. No logic."""

from collections.abc import AsyncGenerator

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import api_pb2_grpc as api_grpc
from peel.dispatch.v1 import unit_api_pb2 as unit_api
from peel.dispatch.v1 import unit_api_pb2_grpc as unit_api_grpc
from services.dispatch.board import handlers
from services.dispatch.board.live import BoardFeed
from services.dispatch.board.messages import board_message
from services.dispatch.board.views import BoardView, UnitView
from services.dispatch.board.watching import watch
from services.kernel.caller import current_call
from services.kernel.door import Context
from services.kernel.serving import Serving
from services.kernel.validation import Check


class BoardDoor(api_grpc.DispatchServiceServicer):
    """What a dispatcher's console shows."""

    def __init__(self, serving: Serving, feed: BoardFeed) -> None:
        self._cases, self._work, self._feed = serving.cases, serving.work, feed

    async def GetBoard(self, request: api.GetBoardRequest, context: Context) -> api.GetBoardResponse:
        return await self._cases.handle(
            handlers.get_board,
            request.force,
            lambda board: board_message(board, self._cases.clock.now()),
            api.GetBoardResponse,
        )

    async def WatchBoard(
        self, request: api.WatchBoardRequest, context: Context
    ) -> AsyncGenerator[api.WatchBoardResponse, None]:
        view = BoardView(request.force)
        watched = watch(self._feed, self._work, current_call().caller, view, request.after_sequence)
        async for reply in self._cases.standing(watched, lambda told: told):
            yield reply


class TerminalDoor(unit_api_grpc.UnitServiceServicer):
    """What a unit's terminal shows."""

    def __init__(self, serving: Serving, feed: BoardFeed) -> None:
        self._cases, self._work, self._feed = serving.cases, serving.work, feed

    async def WatchUnit(
        self, request: unit_api.WatchUnitRequest, context: Context
    ) -> AsyncGenerator[unit_api.WatchUnitResponse, None]:
        check = Check(self._cases.clock.now())
        unit_id = check.uuid("unit_id", request.unit_id)
        check.done()
        caller = current_call().caller
        view = UnitView(caller, unit_id)
        watched = watch(self._feed, self._work, caller, view, request.after_sequence)
        async for reply in self._cases.standing(watched, lambda told: told):
            yield reply
