"""Postgres: pools, and tables that can be filled in bulk."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from services.kernel.settings import Settings

Row: TypeAlias = asyncpg.Record
Connection: TypeAlias = asyncpg.Connection
Pool: TypeAlias = asyncpg.Pool

# Not the request's fault: the same call may well succeed a moment later.
TRANSIENT: tuple[type[BaseException], ...] = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What the client says of a connection that the server ended between two statements.
    asyncpg.InternalClientError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
)


# Compared by identity: each table is declared once, and looked up for every row.
@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table that rows are added to in bulk: its name and its columns with their types, in the rows' order.

    `on_conflict` is what becomes of a row that is there already, in SQL; without, it is an error.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    on_conflict: str = ""

    @classmethod
    def of(cls, name: str, columns: str, on_conflict: str = "") -> "Table":
        """From the SQL one would write: Table.of("crime", "id uuid, force text", "(id) do nothing")."""
        pairs = [column.strip().split(" ", 1) for column in columns.split(",")]
        return cls(name, tuple((column, kind.strip()) for column, kind in pairs), on_conflict)

    @property
    def names(self) -> str:
        return ", ".join(column for column, _ in self.columns)

    def check(self, row: tuple[object, ...]) -> None:
        """Raises ValueError for what is no row of it: another number of values, or nothing in the first column."""
        if len(row) != len(self.columns):
            raise ValueError(f"{self.name} has {len(self.columns)} columns, the row {len(row)}")
        if row[0] is None:
            raise ValueError(f"{self.name}: the first column is never null")


async def open_pool(settings: Settings, service: str, size: int | None = None, *, at_once: bool = True) -> Pool:
    """A pool on the service's own database, which connects `at_once`, or when first asked for a connection.

    Raises OSError or asyncpg.PostgresError where Postgres does not answer at once, within five seconds.
    """
    return await asyncpg.create_pool(
        settings.database_of(service),
        min_size=1 if at_once else 0,
        max_size=size or settings.database_pool,
        command_timeout=settings.statement_timeout_seconds,
        timeout=5,
        # Statements for many rows are long, and are worth keeping.
        max_cacheable_statement_size=0,
        reset=_nothing_to_reset,
        server_settings={
            "application_name": f"peel-{service}",
            "timezone": "UTC",
            # A statement whose client has gone ends, and with it its locks: see `borrowed`.
            "client_connection_check_interval": "1s",
        },
    )


@asynccontextmanager
async def borrowed(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the pool, for the block; cut off where the block ran out of time or was called off.

    Undoing what such a block began would mean to wait once more, for the same server that does not answer. What is cut
    off the server undoes itself.
    """
    async with pool.acquire() as connection:
        try:
            yield connection
        except (TimeoutError, asyncio.CancelledError):
            connection.terminate()
            raise


async def _nothing_to_reset(_connection: object) -> None:
    """What a transaction sets, it sets for itself alone, and who listens or locks has a connection of their own.

    A transaction that was left open is rolled back all the same. The usual reset is a round trip and four statements
    after every use case.
    """


async def close_pool(pool: Pool, seconds: float) -> None:
    """Closes a pool; connections that are still in use after so many seconds are cut."""
    try:
        async with asyncio.timeout(seconds):
            await pool.close()
    except TimeoutError:
        pool.terminate()


def literals(words: Iterable[str]) -> str:
    """Words of our own as they stand in SQL: literals alone find a partial index. Raises ValueError for others."""
    found = list(words)
    if not all(re.fullmatch(r"[A-Za-z0-9_.-]+", word) for word in found):
        raise ValueError("only words of letters, digits, underscores, full stops and hyphens")
    return ", ".join(f"'{word}'" for word in found)
