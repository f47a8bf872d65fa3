"""What a service does by itself, on the real Postgres: one worker at a time, and an error costs one turn."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from services.kernel.clock import SystemClock
from services.kernel.database import Pool, open_pool
from services.kernel.reactions import Turn
from services.kernel.settings import Settings
from services.kernel.transaction import Transaction, UnitOfWork
from services.kernel.turns import Turns
from tests.integration.kernel.probing import metric
from tests.integration.services.waiting import until

SHORT = 0.02
Test = Callable[[Pool, Settings], Awaitable[None]]


@pytest.fixture
def on_the_bench(fresh_database: Callable[[], str]) -> Callable[[Test], None]:
    async def run(test: Test) -> None:
        settings = Settings(database=fresh_database())
        async with pool_of(settings) as pool:
            await pool.execute("create table effect (number bigint generated always as identity)")
            await test(pool, settings)

    return lambda test: asyncio.run(run(test))


@asynccontextmanager
async def pool_of(settings: Settings) -> AsyncIterator[Pool]:
    pool = await open_pool(settings, "bench", size=2)
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def working(settings: Settings, name: str, act: Callable[[Transaction], Awaitable[None]]) -> AsyncIterator[None]:
    """A worker that takes this turn, with a pool of its own."""
    async with pool_of(settings) as pool:
        stop = asyncio.Event()
        turns = Turns("test", UnitOfWork(pool, SystemClock()), {name: Turn(SHORT, act)})
        task = asyncio.create_task(turns.run(stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, 5)


async def note(tx: Transaction) -> None:
    await tx.execute("insert into effect default values")


async def effects(pool: Pool) -> int:
    return int(await pool.fetchval("select count(*) from effect"))


def test_one_worker_at_a_time(on_the_bench: Callable[[Test], None]) -> None:
    async def test(pool: Pool, settings: Settings) -> None:
        busy: list[str] = []
        together: list[int] = []

        async def slow(tx: Transaction) -> None:
            busy.append("here")
            together.append(len(busy))
            await note(tx)
            await asyncio.sleep(2 * SHORT)
            busy.pop()

        passed = metric("peel_turns_total", turn="test_slow", outcome="passed")
        async with working(settings, "test_slow", slow), working(settings, "test_slow", slow):
            await until(lambda: effects(pool), lambda number: number >= 10)
        assert set(together) == {1}
        assert metric("peel_turns_total", turn="test_slow", outcome="passed") > passed

    on_the_bench(test)


def test_an_error_costs_one_turn_and_leaves_nothing(on_the_bench: Callable[[Test], None]) -> None:
    async def test(pool: Pool, settings: Settings) -> None:
        turns = iter(range(1_000_000))

        async def every_other(tx: Transaction) -> None:
            await note(tx)
            if next(turns) % 2 == 0:
                raise LookupError

        failed = metric("peel_turns_total", turn="test_faulty", outcome="failed")
        async with working(settings, "test_faulty", every_other):
            number = await until(lambda: effects(pool), lambda number: number >= 3)
        assert metric("peel_turns_total", turn="test_faulty", outcome="failed") - failed >= number

    on_the_bench(test)


def test_two_turns_do_not_wait_for_each_other(on_the_bench: Callable[[Test], None]) -> None:
    async def test(pool: Pool, settings: Settings) -> None:
        async def stuck(_tx: Transaction) -> None:
            await blocked.wait()

        blocked = asyncio.Event()
        async with working(settings, "test_stuck", stuck), working(settings, "test_free", note):
            await until(lambda: effects(pool), lambda number: number >= 3)
            blocked.set()

    on_the_bench(test)
