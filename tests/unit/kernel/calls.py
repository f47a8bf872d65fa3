"""A call in hand and settings, for tests of what the kernel does around one."""

from pathlib import Path

from pydantic import SecretStr

from peel.intake.v1 import api_pb2 as intake
from services.kernel.caller import Call, Caller
from services.kernel.contract import rpc_policy
from services.kernel.settings import Settings

FORCE, OTHER_FORCE = "west-yorkshire", "greater-manchester"


def settings(**parts: object) -> Settings:
    """Settings that look at no environment of the machine for what they are given."""
    return Settings.model_validate({"page_key": SecretStr("0123456789abcdef"), "jwks": Path("jwks.json")} | parts)


def call(force: str = FORCE, rpc: str = "OpenContact", *, fields: tuple[str, ...] = ()) -> Call:
    """A call of intake as the door admits it."""
    method = intake.DESCRIPTOR.services_by_name["IntakeService"].methods_by_name[rpc]
    return Call(
        caller=Caller("person-7", force, frozenset({"ROLE_CALL_HANDLER", "ROLE_DISPATCHER"})),
        policy=rpc_policy(method),
        purpose="W2",
        fields=frozenset(fields),
        records=frozenset(),
        request_id=None,
        digest=b"",
    )
