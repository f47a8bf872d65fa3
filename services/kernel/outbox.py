"""The relay: gives Kafka what was committed to the outbox, at least once and in order.

One relay of a service is active at a time. Several that share the rows among them would break the order of a key.
"""

import asyncio
import random
import time
from collections.abc import Sequence

import asyncpg

from services.kernel.database import TRANSIENT, Connection, Row, literals
from services.kernel.envelope import Envelope
from services.kernel.kafka import BrokerError, Outgoing, Producer
from services.kernel.pause import pause
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter, gauge

_LOG = logger(__name__)
_LOCK = 7_003_518
_BATCH = 500
# A notification can be lost with its connection; the net below it catches the row this much later.
_NET_SECONDS = 1.0
_STANDBY_SECONDS = 1.0
# While events crowd, rounds begin so far apart: most of what one costs, here, in the broker and in those who consume,
# is the same for three events as for thirty. The first after a quiet moment goes at once.
_ROUND_SECONDS = 0.05
_RETRY_SECONDS = (0.2, 10.0)

RELAYED = counter(
    "peel_outbox_relayed",
    "Events that the broker acknowledged, by topic.",
    labels=("topic",),
    action="Flat while the outbox backlog grows: see peel_outbox_relay_failures.",
)
FAILURES = counter(
    "peel_outbox_relay_failures",
    "Times the relay lost the database or the broker and began again, by the error's class.",
    labels=("error",),
    action="A few at a restart of either are usual; nothing is lost meanwhile. Steady: that part is down.",
)
ACTIVE = gauge(
    "peel_outbox_relay_active",
    "1 where this process is the service's active relay.",
    action="The sum over a service's workers must be 1; at 0 its events wait.",
)
_UNPUBLISHED = (
    "select id, topic, key, event_id, type, force, subject, sequence, time, traceparent, payload "
    "from outbox where published_at is null {only} order by id limit $1"
)


class Relay:
    """Publishes the outbox of one service. Woken by NOTIFY; looks by itself every second."""

    def __init__(self, settings: Settings, service: str, producer: Producer, first: Sequence[str] = ()) -> None:
        """`first` are topics whose events go out before any other's; an index of the service's own finds them."""
        self._dsn, self._service, self._producer = settings.database_of(service), service, producer
        self._patience = settings.relay_patience_seconds
        # Since when this relay has had events in hand that the broker does not take, by the machine's own clock.
        self._stuck_since: float | None = None
        self._error = "no answer"
        # A topic is in one of them alone, so that its events keep their order.
        self._unpublished = [_UNPUBLISHED.format(only=f"and topic in ({literals(first)})")] if first else []
        self._unpublished.append(_UNPUBLISHED.format(only=f"and topic not in ({literals(first)})" if first else ""))
        self._woken = asyncio.Event()
        self._delay = _RETRY_SECONDS[0]

    async def run(self, stop: asyncio.Event) -> None:
        """Relays until `stop` is set. A lost database or broker is waited for, with growing pauses."""
        stopping = asyncio.create_task(self._wake_when(stop))
        try:
            while not stop.is_set():
                try:
                    await self._connected(stop)
                except (BrokerError, *TRANSIENT) as error:
                    seconds = self._delay * random.uniform(0.8, 1.2)
                    self._delay = min(_RETRY_SECONDS[1], self._delay * 2)
                    self._error = type(error).__name__
                    FAILURES.labels(self._error).inc()
                    _LOG.warning("relay begins again", error=self._error, seconds=round(seconds, 2))
                    # Until told to stop, and not for a wake-up: what it was about is still there afterwards.
                    await pause(seconds, stop)
        finally:
            stopping.cancel()

    def wrong(self) -> str | None:
        """What keeps events from Kafka, None where nothing has for long. A relay that stands by is well."""
        if self._stuck_since is None or (waited := time.monotonic() - self._stuck_since) < self._patience:
            return None
        return f"events wait and none was published for {waited:.0f} s: {self._error}"

    async def _wake_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()

    async def _connected(self, stop: asyncio.Event) -> None:
        """A connection of its own: the lock is the session's, and goes with it."""
        loop = asyncio.get_running_loop()
        connection: Connection = await asyncpg.connect(self._dsn, timeout=5, command_timeout=10)
        try:
            while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                self._stuck_since = None
                await pause(_STANDBY_SECONDS, stop)
                if stop.is_set():
                    return
            await connection.add_listener("outbox", lambda *_: self._woken.set())
            _LOG.info("relay is active", service=self._service)
            ACTIVE.set(1)
            while not stop.is_set():
                began = loop.time()
                # Clear, then look, then wait: a row written in between is not missed.
                self._woken.clear()
                relayed = await self._relay(connection)
                self._delay = _RETRY_SECONDS[0]
                if relayed < _BATCH:
                    await pause(_NET_SECONDS, self._woken)
                if 1 < relayed < _BATCH:
                    await pause(max(0.0, began + _ROUND_SECONDS - loop.time()), stop)
        finally:
            ACTIVE.set(0)
            connection.terminate()

    async def _relay(self, connection: Connection) -> int:
        """Publishes one batch and marks it; returns how many there were. A crash in between publishes it again."""
        rows: list[Row] = []
        for unpublished in self._unpublished:
            rows += await connection.fetch(unpublished, _BATCH - len(rows))
        if rows:
            self._stuck_since = self._stuck_since or time.monotonic()
            await self._producer.send([self._outgoing(row) for row in rows])
            await connection.execute(
                "update outbox set published_at = clock_timestamp() where id = any($1::bigint[])",
                [row["id"] for row in rows],
            )
            for row in rows:
                RELAYED.labels(row["topic"]).inc()
        self._stuck_since = None
        return len(rows)

    def _outgoing(self, row: Row) -> Outgoing:
        envelope = Envelope(
            event_id=row["event_id"],
            type=row["type"],
            source=f"/peel/{self._service}",
            subject=row["subject"],
            force=row["force"],
            sequence=row["sequence"],
            time=row["time"],
            traceparent=row["traceparent"],
            payload=row["payload"],
        )
        return Outgoing(row["topic"], row["key"].encode(), envelope.payload, envelope.headers())
