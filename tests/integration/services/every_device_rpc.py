"""The part of every_rpc that is about radios."""

from collections.abc import Callable, Iterator
from typing import Any

from peel.safety.v1 import device_api_pb2 as api
from services.safety.emergency.domain.naming import device_id
from tests.integration.services.radios import beating, checking_in, coding, starting, trying
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import HERE

RADIO = "Zephyrine-2341009"
_DEVICE = {"Device.radio"}


def every_device_rpc(running: Running, step: Callable[..., Any]) -> Iterator[Any]:
    """The steps of one radio: tested, heard, and its carrier not forgotten."""
    force = SHARED_FORCE
    a_device = {f"device:{device_id(force, RADIO)}"}
    yield step("radio_gateway", trying(force, RADIO), a_device, _DEVICE | {"SelfTestRequest.radio"})
    codes = {f"SetSafeCodesRequest.{field}" for field in ("radio", "safe_code", "duress_code")}
    yield step("officer", coding(force, RADIO), a_device, _DEVICE | codes)
    placed = {"Heartbeat.radio", "Point.latitude", "Point.longitude"}
    yield step("radio_gateway", [beating(running, force, RADIO, HERE.point)], set(), placed)
    yield step("auditor", api.ListDevicesRequest(force=force, page_size=500), a_device, _DEVICE)
    yield step("officer", starting(force, RADIO), a_device, {"StartWelfareTimerRequest.radio"})
    yield step("dispatcher", checking_in(force, RADIO, finished=True), set(), {"CheckInRequest.radio"})
