"""The gRPC door of devices: request to command, result to reply. No logic."""

import asyncio

from peel.safety.v1 import device_api_pb2 as api
from peel.safety.v1 import device_api_pb2_grpc as api_grpc
from services.kernel.door import Context
from services.kernel.usecases import UseCases
from services.safety.devices import handlers, messages
from services.safety.devices.messages import device_message
from services.safety.devices.trial import Trial
from services.safety.emergency.carriers import Codes


class DeviceDoor(api_grpc.DeviceServiceServicer):
    def __init__(self, cases: UseCases, trial: Trial) -> None:
        self._cases, self._trial = cases, trial

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
