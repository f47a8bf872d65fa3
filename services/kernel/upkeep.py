"""What a service does for itself now and then: seals its audit, and deletes what it need not remember any longer."""

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from services.kernel.clock import Clock
from services.kernel.database import TRANSIENT, Connection
from services.kernel.pause import pause
from services.kernel.seal import seal
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger

_LOG = logger(__name__)
_EVERY_SECONDS = 10.0
# Deletes are bounded, so that none of them holds its locks for long; what is left waits for the next round.
_ROWS = 5_000
# A settled timer may be armed anew at any moment. Locked before it goes: one that waits again by then is left alone.
_SETTLED_TIMERS = (
    "delete from timer where id = any(array(select id from timer where state <> 'WAITING' and settled_at < $1 "
    f"order by settled_at limit {_ROWS} for update skip locked))"
)


@dataclass(frozen=True, slots=True)
class _Forgotten:
    """Rows of a table that are deleted once a column's time is so many hours ago."""

    table: str
    column: str
    hours: int


class Upkeep:
    """A part of the worker. Rounds of several workers do each other no harm."""

    def __init__(self, settings: Settings, service: str, clock: Clock) -> None:
        """`clock` is the one that timers are settled by."""
        self._clock = clock
        self._settled = timedelta(days=settings.settled_timer_days)
        self._dsn = settings.database_of(service)
        remembered = 24 * settings.remembered_days
        self._forgotten = (
            _Forgotten("outbox", "published_at", settings.outbox_retention_hours),
            # Longer than Kafka keeps an event, or an old one delivered again would have its effect again.
            _Forgotten("inbox", "at", remembered),
            _Forgotten("request", "at", remembered),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """One round after another until `stop` is set. A database that does not answer is tried again next time."""
        while not stop.is_set():
            await pause(_EVERY_SECONDS * random.uniform(0.8, 1.2), stop)
            if not stop.is_set():
                await self.round()

    async def round(self) -> None:
        """Seals, then deletes."""
        try:
            connection: Connection = await asyncpg.connect(self._dsn, timeout=5, command_timeout=60)
        except (*TRANSIENT, asyncpg.PostgresError) as error:
            _LOG.warning("no upkeep", error=type(error).__name__)
            return
        try:
            made = await seal(connection)
            if made is not None:
                _LOG.info("audit sealed", seal=made.number, rows=made.rows, digest=made.digest)
            for one in self._forgotten:
                await connection.execute(
                    f"delete from {one.table} where ctid = any(array(select ctid from {one.table} "
                    f"where {one.column} < clock_timestamp() - make_interval(hours => $1) limit {_ROWS}))",
                    one.hours,
                )
            await connection.execute(_SETTLED_TIMERS, self._clock.now() - self._settled)
        except TRANSIENT as error:
            _LOG.warning("upkeep broken off", error=type(error).__name__)
        finally:
            connection.terminate()
