"""The gRPC door of units: request to command, result to reply. No logic."""

from collections.abc import AsyncGenerator, AsyncIterator
from uuid import UUID

from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api
from peel.dispatch.v1 import unit_api_pb2_grpc as api_grpc
from services.dispatch.board.live import BoardFeed
from services.dispatch.board.views import UnitView
from services.dispatch.board.watching import watch
from services.dispatch.domain.records import Unit
from services.dispatch.duty import handlers, messages
from services.dispatch.fleet.positions import Positions, Tally
from services.dispatch.messages import unit_message
from services.kernel.caller import current_call
from services.kernel.door import Context
from services.kernel.ids import new_id
from services.kernel.reference import local_date
from services.kernel.serving import Serving
from services.kernel.validation import Check


class UnitDoor(api_grpc.UnitServiceServicer):
    def __init__(self, serving: Serving, feed: BoardFeed, positions: Positions) -> None:
        self._cases, self._work, self._feed, self._positions = serving.cases, serving.work, feed, positions

    async def RegisterUnit(self, request: api.RegisterUnitRequest, context: Context) -> api.RegisterUnitResponse:
        return await self._cases.handle(
            handlers.register_unit,
            messages.register_from(request, new_id(), self._cases.clock.now()),
            lambda unit: api.RegisterUnitResponse(unit=self._message(unit)),
            api.RegisterUnitResponse,
        )

    async def BookOn(self, request: api.BookOnRequest, context: Context) -> api.BookOnResponse:
        return await self._cases.handle(
            handlers.book_unit_on,
            messages.book_on_from(request, current_call().caller.force, self._cases.clock.now()),
            lambda unit: api.BookOnResponse(unit=self._message(unit)),
            api.BookOnResponse,
        )

    async def BookOff(self, request: api.BookOffRequest, context: Context) -> api.BookOffResponse:
        return await self._cases.handle(
            handlers.book_unit_off,
            self._id(request.unit_id),
            lambda unit: api.BookOffResponse(unit=self._message(unit)),
            api.BookOffResponse,
        )

    async def OverrideDeviceTest(
        self, request: api.OverrideDeviceTestRequest, context: Context
    ) -> api.OverrideDeviceTestResponse:
        return await self._cases.handle(
            handlers.override_device_test,
            messages.override_from(request, self._cases.clock.now()),
            lambda unit: api.OverrideDeviceTestResponse(unit=self._message(unit)),
            api.OverrideDeviceTestResponse,
        )

    async def SetUnitStatus(self, request: api.SetUnitStatusRequest, context: Context) -> api.SetUnitStatusResponse:
        return await self._cases.handle(
            handlers.set_unit_status,
            messages.status_from(request, self._cases.clock.now()),
            lambda unit: api.SetUnitStatusResponse(unit=self._message(unit)),
            api.SetUnitStatusResponse,
        )

    async def GetUnit(self, request: api.GetUnitRequest, context: Context) -> api.GetUnitResponse:
        return await self._cases.handle(
            handlers.get_unit,
            self._id(request.unit_id),
            lambda unit: api.GetUnitResponse(unit=self._message(unit)),
            api.GetUnitResponse,
        )

    async def ReportPositions(
        self, requests: AsyncIterator[api.ReportPositionsRequest], context: Context
    ) -> api.ReportPositionsResponse:
        tally = Tally()
        return await self._cases.readings(
            requests,
            lambda request: self._positions.take(request, tally),
            lambda: api.ReportPositionsResponse(received=tally.received, ignored=tally.ignored),
        )

    async def WatchUnit(
        self, request: api.WatchUnitRequest, context: Context
    ) -> AsyncGenerator[api.WatchUnitResponse, None]:
        caller = current_call().caller
        view = UnitView(caller, self._id(request.unit_id))
        watched = watch(self._feed, self._work, caller, view, request.after_sequence)
        async for reply in self._cases.standing(watched, lambda told: told):
            yield reply

    def _message(self, unit: Unit) -> types.Unit:
        return unit_message(unit, local_date(self._cases.clock.now()))

    def _id(self, text: str) -> UUID:
        check = Check(self._cases.clock.now())
        found = check.uuid("unit_id", text)
        check.done()
        return found
