"""Says what of this replica's signals is not safe yet, on its disk or in its memory alone: in its metrics, and in the
database, so that it is in the backlog catalogue (I8)."""

import asyncio
import time
from datetime import datetime, timedelta

import asyncpg

from services.kernel.clock import SystemClock
from services.kernel.database import TRANSIENT, Pool, borrowed
from services.kernel.pause import pause
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import gauge
from services.safety.emergency.board import Board
from services.safety.emergency.disk import Disk

_LOG = logger(__name__)
_SAY_SECONDS = 2.0
_STORE_SECONDS = 2.0
# Whoever took it is at it now.
_SETTLED_SECONDS = 2.0
_SQL = (
    "insert into spool_level (replica, records, oldest, set_aside, set_aside_since, in_memory, in_memory_since) "
    "values ($1, coalesce($2::bigint, 0), $3, coalesce($4::bigint, 0), "
    "case when $4::bigint > 0 then clock_timestamp() end, $5, $6) "
    "on conflict (replica) do update set in_memory = $5, in_memory_since = $6, reported_at = clock_timestamp(), "
    "records = coalesce($2::bigint, spool_level.records), "
    "oldest = case when $2::bigint is null then spool_level.oldest else $3 end, "
    "set_aside = coalesce($4::bigint, spool_level.set_aside), "
    "set_aside_since = case when $4::bigint is null then spool_level.set_aside_since "
    "when $4::bigint > 0 then coalesce(spool_level.set_aside_since, clock_timestamp()) end"
)

IN_MEMORY = gauge(
    "peel_emergency_in_memory",
    "Signals of emergencies that neither the database nor a disk has taken for more than 2 s.",
    action="Any: do not restart this process, they would be lost with it. Free its disk or bring the database back.",
)
IN_MEMORY_OLDEST_SECONDS = gauge(
    "peel_emergency_in_memory_oldest_seconds",
    "Age of the oldest signal that neither the database nor a disk has taken, 0 where there is none.",
    action="Growing: neither of the two gets better by itself.",
)

_Level = tuple[int | None, datetime | None, int | None, int, datetime | None]


class Levels:
    """A part of the process."""

    def __init__(self, disk: Disk, board: Board) -> None:
        self._disk, self._board = disk, board
        # When the monotonic clock stood at 0, so that a moment of it has one time of day.
        self._zero = SystemClock().now() - timedelta(seconds=time.monotonic())

    def measure(self) -> _Level:
        """Records on the disk, since when, and what is set aside there, None where its folder cannot be looked into;
        then how many signals are in memory alone, and since when. Sets the metrics of those."""
        now = time.monotonic()
        heard = [since for held, since in self._board.unsafe() if not held.durability.lasting]
        late = [since for since in heard if now - since > _SETTLED_SECONDS]
        IN_MEMORY.set(len(late))
        IN_MEMORY_OLDEST_SECONDS.set(now - min(late) if late else 0.0)
        since = self._zero + timedelta(seconds=min(late)) if late else None
        return (*(self._disk.level() or (None, None, None)), len(late), since)

    async def say(self, pool: Pool, replica: str, stop: asyncio.Event) -> None:
        """Says it whenever it differs from what was said last, until `stop` is set. `replica` is its lasting name."""
        said: _Level | None = None
        while not stop.is_set():
            level = self.measure()
            if level != said:
                try:
                    async with asyncio.timeout(_STORE_SECONDS), borrowed(pool) as connection:
                        await connection.execute(_SQL, replica, *level)
                    said = level
                except (*TRANSIENT, asyncpg.PostgresError) as error:
                    _LOG.warning("spool level not said", error=type(error).__name__)
            await pause(_SAY_SECONDS, stop)
