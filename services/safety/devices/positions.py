"""Where radios are, by heartbeats that another replica received.

Heartbeats come in thousands and are not told: a replica looks what has changed. It is never more than a look behind,
and the replica that received them knows at once.
"""

import asyncio

import asyncpg

from services.kernel.database import TRANSIENT, Pool, borrowed
from services.kernel.pause import pause
from services.kernel.telemetry.logs import logger
from services.safety.devices.store_heartbeats import devices_changed
from services.safety.emergency.carriers import Carriers

_LOG = logger(__name__)
_LOOK_SECONDS = 2.0
_READ_SECONDS = 5.0


class Positions:
    """Keeps the carriers of this replica current."""

    def __init__(self, pool: Pool, carriers: Carriers) -> None:
        self._pool, self._carriers = pool, carriers
        self._since = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until `stop` is set. While the database is away, what was known last stands, with its age."""
        there = True
        while not stop.is_set():
            try:
                async with asyncio.timeout(_READ_SECONDS), borrowed(self._pool) as connection:
                    known, self._since = await devices_changed(connection, self._since)
                self._carriers.learn(known)
                there = True
            except (*TRANSIENT, asyncpg.PostgresError) as error:
                if there:
                    _LOG.warning("positions of radios not read", error=type(error).__name__)
                there = False
            await pause(_LOOK_SECONDS, stop)
