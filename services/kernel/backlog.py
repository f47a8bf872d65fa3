"""The backlog catalogue: every queue, tray and clock, with its owner, its size and the age of its oldest (I8).

A line here is all there is to do: the gauges, `peel backlogs` and later the dashboard and the alert come from it. What
waits in the memory of a process is in the gauges alone: another process cannot ask for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

import asyncpg

from services.kernel.clock import Clock
from services.kernel.database import TRANSIENT, Connection, Pool, borrowed
from services.kernel.pause import pause
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import BACKLOG_OLDEST_SECONDS, BACKLOG_SIZE

_LOG = logger(__name__)
# Often enough for a dashboard and an alert.
_MEASURE_SECONDS = 5.0
_BUDGET_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """One thing that can pile up.

    `sql` returns one row: size (bigint) and oldest (timestamptz, null where empty). It is asked every few seconds, so
    what waits needs an index. `real_time` says that its times are of the machine's own clock, which differs from the
    kernel's in a rehearsal.
    """

    name: str
    owner: str
    meaning: str
    sql: str
    real_time: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What can pile up in this process's memory: `level` says how many, and the age of the oldest in seconds."""

    name: str
    owner: str
    meaning: str
    level: Callable[[], tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Level:
    """How full a backlog is. `oldest_seconds` is 0 where nothing waits."""

    backlog: Backlog
    size: int
    oldest_seconds: float


def kernel_backlogs(service: str) -> tuple[Backlog, ...]:
    """What piles up in any service."""
    return (
        Backlog(
            f"{service}.outbox",
            "platform on-call",
            "Events committed and not yet given to Kafka.",
            "select count(*) as size, min(created_at) as oldest from outbox where published_at is null",
            real_time=True,
        ),
        Backlog(
            f"{service}.dead-letters",
            "platform on-call",
            "Events that could not be handled and wait for a person to replay them.",
            "select count(*) as size, min(at) as oldest from dead_letter where replayed_at is null",
            real_time=True,
        ),
        Backlog(
            f"{service}.timers-due",
            "platform on-call",
            "Durable timers past their due time that have not fired.",
            "select count(*) as size, min(due) as oldest from timer where state = 'WAITING' and due <= $1",
        ),
    )


def held_backlogs(
    service: str, appends: Callable[[], tuple[int, float]], late_audit: Callable[[], tuple[int, float]]
) -> tuple[Held, ...]:
    """What piles up in the memory of any API process, by the two that hold it."""
    return (
        Held(f"{service}.appends", "platform on-call", "Calls that wait in memory to be committed together.", appends),
        Held(
            f"{service}.late-audit",
            "platform on-call",
            "Audit rows of emergencies and broken streams that the database has not taken yet.",
            late_audit,
        ),
    )


def backlogs_of(service: str) -> tuple[Backlog, ...]:
    """The catalogue of one service: the kernel's and its own."""
    own: Sequence[Backlog] = import_module(f"services.{service}.backlogs").BACKLOGS
    return (*kernel_backlogs(service), *own)


async def measure(connection: Connection, backlog: Backlog, clock: Clock) -> Level:
    """Looks at one backlog."""
    args = [clock.now()] if "$1" in backlog.sql else []
    row = await connection.fetchrow(backlog.sql, *args)
    if row is None:
        raise RuntimeError(f"backlog {backlog.name}: its query returned no row")
    oldest: datetime | None = row["oldest"]
    if oldest is None:
        return Level(backlog, row["size"], 0.0)
    now = await connection.fetchval("select clock_timestamp()") if backlog.real_time else clock.now()
    return Level(backlog, row["size"], max(0.0, (now - oldest).total_seconds()))


async def export(connection: Connection, backlogs: Sequence[Backlog], clock: Clock) -> None:
    """Sets the gauges of these backlogs."""
    for backlog in backlogs:
        level = await measure(connection, backlog, clock)
        show(backlog.name, backlog.owner, level.size, level.oldest_seconds)


def show(name: str, owner: str, size: int, oldest_seconds: float) -> None:
    """Sets the gauges of one backlog."""
    BACKLOG_SIZE.labels(name, owner).set(size)
    BACKLOG_OLDEST_SECONDS.labels(name, owner).set(oldest_seconds)


async def keep_exporting(pool: Pool, service: str, clock: Clock, held: Sequence[Held], stop: asyncio.Event) -> None:
    """Sets the gauges of a service's backlogs every few seconds, until `stop` is set."""
    catalogue = backlogs_of(service)
    while not stop.is_set():
        # First: they grow while the database is away.
        for one in held:
            show(one.name, one.owner, *one.level())
        try:
            async with asyncio.timeout(_BUDGET_SECONDS), borrowed(pool) as connection:
                await export(connection, catalogue, clock)
        except TRANSIENT as error:
            # Health says what is wrong with the database.
            _LOG.debug("backlogs not measured", error=type(error).__name__)
        except asyncpg.PostgresError as error:
            # A query that is wrong must not end a process that serves.
            _LOG.warning("backlogs not measured", error=type(error).__name__)
        await pause(_MEASURE_SECONDS, stop)
