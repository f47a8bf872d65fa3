"""A console that stops reading over the real gRPC, and a process that loses the connection it listens on."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

import asyncpg
import grpc

from deploy.local.postgres import LocalPostgres
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from services.kernel.contract import RpcPolicy
from services.kernel.door import Context, Door
from services.kernel.identity import Identity
from services.kernel.listener import Listener
from services.kernel.live import RESYNC, Hub
from services.kernel.settings import Settings
from services.kernel.telemetry.tracing import Tracing
from tests.integration.services.waiting import until
from tests.unit.kernel.calls import FORCE, Known, settings

PATH = "/peel.test.v1.Test/Watch"
POLICY = RpcPolicy(
    "peel.test.v1.Test.Watch", frozenset({"ROLE_CALL_HANDLER"}), "CONSULTATION", "OPS", False, standing=True
)
BOUND = 50
# What a connection and its buffers hold many times over.
CHANGES, WEIGHT = 400, 100_000
REQUEST = intake.OpenContactRequest(force=FORCE).SerializeToString()


def change(number: int) -> intake.GetContactResponse:
    return intake.GetContactResponse(contact=types.Contact(contact_id=str(number), narrative="x" * WEIGHT))


def test_a_console_that_stops_reading_slows_no_other_and_starts_again_from_the_state() -> None:
    hub: Hub[str, int] = Hub("test-stalled", BOUND)
    snapshot = intake.GetContactResponse(contact=types.Contact(contact_id="snapshot"))

    async def watch(_request: Any, _context: Context) -> AsyncGenerator[intake.GetContactResponse, None]:
        with hub.subscribe("north") as changes:
            async for one in changes:
                yield snapshot if one is RESYNC else change(one)

    async def serve() -> None:
        tracing = Tracing(settings(), "test", "api")
        server = grpc.aio.server(
            interceptors=[Door(settings(), "test.peel", {PATH: POLICY}, cast(Identity, Known()), tracing)]
        )
        handler = grpc.unary_stream_rpc_method_handler(
            cast(Any, watch), intake.OpenContactRequest.FromString, intake.GetContactResponse.SerializeToString
        )
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("peel.test.v1.Test", {"Watch": handler}),)
        )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            await consoles(port)
        finally:
            await server.stop(0)
            tracing.close()

    async def consoles(port: int) -> None:
        # A connection each: they must not share one's flow control.
        own: Any = [("grpc.use_local_subchannel_pool", 1)]
        async with (
            grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=own) as first,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=own) as second,
        ):
            quick, stalled = (opened(cast(Any, channel)) for channel in (first, second))
            assert await read(quick) == await read(stalled) == "snapshot"
            for number in range(CHANGES):
                hub.publish("north", number)
                assert await read(quick) == str(number)
            # It finds what was in its buffers, in order, and then that it has to begin anew; and goes on from there.
            before = []
            while (seen := await read(stalled)) != "snapshot":
                before.append(seen)
            assert before == [str(number) for number in range(len(before))]
            assert len(before) < CHANGES - BOUND
            hub.publish("north", CHANGES)
            assert await read(stalled) == await read(quick) == str(CHANGES)

    def opened(channel: Any) -> Any:
        return channel.unary_stream(PATH, response_deserializer=intake.GetContactResponse.FromString)(REQUEST)

    async def read(call: Any) -> str:
        return str((await asyncio.wait_for(call.read(), 10)).contact.contact_id)

    asyncio.run(serve())


def test_a_listener_hears_goes_on_after_a_lost_connection_and_says_that_it_missed_something(
    fresh_database: Callable[[], str], postgres: LocalPostgres
) -> None:
    dsn = fresh_database()

    async def listen() -> None:
        heard: list[str] = []
        begun: list[int] = []
        listener = Listener(
            Settings(database=dsn), "test", {"one": heard.append, "two": heard.append}, lambda: begun.append(1)
        )
        stop = asyncio.Event()
        running = asyncio.ensure_future(listener.run(stop))

        async def until_begun(times: int) -> None:
            async def count() -> int:
                return len(begun)

            await until(count, lambda number: number >= times)

        async def until_heard(*expected: str) -> None:
            async def all_heard() -> list[str]:
                return heard

            await until(all_heard, lambda now: now == list(expected))

        await until_begun(1)
        beside = await asyncpg.connect(dsn)
        await beside.execute("notify one, 'a'; notify two, 'b'")
        await until_heard("a", "b")
        await beside.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        await until_begun(2)
        await beside.execute("notify one, 'c'")
        await until_heard("a", "b", "c")
        await beside.close()
        postgres.kill()
        await asyncio.to_thread(postgres.start)
        await until_begun(3)
        stop.set()
        await asyncio.wait_for(running, 5)

    asyncio.run(listen())
