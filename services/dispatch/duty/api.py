"""The gRPC door of duty: request to command, result to reply. No logic."""

from uuid import UUID

from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api
from peel.dispatch.v1 import unit_api_pb2_grpc as api_grpc
from services.dispatch.domain.records import Unit
from services.dispatch.duty import handlers, messages
from services.dispatch.messages import unit_message
from services.dispatch.units.messages import unit_seen_by
from services.kernel.caller import current_call
from services.kernel.door import Context
from services.kernel.reference import local_date
from services.kernel.usecases import UseCases
from services.kernel.validation import Check


class DutyDoor(api_grpc.UnitServiceServicer):
    """Crews say when they come, what they do, and when they go."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

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

    def _message(self, unit: Unit) -> types.Unit:
        return unit_seen_by(unit_message(unit, local_date(self._cases.clock.now())), current_call().caller)

    def _id(self, text: str) -> UUID:
        check = Check(self._cases.clock.now())
        found = check.uuid("unit_id", text)
        check.done()
        return found
