"""A console whose replica dies goes on at the next one, from where it was, and shows nothing twice (I4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from deploy.local.ports import free_port
from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.watch import console as console_module
from services.watch.console import Console
from services.watch.replicas import Replicas

SECONDS = 10


class Replica:
    """Tells what it is given to each watcher, then lets go of it, or holds on."""

    def __init__(
        self, *told: api.WatchEmergenciesResponse, holds: bool = True, code: grpc.StatusCode | None = None
    ) -> None:
        self.told, self.holds, self.code = told, holds, code
        self.asked: list[str] = []
        self.confirmed: list[tuple[str, str, list[str]]] = []
        # How many confirmations are not taken, before any is.
        self.deaf = 0
        self.taken: list[list[str]] = []
        self.heard = asyncio.Event()

    async def watch(
        self, request: api.WatchEmergenciesRequest, context: "grpc.aio.ServicerContext[object, object]"
    ) -> AsyncIterator[api.WatchEmergenciesResponse]:
        self.asked.append(request.resume_token)
        if self.code:
            await context.abort(self.code, "REASON: rule")
        for one in self.told:
            yield one
        if self.holds:
            await asyncio.Event().wait()

    async def confirm(
        self, request: api.ConfirmShownRequest, context: "grpc.aio.ServicerContext[object, object]"
    ) -> api.ConfirmShownResponse:
        if self.deaf:
            self.deaf -= 1
            await context.abort(grpc.StatusCode.INTERNAL, "REASON: rule")
        self.confirmed.append((request.emergency_id, request.console, list(request.seen_signal_ids)))
        self.heard.set()
        return api.ConfirmShownResponse()

    async def acknowledge(
        self, request: api.AcknowledgeEmergencyRequest, _context: "grpc.aio.ServicerContext[object, object]"
    ) -> api.AcknowledgeEmergencyResponse:
        self.taken.append(list(request.seen_signal_ids))
        return api.AcknowledgeEmergencyResponse()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        server, port = grpc.aio.server(), free_port()
        handlers = {
            "WatchEmergencies": grpc.unary_stream_rpc_method_handler(
                self.watch, api.WatchEmergenciesRequest.FromString, api.WatchEmergenciesResponse.SerializeToString
            ),
            "ConfirmShown": grpc.unary_unary_rpc_method_handler(
                self.confirm, api.ConfirmShownRequest.FromString, api.ConfirmShownResponse.SerializeToString
            ),
            "AcknowledgeEmergency": grpc.unary_unary_rpc_method_handler(
                self.acknowledge,
                api.AcknowledgeEmergencyRequest.FromString,
                api.AcknowledgeEmergencyResponse.SerializeToString,
            ),
        }
        name = "peel.safety.v1.EmergencyService"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            await server.stop(None)


def told(name: str, token: str, *alarms: str, begins: bool = False) -> api.WatchEmergenciesResponse:
    emergency = types.Emergency(emergency_id=name, state=types.EMERGENCY_STATE_OPEN, alarm_signal_ids=alarms or ("a1",))
    return api.WatchEmergenciesResponse(emergency=emergency, resume_token=token, snapshot_begins=begins)


@asynccontextmanager
async def console(*replicas: Replica) -> AsyncIterator[tuple[Console, "asyncio.Task[None]"]]:
    async with replicas[0].serving() as first, replicas[-1].serving() as second:
        addresses = Replicas([first, second], None, "token")
        watching = Console("pod-1", "force", addresses)
        task = asyncio.create_task(watching.run())
        try:
            async with asyncio.timeout(SECONDS):
                yield watching, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await addresses.close()


async def until(event: asyncio.Event, done: "object") -> None:
    while not done():  # type: ignore[operator]
        event.clear()
        await event.wait()


def test_it_goes_on_at_the_next_replica_from_where_it_was() -> None:
    first, second = Replica(told("e1", "t1"), holds=False), Replica(told("e2", "t2"))

    async def run() -> None:
        async with console(first, second) as (watching, _):
            await until(watching.changed, lambda: {"e1", "e2"} <= watching.emergencies.keys())
            assert second.asked[0] == "t1"
            await until(watching.changed, watching.watching.is_set)

    asyncio.run(run())


def test_a_snapshot_replaces_what_was_shown() -> None:  # panic that vanishes, or never leaves, is the field's complaint
    first = Replica(told("gone", "t1"), holds=False)
    second = Replica(told("there", "t2", begins=True))

    async def run() -> None:
        async with console(first, second) as (watching, _):
            await until(watching.changed, lambda: "there" in watching.emergencies)
            assert set(watching.emergencies) == {"there"}

    asyncio.run(run())


def test_what_is_on_the_screen_is_confirmed_once() -> None:  # R-OS-02
    first, second = Replica(told("e1", "t1"), told("e1", "t2")), Replica()

    async def run() -> None:
        async with console(first, second) as (watching, _):
            await until(watching.changed, lambda: "e1" in watching.emergencies)
            await first.heard.wait()
            assert first.confirmed == [("e1", "pod-1", ["a1"])]

    asyncio.run(run())


def test_a_later_press_of_the_same_emergency_is_confirmed_too() -> None:  # R-OS-02
    first = Replica(told("e1", "t1", "a1"), holds=False)
    second = Replica(told("e1", "t2", "a1", "a2"))

    async def run() -> None:
        async with console(first, second) as (watching, _):
            await until(second.heard, lambda: ("e1", "pod-1", ["a1", "a2"]) in second.confirmed)
            assert watching.alarms_at.keys() == {"a1", "a2"}

    asyncio.run(run())


def test_what_no_replica_heard_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:  # R-OS-02
    monkeypatch.setattr(console_module, "_AGAIN_SECONDS", (0.01, 0.02))
    first = Replica(told("e1", "t1"))
    first.deaf = 3

    async def run() -> None:
        async with console(first, Replica()):
            await first.heard.wait()
            assert (first.deaf, first.confirmed) == (0, [("e1", "pod-1", ["a1"])])

    asyncio.run(run())


def test_it_is_not_said_for_ever_to_a_replica_that_does_not_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_module, "_AGAIN_SECONDS", (0.0, 0.0))
    first = Replica(told("e1", "t1"))
    first.deaf = 1_000

    async def run() -> None:
        async with console(first, Replica()) as (watching, _):
            await until(watching.changed, lambda: "e1" in watching.emergencies)
            await asyncio.gather(*watching._confirming.values())
            assert first.deaf == 1_000 - console_module._MOST_TRIES

    asyncio.run(run())


def test_a_person_takes_what_was_on_the_screen_and_nothing_else() -> None:  # R-OS-03: the rest goes on escalating
    first = Replica(told("e1", "t1", "a1", "a2"))

    async def run() -> None:
        async with console(first, Replica()) as (watching, _):
            await until(watching.changed, lambda: "e1" in watching.emergencies)
            await watching.acknowledge("e1")
            assert first.taken == [["a1", "a2"]]
            with pytest.raises(LookupError):
                await watching.acknowledge("e2")

    asyncio.run(run())


def test_whoever_may_not_watch_is_told_so() -> None:
    first = Replica(code=grpc.StatusCode.PERMISSION_DENIED)

    async def run() -> None:
        async with console(first, Replica()) as (_, task):
            with pytest.raises(grpc.aio.AioRpcError):
                await task

    asyncio.run(run())


class Coinciding:
    """A stream whose message comes in the very moment in which its watcher is told to stop."""

    def __init__(self) -> None:
        self.waits = asyncio.Event()
        self._message: asyncio.Future[api.WatchEmergenciesResponse] = asyncio.get_running_loop().create_future()

    def __aiter__(self) -> "Coinciding":
        return self

    async def __anext__(self) -> api.WatchEmergenciesResponse:
        self.waits.set()
        return await self._message

    def come(self) -> None:
        self._message.set_result(api.WatchEmergenciesResponse(heartbeat=True))

    def cancel(self) -> None:
        """As a call has it."""


def test_a_message_in_the_moment_of_the_end_does_not_keep_it_going() -> None:
    async def test() -> None:
        stream = Coinciding()

        class Watcher(Console):
            def open(self) -> Coinciding:
                return stream

        replicas = Replicas([f"127.0.0.1:{free_port()}"], None, "token")
        following = asyncio.create_task(Watcher("pod-1", "force", replicas).run())
        await stream.waits.wait()
        stream.come()
        following.cancel()
        async with asyncio.timeout(SECONDS):
            await asyncio.wait({following})
        assert following.cancelled()
        await replicas.close()

    asyncio.run(test())
