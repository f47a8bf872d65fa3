"""The real Postgres and Kafka, one of each a session, for the tests that ask for them."""

import asyncio
import uuid
from collections.abc import Callable, Iterator

import pytest

from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port
from deploy.local.postgres import LocalPostgres
from services.kernel.migrations import migrate
from services.kernel.settings import Settings

# Started by the tests of several folders, and only once.
pytest_plugins = ("tests.integration.services.running",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever needs all services runs in one process, which starts them once; all others run beside it."""
    for item in items:
        if "running" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("running"))


@pytest.fixture(scope="session")
def _broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    broker = LocalKafka(tmp_path_factory.mktemp("kafka"), free_port(), free_port())
    try:
        broker.start()
        broker.wait_ready()
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def broker(_broker: LocalKafka) -> LocalKafka:
    """A broker that serves, also after a test that left it dead. Topics and groups are the test's own: see `unique`."""
    if _broker.pid is None:
        _broker.start()
        _broker.wait_ready()
    return _broker


@pytest.fixture(scope="session")
def _postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    postgres = LocalPostgres(tmp_path_factory.mktemp("postgres"), free_port())
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()
        postgres.wipe()


@pytest.fixture
def postgres(_postgres: LocalPostgres) -> LocalPostgres:
    """A server that serves, also after a test that left it dead."""
    if _postgres.pid is None:
        _postgres.start()
    return _postgres


@pytest.fixture
def unique() -> str:
    """A name that no other test uses: for topics, groups, instances and databases."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
def settings(broker: LocalKafka, postgres: LocalPostgres, unique: str) -> Settings:
    """Settings of the real broker and server, with databases of the test's own that `migrated` has yet to make."""
    return Settings(
        database=postgres.dsn(f"{{service}}_{unique}"),
        kafka=broker.bootstrap,
        instance=unique,
        metrics_listen=f"127.0.0.1:{free_port()}",
    )


@pytest.fixture
def migrated(postgres: LocalPostgres, settings: Settings, unique: str) -> Callable[[str], None]:
    """Makes a service's fresh database and applies all its migrations."""

    def make(service: str) -> None:
        postgres.create_database(f"{service}_{unique}")
        asyncio.run(migrate(settings, service))

    return make
