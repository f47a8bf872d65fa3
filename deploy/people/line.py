"""Calls through the public API, as people make them: with a token of their role, and again where no answer came.

A repeat carries the same request id, so that a call which was carried out and never answered is not carried out twice.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

import grpc

from peel.crime.v1.api_pb2_grpc import CrimeServiceStub
from peel.dispatch.v1.api_pb2_grpc import DispatchServiceStub
from peel.dispatch.v1.unit_api_pb2_grpc import UnitServiceStub
from peel.intake.v1.api_pb2_grpc import IntakeServiceStub
from peel.safety.v1.api_pb2_grpc import MarkerServiceStub
from peel.safety.v1.device_api_pb2_grpc import DeviceServiceStub
from services.kernel.tls import client_channel

Request = TypeVar("Request")
Reply = TypeVar("Reply")

# Nothing was done, or nobody can tell: the same call again is right for all of these.
AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED)
SERVICES = ("intake", "crime", "dispatch", "safety", "safety-emergency")
_CALL_SECONDS, _STREAM_SECONDS = 5.0, 120.0
# What is restarted after a kill is back within seconds. What is not back by then will not be.
_PATIENCE_SECONDS = 120.0
_BACK_OFF_SECONDS = (0.05, 1.0)


class Tally(Protocol):
    """Who counts the calls."""

    # Calls that were answered, and calls that were made again because no answer came.
    calls: int
    retries: int


class Line:
    """The lines of the services, for the people of one force. `tokens` is by the short name of a role.

    Of several replicas the first is called. Whoever must be heard at any time brings Replicas of their own.
    """

    def __init__(
        self, addresses: Mapping[str, str], authority: Path | None, tokens: Mapping[str, str], tally: Tally
    ) -> None:
        channels = {service: client_channel(addresses[service].split(",")[0], authority) for service in SERVICES}
        self._channels = tuple(channels.values())
        self.intake = IntakeServiceStub(channels["intake"])
        self.crime = CrimeServiceStub(channels["crime"])
        self.dispatch = DispatchServiceStub(channels["dispatch"])
        self.units = UnitServiceStub(channels["dispatch"])
        self.markers = MarkerServiceStub(channels["safety"])
        self.devices = DeviceServiceStub(channels["safety-emergency"])
        self._headers = {role: (("authorization", f"Bearer {token}"),) for role, token in tokens.items()}
        self._tally = tally
        # Of its own: jitter is no part of the story that a seed tells.
        self._jitter = random.Random()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for channel in self._channels:
            await channel.close(None)

    def introduce(self, name: str, token: str) -> None:
        """Somebody by name, who from now on calls as a role does."""
        self._headers[name] = (("authorization", f"Bearer {token}"),)

    async def ask(
        self, method: "grpc.aio.UnaryUnaryMultiCallable[Request, Reply]", request: Request, role: str
    ) -> Reply:
        """The reply. Raises grpc.aio.AioRpcError for a refusal, or where nobody answers for two minutes."""
        headers = self._headers[role]

        async def attempt() -> Reply:
            return await method(request, timeout=_CALL_SECONDS, metadata=headers)

        return await self._until_answered(attempt)

    async def listen(
        self, method: "grpc.aio.UnaryStreamMultiCallable[Request, Reply]", request: Request, role: str
    ) -> list[Reply]:
        """Every reply of a stream; one that breaks off is begun again. Raises as `ask` does."""
        headers = self._headers[role]

        async def attempt() -> list[Reply]:
            return [reply async for reply in method(request, timeout=_STREAM_SECONDS, metadata=headers)]

        return await self._until_answered(attempt)

    async def _until_answered(self, attempt: Callable[[], Awaitable[Reply]]) -> Reply:
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        delay, longest = _BACK_OFF_SECONDS
        while True:
            try:
                reply = await attempt()
            except grpc.aio.AioRpcError as error:
                if error.code() not in AGAIN or time.monotonic() > give_up_at:
                    raise
            else:
                self._tally.calls += 1
                return reply
            self._tally.retries += 1
            await asyncio.sleep(delay * self._jitter.uniform(0.5, 1.5))
            delay = min(longest, delay * 2)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The reason code that a refusal begins with."""
    return (error.details() or "").partition(":")[0]
