"""Crime recording on the real Postgres without its processes: a clock that is stepped, timers that nobody fires."""

from collections.abc import Iterator

import pytest

from deploy.local.postgres import LocalPostgres
from services.kernel.settings import Settings
from tests.integration.crime.tray import Tray
from tests.stateful.ledgers import Ledgers


@pytest.fixture
def tray(postgres: LocalPostgres, unique: str) -> Iterator[Tray]:
    for service in ("intake", "crime"):
        postgres.create_database(f"{service}_{unique}")
    ledgers = Ledgers(Settings(database=postgres.dsn(f"{{service}}_{unique}")), "intake", "crime")
    try:
        yield Tray(ledgers)
    finally:
        ledgers.end()
        ledgers.close()
