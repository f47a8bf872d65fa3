"""A desk for each test, on one database for all of them."""

import uuid
from collections.abc import Iterator

import pytest

from deploy.local.postgres import LocalPostgres
from services.kernel.settings import Settings
from tests.integration.dispatch.desk import Desk, desks
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
