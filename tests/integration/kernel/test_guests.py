"""Health watches and reflection are open to anybody, and crowd nobody out: they have a cap of their own."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from services.kernel.door import Door
from services.kernel.identity import Identity
from services.kernel.telemetry.metrics import REGISTRY
from services.kernel.telemetry.tracing import Tracing
from tests.unit.kernel.calls import Known, settings

SECONDS = 20.0
MOST = 3
WATCH = "grpc.health.v1.Health.Watch"


@asynccontextmanager
async def serving() -> AsyncIterator[grpc.aio.Channel]:
    tracing = Tracing(settings(), "test", "api")
    door = Door(settings(most_watches=MOST), "test.peel", {}, cast(Identity, Known()), tracing)
    server = grpc.aio.server(interceptors=[door])
    health = grpc_health.aio.HealthServicer()  # type: ignore[attr-defined]  # its stubs lack it
    await health.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    reflection.enable_server_reflection((reflection.SERVICE_NAME,), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop(0)
        tracing.close()


def run(test: Callable[[grpc.aio.Channel], Awaitable[None]]) -> None:
    async def tested() -> None:
        async with serving() as channel:
            await asyncio.wait_for(test(channel), SECONDS)

    asyncio.run(tested())


def watch(channel: Any) -> Any:
    return health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())


def reflect(channel: Any) -> Any:
    return reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo()


async def listed(stream: Any) -> int:
    """How many services reflection names."""
    await stream.write(reflection_pb2.ServerReflectionRequest(list_services=""))
    return len((await stream.read()).list_services_response.service)


def open_now() -> float:
    return REGISTRY.get_sample_value("peel_standing_streams", {"method": WATCH}) or 0.0


async def gone(left: int) -> None:
    """Once so few are open: the server hears of it a moment later."""
    deadline = time.monotonic() + SECONDS
    while open_now() > left:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def refusal(stream: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stream.read()
    return refused.value.code(), str(refused.value.details())


def test_one_more_than_there_is_room_for_is_told_so() -> None:
    async def test(channel: grpc.aio.Channel) -> None:
        watches = [watch(channel) for _ in range(MOST - 1)]
        for one in watches:
            assert (await one.read()).status == health_pb2.HealthCheckResponse.SERVING
        reflecting = reflect(channel)
        assert await listed(reflecting) == 1
        assert open_now() == MOST - 1
        for one in (watch(channel), reflect(channel)):
            code, told = await refusal(one)
            assert (code, told.split(":")[0]) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "WATCHES_FULL")
        # Whoever asks once finds out as ever.
        checked = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        assert checked.status == health_pb2.HealthCheckResponse.SERVING
        # Whoever goes makes room.
        watches[0].cancel()
        reflecting.cancel()
        await gone(MOST - 2)
        assert (await watch(channel).read()).status == health_pb2.HealthCheckResponse.SERVING

    run(test)


def test_what_nobody_serves_is_answered_as_ever() -> None:
    async def test(channel: Any) -> None:
        for _ in range(2):
            code, _ = await refusal(channel.unary_stream("/peel.nowhere.v1.Nobody/Watch")(b""))
            assert code is grpc.StatusCode.UNIMPLEMENTED

    run(test)
