"""Says in the database what waits on this replica's disk, so that it is in the backlog catalogue (I8)."""

import asyncio

import asyncpg

from services.kernel.database import TRANSIENT, Pool, borrowed
from services.kernel.pause import pause
from services.kernel.telemetry.logs import logger
from services.safety.emergency.disk import Disk

_LOG = logger(__name__)
_SAY_SECONDS = 2.0
_STORE_SECONDS = 2.0
_SQL = (
    "insert into spool_level (replica, records, oldest, set_aside, set_aside_since) "
    "values ($1, $2, $3, $4::bigint, case when $4::bigint > 0 then clock_timestamp() end) "
    "on conflict (replica) do update set records = $2, oldest = $3, set_aside = $4::bigint, "
    "reported_at = clock_timestamp(), "
    "set_aside_since = case when $4::bigint > 0 then coalesce(spool_level.set_aside_since, clock_timestamp()) end"
)


async def say_levels(disk: Disk, pool: Pool, replica: str, stop: asyncio.Event) -> None:
    """Says it whenever it differs from what was said last, until `stop` is set. `replica` is its lasting name."""
    said = None
    while not stop.is_set():
        level = disk.level()
        if level is not None and level != said:
            try:
                async with asyncio.timeout(_STORE_SECONDS), borrowed(pool) as connection:
                    await connection.execute(_SQL, replica, *level)
                said = level
            except (*TRANSIENT, asyncpg.PostgresError) as error:
                _LOG.warning("spool level not said", error=type(error).__name__)
        await pause(_SAY_SECONDS, stop)
