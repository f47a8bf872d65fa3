"""The part of every_rpc that is about emergencies."""

from collections.abc import Callable, Iterator
from typing import Any

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.ids import new_id
from services.kernel.wire import stamp
from services.safety.emergency.domain.signals import Press
from services.safety.emergency.messages import press_message
from tests.integration.services.emergencies import (
    RADIO,
    SAFE_CODE,
    acknowledging,
    carried,
    clearing,
    confirming,
    giving,
    pressing,
)
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import request_id

_POINT = {"Point.latitude", "Point.longitude"}
_CARRIER = {"Carrier.crew", "Carrier.incident_address"}
EMERGENCY = _POINT | _CARRIER | {"Press.radio"}


def every_emergency_rpc(running: Running, step: Callable[..., Any]) -> Iterator[Any]:
    """The steps of one emergency, from press to clear, and what replicas tell each other."""
    force = SHARED_FORCE
    emergency_id = carried(running, force)
    an_emergency = {f"emergency:{emergency_id}"}
    yield step("radio_gateway", pressing(running, force), set(), _POINT | {"PressEmergencyRequest.radio"})
    yield step("dispatcher", api.WatchEmergenciesRequest(force=force, console="pod-1"))
    yield step("dispatcher", confirming(force, emergency_id), an_emergency)
    yield step("dispatcher", acknowledging(force, emergency_id), an_emergency, EMERGENCY)
    spoken = {"GiveSafeCodeRequest.spoken_code"}
    yield step("officer", giving(force, emergency_id, SAFE_CODE), an_emergency, spoken)
    said = {"ClearEmergencyRequest.explanation"}
    yield step("dispatcher", clearing(force, emergency_id), an_emergency, EMERGENCY | said)
    watched = api.WatchAcknowledgementsRequest(force=force, radio=RADIO)
    yield step("radio_gateway", watched, set(), {"WatchAcknowledgementsRequest.radio"})
    said = {"Signal.explanation"}
    yield step("auditor", api.GetEmergencyRequest(emergency_id=emergency_id), an_emergency, EMERGENCY | said)
    yield step("auditor", api.ListEmergenciesRequest(force=force, page_size=500), set(), EMERGENCY)
    told = api.PushSignalsRequest(request_id=request_id(), signals=[_held(running, force)])
    yield step("service", told, {f"emergency:{told.signals[0].signal.emergency_id}"}, {"Press.radio"})


def _held(running: Running, force: str) -> types.HeldSignal:
    """A press that another replica took and committed."""
    signal = types.Signal(
        signal_id=str(new_id()),
        emergency_id=str(new_id()),
        force=force,
        kind=types.SIGNAL_KIND_PRESSED,
        at=stamp(running.now),
        by="test-radio_gateway",
        press=press_message(Press("Zephyrine-2341002", "1")),
    )
    return types.HeldSignal(signal=signal, durability=types.DURABILITY_COMMITTED)
