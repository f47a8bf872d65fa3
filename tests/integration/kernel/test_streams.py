"""Streams over the real gRPC: who goes away is noticed at once, and only a standing stream outlives every deadline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import pytest

from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from services.kernel import door as doors
from services.kernel.contract import RpcPolicy
from services.kernel.door import Context, Door
from services.kernel.identity import Identity
from services.kernel.telemetry.tracing import Tracing
from tests.unit.kernel.calls import FORCE, Known, settings

SERVICE = "peel.test.v1.Test"
HANDLERS = frozenset({"ROLE_CALL_HANDLER"})
SECONDS = 5.0


def policy(method: str, **more: bool) -> RpcPolicy:
    return RpcPolicy(f"{SERVICE}.{method}", HANDLERS, "CONSULTATION", "OPS", idempotent=False, **more)


POLICIES = {
    f"/{SERVICE}/{name}": policy(name, **more)
    for name, more in {
        "Watch": {"standing": True},
        "Flood": {"standing": True},
        "List": {},
        "Report": {"standing": True},
        "Beat": {"emergency": True},
        "Talk": {"standing": True},
    }.items()
}


@dataclass
class Service:
    """Handlers that tell when they began and ended."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    received: list[intake.OpenContactRequest] = field(default_factory=list)

    async def silent(self, _request: Any, _context: Context) -> AsyncIterator[intake.GetContactResponse]:
        """Says one thing and then nothing."""
        try:
            self.began.set()
            yield intake.GetContactResponse()
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    async def flood(self, _request: Any, _context: Context) -> AsyncIterator[intake.GetContactResponse]:
        """Says more than a connection holds."""
        try:
            self.began.set()
            while True:
                yield intake.GetContactResponse(contact=types.Contact(narrative="x" * 100_000))
        finally:
            self.ended.set()

    async def gather(self, requests: AsyncIterator[Any], _context: Context) -> intake.GetContactResponse:
        try:
            async for request in requests:
                self.received.append(request)
                self.began.set()
            return intake.GetContactResponse(contact=types.Contact(contact_id=str(len(self.received))))
        finally:
            self.ended.set()

    async def talk(self, requests: AsyncIterator[Any], _context: Context) -> AsyncIterator[intake.GetContactResponse]:
        async for request in requests:
            yield intake.GetContactResponse(contact=types.Contact(contact_id=request.narrative))

    def handlers(self) -> "grpc.GenericRpcHandler[Any, Any]":
        read, write = intake.OpenContactRequest.FromString, intake.GetContactResponse.SerializeToString
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Watch": grpc.unary_stream_rpc_method_handler(cast(Any, self.silent), read, write),
                "List": grpc.unary_stream_rpc_method_handler(cast(Any, self.silent), read, write),
                "Flood": grpc.unary_stream_rpc_method_handler(cast(Any, self.flood), read, write),
                "Report": grpc.stream_unary_rpc_method_handler(cast(Any, self.gather), read, write),
                "Beat": grpc.stream_unary_rpc_method_handler(cast(Any, self.gather), read, write),
                "Talk": grpc.stream_stream_rpc_method_handler(cast(Any, self.talk), read, write),
            },
        )


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Service, grpc.aio.Channel]]:
    tracing = Tracing(settings(), "test", "api")
    door = Door(settings(), "test.peel", POLICIES, cast(Identity, Known()), tracing)
    server, service = grpc.aio.server(interceptors=[door]), Service()
    server.add_generic_rpc_handlers((service.handlers(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield service, channel
    finally:
        await server.stop(0)
        tracing.close()


def run(test: Callable[[Service, grpc.aio.Channel], Awaitable[None]]) -> None:
    async def tested() -> None:
        async with serving() as (service, channel):
            await asyncio.wait_for(test(service, channel), 4 * SECONDS)

    asyncio.run(tested())


REQUEST = intake.OpenContactRequest(force=FORCE).SerializeToString()


def listen(channel: Any, method: str, timeout: float | None = None) -> Any:
    return channel.unary_stream(f"/{SERVICE}/{method}")(REQUEST, timeout=timeout)


def gather(channel: Any, method: str) -> Any:
    return channel.stream_unary(f"/{SERVICE}/{method}", response_deserializer=intake.GetContactResponse.FromString)()


@pytest.mark.parametrize("method", ["Watch", "Flood"], ids=["nothing to send", "nothing can be sent"])
def test_a_caller_that_goes_away_ends_the_stream_at_once(method: str) -> None:
    async def test(service: Service, channel: grpc.aio.Channel) -> None:
        call = listen(channel, method)
        await call.read()
        call.cancel()
        await asyncio.wait_for(service.ended.wait(), SECONDS)

    run(test)


def test_a_sender_that_goes_away_ends_the_stream_at_once() -> None:
    async def test(service: Service, channel: grpc.aio.Channel) -> None:
        call = gather(channel, "Report")
        await call.write(REQUEST)
        await service.began.wait()
        assert not service.ended.is_set()
        call.cancel()
        await asyncio.wait_for(service.ended.wait(), SECONDS)

    run(test)


def test_a_standing_stream_ends_at_its_callers_deadline_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "_STREAM_DEADLINE_SECONDS", 0.05)

    async def test(service: Service, channel: grpc.aio.Channel) -> None:
        bounded = listen(channel, "List")
        with pytest.raises(grpc.aio.AioRpcError) as late:
            [_ async for _ in bounded]
        assert late.value.code() is grpc.StatusCode.UNAVAILABLE
        service.ended.clear()
        standing = listen(channel, "Watch", timeout=0.3)
        await standing.read()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(service.ended.wait(), 0.15)
        await asyncio.wait_for(service.ended.wait(), SECONDS)
        assert await standing.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    run(test)


def test_a_damaged_message_within_a_stream() -> None:
    async def test(service: Service, channel: grpc.aio.Channel) -> None:
        for method, code in (("Report", grpc.StatusCode.INVALID_ARGUMENT), ("Beat", grpc.StatusCode.OK)):
            call = gather(channel, method)
            await call.write(REQUEST)
            await call.write(REQUEST + b"\x0a\x09cut off")
            await call.done_writing()
            assert await call.code() is code
        assert [request.force for request in service.received] == [FORCE] * 3

    run(test)


def test_a_stream_both_ways() -> None:
    async def test(_service: Service, channel: Any) -> None:
        call: Any = channel.stream_stream(
            f"/{SERVICE}/Talk", response_deserializer=intake.GetContactResponse.FromString
        )()
        for word in ("one", "two"):
            await call.write(intake.OpenContactRequest(force=FORCE, narrative=word).SerializeToString())
            assert (await call.read()).contact.contact_id == word
        await call.done_writing()
        assert await call.code() is grpc.StatusCode.OK

    run(test)
