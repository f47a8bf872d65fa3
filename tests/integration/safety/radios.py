"""What is asked of DeviceService about a radio, as people and gateways ask it."""

from typing import Any
from uuid import uuid4

from peel.safety.v1 import device_api_pb2 as api
from peel.safety.v1.device_api_pb2_grpc import DeviceServiceStub
from tests.integration.safety.replicas import FORCE, Replica

SAFE, DURESS = "4711", "9999"


def devices(replica: Replica) -> DeviceServiceStub:
    """The service at a replica."""
    return DeviceServiceStub(replica.channel)


def self_test(radio: str) -> api.SelfTestRequest:
    """A test of a radio."""
    return api.SelfTestRequest(request_id=str(uuid4()), force=FORCE, radio=radio)


def codes(radio: str, **parts: Any) -> api.SetSafeCodesRequest:
    """The codes of a radio's carrier."""
    given = {"request_id": str(uuid4()), "force": FORCE, "radio": radio, "safe_code": SAFE, "duress_code": DURESS}
    return api.SetSafeCodesRequest(**(given | parts))
