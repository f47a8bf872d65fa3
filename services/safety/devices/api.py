"""The gRPC door of devices: request to command, result to reply. No logic."""

import asyncio
from collections.abc import AsyncIterator

from peel.safety.v1 import device_api_pb2 as api
from peel.safety.v1 import device_api_pb2_grpc as api_grpc
from services.kernel.door import Context
from services.kernel.usecases import UseCases
from services.kernel.validation import Check
from services.safety.devices import handlers, handlers_heartbeats, handlers_welfare, messages, messages_welfare
from services.safety.devices.domain.heartbeats import Beats, Tally
from services.safety.devices.messages import device_message
from services.safety.devices.messages_welfare import welfare_message
from services.safety.devices.trial import Trial
from services.safety.emergency.carriers import Carriers, Codes

# Of a stream, in one transaction: as many heartbeats as there are radios in a large force.
_MOST_MESSAGES = 20


class DeviceDoor(api_grpc.DeviceServiceServicer):
    def __init__(self, cases: UseCases, trial: Trial, carriers: Carriers) -> None:
        self._cases, self._trial, self._carriers = cases, trial, carriers

    async def SelfTest(self, request: api.SelfTestRequest, context: Context) -> api.SelfTestResponse:
        radio = messages.self_test_from(request, self._cases.clock.now())
        outcome = await self._trial.run(radio)
        return await self._cases.handle(
            handlers.keep_test,
            handlers.KeepTest(radio, outcome.passed),
            lambda device: api.SelfTestResponse(
                passed=outcome.passed, reason=outcome.fault, device=device_message(device), seconds=outcome.seconds
            ),
            api.SelfTestResponse,
        )

    async def SetSafeCodes(self, request: api.SetSafeCodesRequest, context: Context) -> api.SetSafeCodesResponse:
        radio, safe, duress = messages.codes_from(request, self._cases.clock.now())
        # Takes its time on purpose, and presses must not wait for it.
        codes = await asyncio.to_thread(Codes.of, safe, duress)
        return await self._cases.handle(
            handlers.set_safe_codes,
            handlers.SetSafeCodes(radio, codes),
            lambda device: api.SetSafeCodesResponse(device=device_message(device)),
            api.SetSafeCodesResponse,
        )

    async def ReportHeartbeats(
        self, request_iterator: AsyncIterator[api.ReportHeartbeatsRequest], context: Context
    ) -> api.ReportHeartbeatsResponse:
        return await self._cases.client_stream(
            handlers_heartbeats.take_heartbeats,
            request_iterator,
            self._heartbeats,
            lambda tally: api.ReportHeartbeatsResponse(received=tally.received, ignored=tally.ignored),
            Tally(),
            most=_MOST_MESSAGES,
        )

    def _heartbeats(self, request: api.ReportHeartbeatsRequest) -> Beats:
        now = self._cases.clock.now()
        said = messages.beats_from(request, now)
        handlers_heartbeats.locate(request.force, said.beats, now, self._carriers)
        return said

    async def ListDevices(self, request: api.ListDevicesRequest, context: Context) -> api.ListDevicesResponse:
        page = self._cases.pages.page(request, Check(self._cases.clock.now()))
        return await self._cases.handle(
            handlers.list_devices,
            handlers.ListDevices(request.silent_only, page.position, page.limit),
            lambda found: api.ListDevicesResponse(
                devices=[device_message(one.device) for one in page.items(found)],
                next_page_token=page.next_token(found, lambda one: one.place),
            ),
            api.ListDevicesResponse,
        )

    async def StartWelfareTimer(
        self, request: api.StartWelfareTimerRequest, context: Context
    ) -> api.StartWelfareTimerResponse:
        return await self._cases.handle(
            handlers_welfare.start_welfare,
            handlers_welfare.StartWelfare(*messages_welfare.start_from(request, self._cases.clock.now())),
            lambda welfare: api.StartWelfareTimerResponse(welfare=welfare_message(welfare)),
            api.StartWelfareTimerResponse,
        )

    async def CheckIn(self, request: api.CheckInRequest, context: Context) -> api.CheckInResponse:
        radio = messages_welfare.check_in_from(request, self._cases.clock.now())
        return await self._cases.handle(
            handlers_welfare.check_in,
            handlers_welfare.CheckIn(radio, request.finished),
            lambda welfare: api.CheckInResponse(welfare=None if welfare is None else welfare_message(welfare)),
            api.CheckInResponse,
        )
