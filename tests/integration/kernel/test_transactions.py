"""One transaction of the kernel against the real Postgres: what is counted, and what stays behind in a session."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from services.kernel.caller import service_itself
from services.kernel.clock import SystemClock
from services.kernel.database import Pool, open_pool
from services.kernel.migrations import migrate
from services.kernel.settings import Settings
from services.kernel.transaction import UnitOfWork
from tests.integration.services.waiting import until

CALLER = service_itself("intake")
Test = Callable[[Pool, UnitOfWork], Awaitable[None]]


@pytest.fixture
def with_a_pool(fresh_database: Callable[[], str]) -> Callable[[Test], None]:
    """Runs a test with a pool on a database of its own."""

    @asynccontextmanager
    async def pool_of(settings: Settings) -> AsyncIterator[Pool]:
        pool = await open_pool(settings, "intake", size=4)
        try:
            yield pool
        finally:
            await pool.close()

    async def run(test: Test) -> None:
        settings = Settings(database=fresh_database())
        await migrate(settings, "intake")
        async with pool_of(settings) as pool:
            await test(pool, UnitOfWork(pool, SystemClock()))

    return lambda test: asyncio.run(run(test))


def test_numbers_have_neither_doubles_nor_gaps(with_a_pool: Callable[[Test], None]) -> None:
    """However transactions overlap, count twice, count past a query, or roll back."""

    async def test(_: Pool, work: UnitOfWork) -> None:
        counted: list[int] = []

        async def count(number: int) -> None:
            try:
                async with work.begin(CALLER) as tx:
                    mine = [await tx.count_up("a"), await tx.count_up("a", 2)]
                    # Writes what was held back.
                    await tx.all("select 1")
                    mine.append(await tx.count_up("a"))
                    if number % 5 == 0:
                        raise LookupError
            except LookupError:
                return
            assert mine == [mine[0], mine[0] + 1, mine[0] + 3]
            counted.extend([mine[0], mine[0] + 1, mine[0] + 2, mine[0] + 3])

        await asyncio.gather(*(count(number) for number in range(20)))
        assert sorted(counted) == list(range(1, 16 * 4 + 1))
        async with work.begin(CALLER) as tx:
            assert await tx.count_up("a") == 16 * 4 + 1
            assert await tx.count_up("another") == 1

    with_a_pool(test)


def test_who_counts_the_same_waits_for_the_end_of_who_counts(with_a_pool: Callable[[Test], None]) -> None:
    async def test(pool: Pool, work: UnitOfWork) -> None:
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        async with work.begin(CALLER) as first:
            assert await first.count_up("a") == 1

            async def count() -> int:
                async with work.begin(CALLER) as second:
                    return await second.count_up("a")

            after = asyncio.create_task(count())
            await until(lambda: pool.fetchval(waiting), lambda found: found == 1)
            assert await first.count_up("a") == 2
        assert await after == 3

    with_a_pool(test)


def test_a_session_is_handed_on_as_it_was(with_a_pool: Callable[[Test], None]) -> None:
    """A use case that is cut off, or that sets something for itself, leaves nothing to the next one in its session."""

    async def test(pool: Pool, work: UnitOfWork) -> None:
        begun = asyncio.Event()

        async def cut_off() -> None:
            async with work.begin(CALLER) as tx:
                await tx.count_up("a")
                await tx.execute("select set_config('statement_timeout', '1234', true)")
                begun.set()
                await tx.execute("select pg_sleep(60)")

        task = asyncio.create_task(cut_off())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(4):
            async with work.begin(CALLER) as tx:
                (row,) = await tx.all("select current_setting('statement_timeout') as setting")
                assert row["setting"] == "0"
                assert await tx.count_up("a") >= 1
        states = await pool.fetch("select state from pg_stat_activity where state like 'idle in transaction%'")
        assert not states

    with_a_pool(test)
