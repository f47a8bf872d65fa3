"""The gRPC doors of the fleet: request to command, result to reply. No logic."""

from collections.abc import AsyncIterator

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import api_pb2_grpc as api_grpc
from peel.dispatch.v1 import unit_api_pb2 as unit_api
from peel.dispatch.v1 import unit_api_pb2_grpc as unit_api_grpc
from services.dispatch.fleet import handlers
from services.dispatch.fleet.messages import recommend_from, recommendations_message
from services.dispatch.fleet.positions import Positions, Tally
from services.kernel.caller import current_call
from services.kernel.door import Context
from services.kernel.serving import Serving
from services.kernel.usecases import UseCases


class RecommendationDoor(api_grpc.DispatchServiceServicer):
    """Dispatchers ask who could go."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def RecommendUnits(self, request: api.RecommendUnitsRequest, context: Context) -> api.RecommendUnitsResponse:
        now = self._cases.clock.now()
        return await self._cases.handle(
            handlers.recommend_units,
            recommend_from(request, current_call().caller.force, now),
            lambda found: recommendations_message(found, now),
            api.RecommendUnitsResponse,
        )


class PositionDoor(unit_api_grpc.UnitServiceServicer):
    """Radio gateways tell where units are."""

    def __init__(self, serving: Serving, positions: Positions) -> None:
        self._cases, self._positions = serving.cases, positions

    async def ReportPositions(
        self, requests: AsyncIterator[unit_api.ReportPositionsRequest], context: Context
    ) -> unit_api.ReportPositionsResponse:
        tally = Tally()
        return await self._cases.readings(
            requests,
            lambda request: self._positions.take(request, tally),
            lambda: unit_api.ReportPositionsResponse(received=tally.received, ignored=tally.ignored),
        )
