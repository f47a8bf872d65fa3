"""The gRPC door of the board: request to command, result to reply. No logic."""

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import api_pb2_grpc as api_grpc
from services.dispatch import handlers_board as handlers
from services.dispatch.messages import unit_message
from services.kernel.door import Context
from services.kernel.reference import local_date
from services.kernel.usecases import UseCases


class BoardDoor(api_grpc.DispatchServiceServicer):
    """The part of the dispatchers' door that is about the board and the units on it."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def GetBoard(self, request: api.GetBoardRequest, context: Context) -> api.GetBoardResponse:
        return await self._cases.handle(handlers.get_board, request.force, self._board, api.GetBoardResponse)

    def _board(self, board: handlers.Board) -> api.GetBoardResponse:
        today = local_date(self._cases.clock.now())
        return api.GetBoardResponse(sequence=board.sequence, units=[unit_message(unit, today) for unit in board.units])
