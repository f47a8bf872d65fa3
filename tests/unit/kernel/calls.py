"""A call in hand and settings, for tests of what the kernel does around one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, cast

import grpc
from pydantic import SecretStr

from peel.intake.v1 import api_pb2 as intake
from services.kernel.caller import Call, Caller
from services.kernel.contract import rpc_policy
from services.kernel.door import Door
from services.kernel.errors import Unauthenticated
from services.kernel.identity import Identity
from services.kernel.settings import Settings
from services.kernel.telemetry.tracing import Tracing

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


class Aborted(Exception):
    """What gRPC raises to end a call."""


class Asked:
    """The part of gRPC's context that the door uses."""

    def __init__(self, seconds: float | None = None, **metadata: str) -> None:
        self.seconds = seconds
        self.metadata = {name.replace("_", "-"): value for name, value in metadata.items()}
        self.code: grpc.StatusCode | None = None
        self.told = ""
        self.written: list[Any] = []

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.metadata.items())

    def time_remaining(self) -> float | None:
        return self.seconds

    async def write(self, reply: Any) -> None:
        self.written.append(reply)

    async def abort(self, code: grpc.StatusCode, details: str, **_: object) -> NoReturn:
        self.code, self.told = code, details
        raise Aborted


class Known:
    """Takes everybody for a call handler of the force, with a token that expired where `authorization` is "late"."""

    def caller(self, authorization: str | None, expired_for: timedelta) -> Caller:
        if authorization != "late":
            return call().caller
        if not expired_for:
            raise Unauthenticated("TOKEN_EXPIRED", rule="the token has expired; get a new one")
        return replace(call().caller, token_expired=True)


@contextmanager
def a_door(**parts: object) -> Iterator[Door]:
    """A door that knows everybody, with these settings."""
    tracing = Tracing(settings(), "intake", "api")
    yield Door(settings(**parts), "intake.peel", {}, cast(Identity, Known()), tracing)
    tracing.close()
