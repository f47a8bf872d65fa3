"""A desk for each test, on one database for all of them."""

import asyncio
import uuid
from collections.abc import Callable, Iterator

import pytest

from deploy.local.postgres import LocalPostgres
from services.kernel.clock import SystemClock
from services.kernel.database import open_pool
from services.kernel.settings import Settings
from services.kernel.transaction import UnitOfWork
from tests.integration.dispatch.desk import Desk, desks
from tests.integration.dispatch.sides import Side, Test, Two
from tests.stateful.ledgers import Ledgers


@pytest.fixture(scope="session")
def _ledgers(_postgres: LocalPostgres) -> Iterator[Ledgers]:
    name = f"t{uuid.uuid4().hex[:10]}"
    _postgres.create_database(f"dispatch_{name}")
    ledgers = Ledgers(Settings(database=_postgres.dsn(f"{{service}}_{name}")), "dispatch")
    yield ledgers
    ledgers.close()


@pytest.fixture
def desk(_ledgers: Ledgers) -> Iterator[Desk]:
    """A control room with nothing in it."""
    yield from desks(_ledgers)


@pytest.fixture
def two(settings: Settings, migrated: Callable[[str], None]) -> Two:
    """Runs a test with two processes of dispatch."""
    migrated("dispatch")

    async def run(test: Test) -> None:
        pools = [await open_pool(settings, "dispatch", size=3) for _ in range(2)]
        try:
            await test(*(Side(UnitOfWork(pool, SystemClock())) for pool in pools))
        finally:
            for pool in pools:
                await pool.close()

    return lambda test: asyncio.run(run(test))
