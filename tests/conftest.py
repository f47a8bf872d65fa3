"""The real Postgres and Kafka, one of each a session, for the tests that ask for them."""

import asyncio
import uuid
from collections.abc import Callable, Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port
from deploy.local.postgres import LocalPostgres
from services.kernel.migrations import migrate
from services.kernel.settings import Settings
from tests.integration.local.ending import end_postgres
from tests.together import Together, check_together, end_shared, turn_of

# Started by the tests of several folders, and only once.
pytest_plugins = ("tests.integration.services.running",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        check_together(item)
    items.sort(key=lambda item: turn_of(item.nodeid))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    end_shared(item, nextitem)


# Of a plug-in that need not be there: nothing but `make test` asks for several processes.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return Together(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def _broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    broker = LocalKafka(tmp_path_factory.mktemp("kafka"), free_port(), free_port())
    try:
        broker.start()
        broker.wait_ready()
        yield broker
    finally:
        # Nobody needs what it would write down.
        broker.kill()


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
        end_postgres(postgres)
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
