"""Hears what other replicas commit, by Postgres NOTIFY, for as long as the process lives."""

import asyncio
import random
from collections.abc import Callable, Mapping

import asyncpg

from services.kernel.database import TRANSIENT, Connection
from services.kernel.pause import pause
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import gauge

_LOG = logger(__name__)
_RETRY_SECONDS = (0.1, 2.0)
_ASK_SECONDS = 2.0
_ANSWER_SECONDS = 2.0

LISTENING = gauge(
    "peel_live_listening",
    "1 while this process hears of what other replicas commit.",
    action="0: the database is away. Streams show what this replica knows; it reads the rest again once it is back.",
)


class Listener:
    """One LISTEN connection of a process, for as long as it lives. `NOTIFY` payloads hold less than 8,000 bytes."""

    def __init__(
        self,
        settings: Settings,
        service: str,
        channels: Mapping[str, Callable[[str], None]],
        connected: Callable[[], None],
    ) -> None:
        """Calls a channel's function with each payload, and `connected` whenever it begins to listen, the first time
        too: what was notified before was missed and has to be read. Neither may block."""
        self._dsn = settings.database_of(service)
        self._channels, self._connected = channels, connected
        self._delay = _RETRY_SECONDS[0]

    async def run(self, stop: asyncio.Event) -> None:
        """Listens until `stop` is set. A lost connection is made again."""
        while not stop.is_set():
            try:
                await self._listen(stop)
            except (*TRANSIENT, asyncpg.PostgresError) as error:
                seconds = self._delay * random.uniform(0.8, 1.2)
                self._delay = min(_RETRY_SECONDS[1], self._delay * 2)
                _LOG.warning("listener reconnects", error=type(error).__name__, seconds=round(seconds, 2))
                await pause(seconds, stop)

    async def _listen(self, stop: asyncio.Event) -> None:
        connection: Connection = await asyncpg.connect(
            self._dsn, timeout=_ANSWER_SECONDS, command_timeout=_ANSWER_SECONDS
        )
        lost_or_stopped = asyncio.Event()
        connection.add_termination_listener(lambda _: lost_or_stopped.set())
        stopping = asyncio.create_task(_set_when(stop, lost_or_stopped))
        try:
            for channel, hear in self._channels.items():
                await connection.add_listener(channel, _handing_payload_to(hear))
            self._connected()
            LISTENING.set(1)
            self._delay = _RETRY_SECONDS[0]
            while not stop.is_set():
                # A connection that died without a word is found out by asking.
                await connection.fetchval("select 1")
                await pause(_ASK_SECONDS, lost_or_stopped)
        finally:
            LISTENING.set(0)
            stopping.cancel()
            connection.terminate()


async def _set_when(event: asyncio.Event, other: asyncio.Event) -> None:
    await event.wait()
    other.set()


def _handing_payload_to(hear: Callable[[str], None]) -> Callable[[object, int, str, object], None]:
    return lambda _connection, _pid, _channel, payload: hear(str(payload))
