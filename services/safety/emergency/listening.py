"""What the database tells a replica: the commits of all replicas, and, whenever it comes back, what is in hand."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg

from services.kernel.clock import Clock
from services.kernel.database import TRANSIENT, Connection, Pool, borrowed
from services.kernel.listener import Listener
from services.kernel.pause import pause
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.safety.emergency import store
from services.safety.emergency.board import KEPT_SECONDS, Board
from services.safety.emergency.carriers import Carriers
from services.safety.emergency.domain.signals import Durability
from services.safety.emergency.held import Held

_LOG = logger(__name__)
_READ_SECONDS = 5.0
_RETRY_SECONDS = (0.1, 2.0)
_MOST_TOGETHER = 500

Read = Callable[[Connection], Awaitable[None]]


class Listening:
    """Two parts of a process: one hears that there is something, one reads it."""

    def __init__(
        self, settings: Settings, service: str, pool: Pool, clock: Clock, board: Board, carriers: Carriers
    ) -> None:
        self._pool, self._clock, self._board, self._carriers = pool, clock, board, carriers
        self._signals: dict[UUID, None] = {}
        self._devices: dict[UUID, None] = {}
        self._all = False
        self._woken = asyncio.Event()
        # Set whenever the database is found to be there again.
        self.back = asyncio.Event()
        channels = {"signal": self._hear(self._signals), "device": self._hear(self._devices)}
        self.hear = Listener(settings, service, channels, self._connected).run

    def _hear(self, ids: dict[UUID, None]) -> Callable[[str], None]:
        def hear(payload: str) -> None:
            ids[UUID(payload)] = None
            self._woken.set()

        return hear

    def _connected(self) -> None:
        """What was committed before was missed."""
        self._all = True
        self._woken.set()

    async def read(self, stop: asyncio.Event) -> None:
        """Reads what was heard of, until `stop` is set. A database that does not answer is asked again."""
        stopping = asyncio.create_task(self._wake_when(stop))
        shortest, longest = _RETRY_SECONDS
        delay = shortest
        try:
            while not stop.is_set():
                await self._woken.wait()
                self._woken.clear()
                try:
                    async with asyncio.timeout(_READ_SECONDS), borrowed(self._pool) as connection:
                        await self._read(connection)
                    delay = shortest
                except (*TRANSIENT, asyncpg.PostgresError) as error:
                    _LOG.warning("emergencies not read", error=type(error).__name__)
                    self._woken.set()
                    await pause(delay * random.uniform(0.8, 1.2), stop)
                    delay = min(longest, delay * 2)
        finally:
            stopping.cancel()

    async def _wake_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()

    async def _read(self, connection: Connection) -> None:
        if self._all:
            await self._read_all(connection)
        while ids := list(self._signals)[:_MOST_TOGETHER]:
            for signal in await store.signals_named(connection, ids):
                self._board.add(Held(signal, Durability.COMMITTED))
            _drop(self._signals, ids)
        while ids := list(self._devices)[:_MOST_TOGETHER]:
            self._carriers.learn(await store.devices_named(connection, ids))
            _drop(self._devices, ids)

    async def _read_all(self, connection: Connection) -> None:
        """What is open, what ended lately, and every device."""
        self._carriers.learn(await store.devices(connection))
        kept = timedelta(seconds=KEPT_SECONDS)
        for signal in await store.signals_in_hand(connection, self._clock.now(), kept):
            self._board.add(Held(signal, Durability.COMMITTED))
        self._all = False
        self.back.set()


def _drop(heard: dict[UUID, None], ids: list[UUID]) -> None:
    for one in ids:
        heard.pop(one, None)
