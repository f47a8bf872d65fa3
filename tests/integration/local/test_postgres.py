"""The local PostgreSQL is real, durable, and gone when it is stopped."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.faults import LocalFault
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import LocalPostgres
from tests.integration.local.waiting import family, gone


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPostgres]:
    server = LocalPostgres(tmp_path_factory.mktemp("postgres"), free_port())
    server.start()
    server.create_database("intake")
    yield server
    server.stop()
    server.wipe()


@pytest.fixture
def postgres(server: LocalPostgres) -> LocalPostgres:
    """The module's server, running whatever the test before did to it."""
    if server.pid is None:
        server.start()
    return server


def ask(server: LocalPostgres, statement: str) -> object:
    async def once() -> object:
        connection = await asyncpg.connect(server.dsn("intake"), timeout=10)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(once())


def test_a_committed_row_survives_a_kill(postgres: LocalPostgres) -> None:  # I1
    ask(postgres, "create table report (id int)")
    ask(postgres, "insert into report values (7)")
    before = family(postgres.pid or 0)
    postgres.kill()
    assert all(map(gone, before))
    postgres.start()
    assert ask(postgres, "select id from report") == 7


def test_data_survive_an_orderly_restart(postgres: LocalPostgres) -> None:
    ask(postgres, "create table kept as select 8 as id")
    postgres.stop()
    postgres.start()
    postgres.create_database("intake")
    assert ask(postgres, "select id from kept") == 8


def test_services_own_their_database_and_nothing_more(postgres: LocalPostgres) -> None:
    assert ask(postgres, "select rolsuper from pg_roles where rolname = current_user") is False
    assert ask(postgres, "select datdba::regrole::text from pg_database where datname = 'intake'") == "peel"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(postgres, "copy (select 1) to program 'true'")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        asyncio.run(asyncpg.connect(postgres.dsn("intake"), user="postgres", timeout=10))


def test_it_writes_durably(postgres: LocalPostgres) -> None:  # I1
    assert ask(postgres, "select current_setting('fsync') || current_setting('synchronous_commit')") == "onon"


def test_stop_leaves_no_process(postgres: LocalPostgres) -> None:
    everyone = family(postgres.pid or 0)
    assert len(everyone) > 3
    postgres.stop()
    assert all(map(gone, everyone))
    assert postgres.pid is None
    assert not postgres.sockets.exists()


def test_a_database_name_is_not_sql(postgres: LocalPostgres) -> None:
    with pytest.raises(ValueError, match="not a database name"):
        postgres.create_database("x; drop table report")


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(LocalFault, match=rf"port {port} \(PostgreSQL\)"):
            LocalPostgres(tmp_path, port).start()


def test_a_dead_postmasters_lock_does_not_keep_it_from_starting(postgres: LocalPostgres) -> None:
    """After a machine's restart the number in the lock file may be any other process's, even the test's own."""
    lock = Path(str(ask(postgres, "show data_directory"))) / "postmaster.pid"
    postgres.stop()
    lock.write_text(f"{os.getpid()}\n")
    postgres.start()
    assert postgres.pid is not None
