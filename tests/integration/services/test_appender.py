"""The group commit against the real Postgres: a bad row fails alone, a full queue sheds, and it outlives any outage.

Provoked here directly, with a small table whose rows can be made bad; and once through the public API.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest

from deploy.local.postgres import LocalPostgres
from peel.intake.v1 import api_pb2 as intake
from services.kernel.appender import Append, Appender
from services.kernel.caller import Call, Caller
from services.kernel.clock import SystemClock
from services.kernel.contract import rpc_policy
from services.kernel.database import Connection, Table
from services.kernel.errors import Busy, Conflict, Unavailable
from services.kernel.migrations import migrate
from services.kernel.settings import Settings
from tests.integration.local.waiting import eventually
from tests.integration.services.running import Running
from tests.integration.services.telling import contact
from tests.integration.services.waiting import until

POLICY = rpc_policy(intake.DESCRIPTOR.services_by_name["IntakeService"].methods_by_name["OpenContact"])
SMALL = Table.of("small", "id uuid, amount int")
BOUND, BATCH = 8, 4


@dataclass(frozen=True)
class Bench:
    """An appender at work, a connection beside it to interfere, and one to look: a transaction sees old statistics."""

    appender: Appender
    beside: Connection
    looking: Connection

    def begin(
        self, amount: object = 1, request_id: UUID | None = None, digest: bytes = b"one"
    ) -> "asyncio.Task[intake.OpenContactResponse]":
        """An append of one row, under way."""
        caller = Caller("test", "west-yorkshire", frozenset())
        call = Call(caller, POLICY, "W2", frozenset(), frozenset(), request_id or uuid4(), digest)
        row = (call.request_id, amount)
        reply = intake.OpenContactResponse(contact_id=str(call.request_id))
        return asyncio.create_task(self.appender.append(call, Append(rows=((SMALL, row),), events=(), reply=reply)))

    async def stored(self) -> set[UUID]:
        return {row["id"] for row in await self.beside.fetch("select id from small")}

    @asynccontextmanager
    async def blocked(self) -> AsyncIterator[None]:
        """Inside, no row can be added: what is appended is in hand and waits."""
        async with self.beside.transaction():
            await self.beside.execute("lock table small in share mode")
            yield

    async def until_in_hand(self) -> int:
        """The process id of the appender's session, once it has a batch in hand that waits for the lock."""
        sql = (
            "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' "
            "and query like 'with asked%'"
        )
        return int(await until(lambda: self.looking.fetchval(sql), lambda pid: pid is not None))


Run = Callable[[Callable[[Bench], Awaitable[None]]], None]


@pytest.fixture
def on_the_bench(fresh_database: Callable[[], str]) -> Run:
    """Runs a test with an appender on a database of its own."""

    async def run(test: Callable[[Bench], Awaitable[None]]) -> None:
        settings = Settings(database=fresh_database(), append_queue=BOUND, append_batch=BATCH)
        await migrate(settings, "intake")
        beside, looking = [await asyncpg.connect(settings.database) for _ in range(2)]
        await beside.execute("create table small (id uuid primary key, amount smallint check (amount > 0))")
        appender = Appender(settings, "intake", SystemClock())
        bench = Bench(appender, beside, looking)
        try:
            await test(bench)
            if not appender._closing:
                # Whatever happened: the next one is stored, so the appender is alive.
                last = uuid4()
                await _stored_at_last(bench, last)
                assert last in await bench.stored()
        finally:
            await appender.close()
            await beside.close()
            await looking.close()

    return lambda test: asyncio.run(run(test))


async def _stored_at_last(bench: Bench, request_id: UUID) -> None:
    """Repeats one append until it is answered with its reply, as callers do who are told to come again."""

    async def ask() -> intake.OpenContactResponse | BaseException:
        (result,) = await asyncio.gather(bench.begin(request_id=request_id), return_exceptions=True)
        return result

    assert isinstance(await until(ask, lambda result: not isinstance(result, Unavailable)), intake.OpenContactResponse)


def test_each_repeat_leaves_an_audit_row_of_its_own(on_the_bench: Run) -> None:  # I6
    """Whether it comes with the first one or after it, whoever is shown a reply is on record; a misused id is not."""

    async def test(bench: Bench) -> None:
        request_id = uuid4()
        async with bench.blocked():
            ahead = bench.begin()
            await bench.until_in_hand()
            together = [bench.begin(request_id=request_id) for _ in range(3)]
        await asyncio.gather(ahead, *together)
        later = await bench.begin(request_id=request_id)
        assert later.contact_id == str(request_id)
        with pytest.raises(Conflict):
            await bench.begin(request_id=request_id, digest=b"another")
        rows = await bench.beside.fetch("select records, action from audit where $1 = any(records)", _of(later))
        assert [(row["records"], row["action"]) for row in rows] == [([_of(later)], "COLLECTION")] * 4
        assert len(await bench.stored()) == 2

    on_the_bench(test)


def _of(reply: intake.OpenContactResponse) -> str:
    return f"contact:{reply.contact_id}"


def test_what_waits_is_told_with_its_age(on_the_bench: Run) -> None:  # I8
    async def test(bench: Bench) -> None:
        assert bench.appender.level() == (0, 0.0)
        async with bench.blocked():
            first = bench.begin()
            await bench.until_in_hand()
            others = [bench.begin() for _ in range(3)]
            size, oldest = await until(lambda: _level(bench), lambda level: level[1] > 0.05)
            assert size == 3
            assert oldest < 5
        await asyncio.gather(first, *others)
        assert bench.appender.level() == (0, 0.0)

    on_the_bench(test)


async def _level(bench: Bench) -> tuple[int, float]:
    return bench.appender.level()


def test_a_bad_row_fails_alone(on_the_bench: Run) -> None:
    """One that the database refuses, and one that does not even fit into its column."""

    async def test(bench: Bench) -> None:
        async with bench.blocked():
            first = bench.begin()
            await bench.until_in_hand()
            good = [bench.begin() for _ in range(3)]
            refused, too_large = bench.begin(amount=0), bench.begin(amount=99_999)
            good.append(bench.begin())
            await asyncio.sleep(0)
        results = await asyncio.gather(first, *good, refused, too_large, return_exceptions=True)
        assert all(isinstance(result, intake.OpenContactResponse) for result in results[:5])
        assert isinstance(results[5], asyncpg.CheckViolationError)
        assert isinstance(results[6], asyncpg.DataError)
        assert len(await bench.stored()) == 5
        assert await bench.beside.fetchval("select count(*) from request") == 5
        assert await bench.beside.fetchval("select count(*) from audit") == 5

    on_the_bench(test)


def test_a_full_queue_sheds_what_comes_then_and_stores_what_waits(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        async with bench.blocked():
            in_hand = bench.begin()
            await bench.until_in_hand()
            waiting = [bench.begin() for _ in range(BOUND)]
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await bench.begin()
        assert len(await asyncio.gather(in_hand, *waiting)) == BOUND + 1
        assert len(await bench.stored()) == BOUND + 1

    on_the_bench(test)


def test_its_session_cut_off_with_a_batch_in_hand(on_the_bench: Run) -> None:
    """Who is in hand or waits is told that nothing was stored, and the same request later is stored once."""

    async def test(bench: Bench) -> None:
        ids = [uuid4() for _ in range(3)]
        async with bench.blocked():
            in_hand = bench.begin(request_id=ids[0])
            pid = await bench.until_in_hand()
            waiting = [bench.begin(request_id=one) for one in ids[1:]]
            await asyncio.sleep(0)
            assert await bench.beside.fetchval("select pg_terminate_backend($1, 5000)", pid)
            results = await asyncio.gather(in_hand, *waiting, return_exceptions=True)
        assert [type(result) for result in results] == [Unavailable] * 3
        assert not await bench.stored()
        for one in ids:
            await _stored_at_last(bench, one)
        assert await bench.stored() == set(ids)

    on_the_bench(test)


def test_its_session_cut_off_while_nothing_happens(on_the_bench: Run) -> None:
    """It notices by itself and connects again, so that the next append meets a session that is there."""

    async def test(bench: Bench) -> None:
        sql = (
            "select pid from pg_stat_activity where application_name = 'peel-appender' and datname = current_database()"
        )
        pid = await until(lambda: bench.looking.fetchval(sql), lambda found: found is not None)
        await until(lambda: _as_result(bench.appender.wrong()), lambda wrong: wrong is None)
        assert await bench.beside.fetchval("select pg_terminate_backend($1, 5000)", pid)
        await until(lambda: bench.looking.fetchval(sql), lambda found: found not in (None, pid))
        await until(lambda: _as_result(bench.appender.wrong()), lambda wrong: wrong is None)
        assert await bench.begin()

    on_the_bench(test)


def test_what_comes_while_its_session_is_gone_waits_for_the_next_one(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        await _stored_at_last(bench, uuid4())
        assert bench.appender._connection is not None
        bench.appender._connection.terminate()
        assert bench.appender.wrong() is not None
        assert len(await asyncio.gather(*[bench.begin() for _ in range(BOUND)])) == BOUND

    on_the_bench(test)


async def _as_result(value: str | None) -> str | None:
    return value


def test_a_caller_that_gives_up_does_no_harm(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        ids = [uuid4() for _ in range(3)]
        async with bench.blocked():
            tasks = [bench.begin(request_id=ids[0])]
            await bench.until_in_hand()
            tasks += [bench.begin(request_id=one) for one in ids[1:]]
            await asyncio.sleep(0)
            for task in tasks[:2]:
                task.cancel()
        await tasks[2]
        assert await bench.stored() == set(ids)
        assert await bench.begin(request_id=ids[0])

    on_the_bench(test)


def test_repeats_in_one_batch_and_across_batches(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        one = uuid4()
        async with bench.blocked():
            first = bench.begin()
            await bench.until_in_hand()
            same = [bench.begin(request_id=one) for _ in range(3)]
            other = bench.begin(request_id=one, digest=b"other")
            await asyncio.sleep(0)
        results = await asyncio.gather(first, *same, other, return_exceptions=True)
        assert results[1] == results[2] == results[3]
        assert isinstance(results[4], Conflict)
        assert await bench.begin(request_id=one) == results[1]
        assert len(await bench.stored()) == 2

    on_the_bench(test)


def test_closing_stores_what_waits_and_takes_nothing_new(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        async with bench.blocked():
            tasks = [bench.begin()]
            await bench.until_in_hand()
            tasks += [bench.begin() for _ in range(5)]
            await asyncio.sleep(0)
            closing = asyncio.create_task(bench.appender.close())
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await bench.begin()
        await closing
        assert len(await asyncio.gather(*tasks)) == len(await bench.stored()) == 6

    on_the_bench(test)


def test_overload_through_the_public_api(running: Running, force: str, postgres: LocalPostgres) -> None:
    """More callers than may wait: some are told to come again shortly, nobody is forgotten."""
    handler = running.person("call_handler", force=force)
    requests = [contact(force, running.now) for _ in range(running.settings.append_queue + 120)]

    async def crowd() -> "list[grpc.CallFuture[intake.OpenContactResponse]]":
        connection = await asyncpg.connect(postgres.dsn("intake"))
        try:
            async with connection.transaction():
                await connection.execute("lock table contact in share mode")
                calls = [
                    running.intake.OpenContact.future(one, timeout=5, metadata=handler.headers) for one in requests
                ]
                await asyncio.to_thread(eventually, lambda: any(call.done() for call in calls), 2)
            return calls
        finally:
            await connection.close()

    codes = [call.code() for call in asyncio.run(crowd())]
    assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    shed = [one for one, code in zip(requests, codes, strict=True) if code is grpc.StatusCode.RESOURCE_EXHAUSTED]
    assert running.count("intake", "from contact where force = $1", force) == len(requests) - len(shed)
    for request in shed:
        handler.ask(running.intake.OpenContact, request)
    assert running.count("intake", "from contact where force = $1", force) == len(requests)
