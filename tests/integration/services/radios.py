"""What is asked about a radio, through the public API."""

from peel.safety.v1 import device_api_pb2 as api
from peel.type.v1.place_pb2 import Point
from services.kernel.wire import stamp
from tests.integration.services.running import Running
from tests.integration.services.telling import request_id


def trying(force: str, radio: str) -> api.SelfTestRequest:
    """A self-test."""
    return api.SelfTestRequest(request_id=request_id(), force=force, radio=radio)


def coding(force: str, radio: str, safe: str = "999000111222", duress: str = "0000") -> api.SetSafeCodesRequest:
    """The codes of its carrier."""
    return api.SetSafeCodesRequest(
        request_id=request_id(), force=force, radio=radio, safe_code=safe, duress_code=duress
    )


def beating(running: Running, force: str, radio: str, point: Point | None = None) -> api.ReportHeartbeatsRequest:
    """A sign of life."""
    beat = api.Heartbeat(radio=radio, at=stamp(running.now), point=point)
    return api.ReportHeartbeatsRequest(force=force, heartbeats=[beat])


def starting(force: str, radio: str, minutes: int = 20) -> api.StartWelfareTimerRequest:
    """A welfare timer."""
    return api.StartWelfareTimerRequest(request_id=request_id(), force=force, radio=radio, minutes=minutes)


def checking_in(force: str, radio: str, *, finished: bool = False) -> api.CheckInRequest:
    """A word that somebody is well."""
    return api.CheckInRequest(request_id=request_id(), force=force, radio=radio, finished=finished)
