"""The spool replayed into a real Postgres that is killed and refuses: nothing lost, nothing twice there (I4, I5)."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from deploy.local.postgres import LocalPostgres
from services.kernel.database import Pool
from services.kernel.spool import Record, Spool, drain
from tests.integration.services.waiting import until
from tests.unit.kernel.spooling import aside, number, run, spooling

RUN_SPOOL = Path(__file__).with_name("run_spool.py")
TABLE = "create table press (id uuid primary key, body bytea not null check (body <> 'poison'))"


class Replay:
    """A drain into the table, and what it finds there."""

    def __init__(self, spool: Spool, pool: Pool) -> None:
        self.spool, self.pool = spool, pool

    async def apply(self, record: Record) -> None:
        async with self.pool.acquire(timeout=1) as connection:
            await connection.execute("insert into press values ($1, $2) on conflict do nothing", record.id, record.body)

    async def empty(self) -> None:
        async def size() -> int:
            return self.spool.size

        await until(size, lambda left: left == 0, 30)

    async def rows(self) -> dict[UUID, bytes]:
        return {row["id"]: row["body"] for row in await self.pool.fetch("select id, body from press")}


@asynccontextmanager
async def replaying(folder: Path, dsn: str, drains: int = 1) -> AsyncIterator[Replay]:
    """A spool that so many drains empty into the table."""
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=2, command_timeout=2)
    stop = asyncio.Event()
    async with spooling(folder) as spool:
        replay = Replay(spool, pool)
        poison = (asyncpg.IntegrityConstraintViolationError,)
        tasks = [
            asyncio.create_task(drain(spool, replay.apply, poison, back=asyncio.Event(), stop=stop))
            for _ in range(drains)
        ]
        try:
            yield replay
        finally:
            stop.set()
            await asyncio.gather(*tasks)
            await pool.close()


@pytest.fixture
def dsn(postgres: LocalPostgres, unique: str) -> str:
    """A database with the table."""
    postgres.create_database(unique)
    dsn = postgres.dsn(unique)

    async def make() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(TABLE)
        await connection.close()

    asyncio.run(make())
    return dsn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def fill(folder: Path, count: int) -> dict[UUID, bytes]:
    """A spool of so many records that a process left behind."""
    wanted = {number(value): b"%d" % value for value in range(count)}

    async def work() -> None:
        async with spooling(folder) as spool:
            await asyncio.gather(*(spool.add(record_id, body) for record_id, body in wanted.items()))

    run(work())
    return wanted


def test_two_replays_of_one_spool_store_each_record_once(folder: Path, dsn: str) -> None:
    wanted = fill(folder, 300)

    async def work() -> None:
        async with replaying(folder, dsn, drains=2) as replay:
            await replay.empty()
            assert await replay.rows() == wanted

    run(work())


@pytest.mark.parametrize("stored", [1, 64, 70, 200])
def test_killed_between_store_and_mark_it_is_replayed_again_and_stored_once(
    folder: Path, dsn: str, stored: int
) -> None:
    wanted = fill(folder, 200)
    argv = [sys.executable, str(RUN_SPOOL), str(folder), "drain", dsn, str(stored)]
    process = subprocess.run(argv, capture_output=True, timeout=30, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr

    async def work() -> None:
        async with replaying(folder, dsn) as replay:
            await replay.empty()
            assert await replay.rows() == wanted

    run(work())


def test_a_killed_database_gets_all_of_it_once_it_is_back(folder: Path, dsn: str, postgres: LocalPostgres) -> None:
    wanted = fill(folder, 200)

    async def work() -> None:
        async with replaying(folder, dsn) as replay:

            async def some() -> int:
                return replay.spool.size

            await until(some, lambda left: left < 200)
            await asyncio.to_thread(postgres.kill)
            for value in range(1000, 1050):
                wanted[number(value)] = b"%d" % value
                await replay.spool.add(number(value), b"%d" % value)
            assert replay.spool.size >= 50
            await asyncio.to_thread(postgres.start)
            await replay.empty()
            assert await replay.rows() == wanted

    run(work())


def test_what_a_constraint_refuses_is_set_aside_and_the_rest_is_stored(folder: Path, dsn: str) -> None:
    wanted = fill(folder, 20)

    async def work() -> None:
        async with replaying(folder, dsn) as replay:
            for value in (100, 101):
                await replay.spool.add(number(value), b"poison")
            await replay.spool.add(number(102), b"after")
            await replay.empty()
            assert await replay.rows() == wanted | {number(102): b"after"}
            assert replay.spool.set_aside == 2

    run(work())
    assert [file.read_bytes() for file in aside(folder, "refused")] == [b"poison", b"poison"]
