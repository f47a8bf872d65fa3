"""The gRPC door of the board: request to command, result to reply. No logic."""

from collections.abc import AsyncGenerator

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import api_pb2_grpc as api_grpc
from services.dispatch.board import handlers
from services.dispatch.board.live import BoardFeed
from services.dispatch.board.messages import board_message
from services.dispatch.board.views import BoardView
from services.dispatch.board.watching import watch
from services.dispatch.fleet.handlers import recommend_units
from services.dispatch.fleet.messages import recommend_from, recommendations_message
from services.kernel.caller import current_call
from services.kernel.door import Context
from services.kernel.serving import Serving


class BoardDoor(api_grpc.DispatchServiceServicer):
    """The part of the dispatchers' door that is about the board and the units on it."""

    def __init__(self, serving: Serving, feed: BoardFeed) -> None:
        self._cases, self._work, self._feed = serving.cases, serving.work, feed

    async def GetBoard(self, request: api.GetBoardRequest, context: Context) -> api.GetBoardResponse:
        return await self._cases.handle(
            handlers.get_board,
            request.force,
            lambda board: board_message(board, self._cases.clock.now()),
            api.GetBoardResponse,
        )

    async def RecommendUnits(self, request: api.RecommendUnitsRequest, context: Context) -> api.RecommendUnitsResponse:
        now = self._cases.clock.now()
        return await self._cases.handle(
            recommend_units,
            recommend_from(request, current_call().caller.force, now),
            lambda found: recommendations_message(found, now),
            api.RecommendUnitsResponse,
        )

    async def WatchBoard(
        self, request: api.WatchBoardRequest, context: Context
    ) -> AsyncGenerator[api.WatchBoardResponse, None]:
        view = BoardView(request.force)
        watched = watch(self._feed, self._work, current_call().caller, view, request.after_sequence)
        async for reply in self._cases.standing(watched, lambda told: told):
            yield reply
