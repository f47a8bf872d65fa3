"""The gRPC door of units: request to command, result to reply. No logic."""

from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api
from peel.dispatch.v1 import unit_api_pb2_grpc as api_grpc
from services.dispatch.domain.records import Unit
from services.dispatch.messages import unit_message
from services.dispatch.units import handlers, messages
from services.dispatch.units.messages import unit_seen_by
from services.kernel.caller import current_call
from services.kernel.door import Context
from services.kernel.ids import new_id
from services.kernel.reference import local_date
from services.kernel.usecases import UseCases
from services.kernel.validation import Check


class UnitDoor(api_grpc.UnitServiceServicer):
    """Units are registered and looked at."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def RegisterUnit(self, request: api.RegisterUnitRequest, context: Context) -> api.RegisterUnitResponse:
        return await self._cases.handle(
            handlers.register_unit,
            messages.register_from(request, new_id(), self._cases.clock.now()),
            lambda unit: api.RegisterUnitResponse(unit=self._message(unit)),
            api.RegisterUnitResponse,
        )

    async def GetUnit(self, request: api.GetUnitRequest, context: Context) -> api.GetUnitResponse:
        check = Check(self._cases.clock.now())
        unit_id = check.uuid("unit_id", request.unit_id)
        check.done()
        return await self._cases.handle(
            handlers.get_unit,
            unit_id,
            lambda unit: api.GetUnitResponse(unit=self._message(unit)),
            api.GetUnitResponse,
        )

    def _message(self, unit: Unit) -> types.Unit:
        return unit_seen_by(unit_message(unit, local_date(self._cases.clock.now())), current_call().caller)
