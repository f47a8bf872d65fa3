"""Group commit for calls that only add: concurrent calls share one transaction.

A batch forms while the last one commits, and a little longer while callers crowd; one who is alone never waits. A bad
row fails alone, a full queue sheds load, and every call is answered: with its reply once that is durable, or with an
error when nothing was stored.
"""

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

import asyncpg
from google.protobuf.message import Message

from services.kernel.audit import audit_row
from services.kernel.batch import Waiting, store, turn_away
from services.kernel.bulk import AUDIT, OUTBOX, outbox_row
from services.kernel.caller import Call
from services.kernel.clock import Clock
from services.kernel.database import Connection, Table
from services.kernel.errors import Busy
from services.kernel.idempotency import request_row
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import APPEND_SHED
from services.kernel.telemetry.tracing import current_trace_id

_LOG = logger(__name__)
_COMMIT_SECONDS = 3.0
_RECONNECT_SECONDS = (0.1, 2.0)
_SESSION = {
    "application_name": "peel-appender",
    # A statement is planned once for each size of batch, and without scans: made while `request` was empty, a plan that
    # reads all of it would be used until the statistics change, and cost more with every report.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
}


Reply = TypeVar("Reply", bound=Message)


@dataclass(frozen=True, slots=True)
class Append(Generic[Reply]):
    """What one call adds: rows, events as (event, force, sequence), and the reply it is promised.

    `audit` is the call's audit row where it was made before: of a call that is stored later than it was answered.
    """

    rows: tuple[tuple[Table, tuple[object, ...]], ...]
    events: tuple[tuple[Message, str, int], ...]
    reply: Reply
    audit: tuple[object, ...] | None = None


class Appender:
    """Owns one connection; a pooled one could be taken away under it while it waits for rows."""

    def __init__(self, settings: Settings, service: str, clock: Clock) -> None:
        self._dsn = settings.database_of(service)
        self._clock = clock
        self._bound = settings.append_queue
        self._batch = settings.append_batch
        self._interval = settings.append_interval_seconds
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Waiting] = deque()
        # Something to do: rows that wait, a connection that is lost, or the end.
        self._woken = asyncio.Event()
        self._closing = False
        self._connection: Connection | None = None
        self._task = asyncio.create_task(self._run(), name="appender")

    async def append(self, call: Call, append: Append[Reply]) -> Reply:
        """Stores it and returns the reply: this call's own, or the first one's where it is a repeat.

        Raises Busy when the queue is full, Unavailable when Postgres does not answer (nothing was stored, or a repeat
        finds it), Conflict where the request id was used for another body.
        """
        if len(self._queue) >= self._bound or self._closing:
            APPEND_SHED.inc()
            raise Busy("OVERLOADED", rule="too many reports are waiting to be stored; try again shortly")
        at = self._clock.now()
        rows = list(append.rows)
        for event, force, sequence in append.events:
            rows.append((OUTBOX, outbox_row(event, force=force, sequence=sequence, time=at)))
        rows.append((AUDIT, append.audit or audit_row(call, append.reply, at)))
        for table, row in rows:
            table.check(row)
        answer: asyncio.Future[Reply] = self._loop.create_future()
        # The audit row of a call that is only stored now was made when it was answered: storing it twice is no call.
        came = None if append.audit else (at, current_trace_id())
        request = request_row(call, append.reply)
        self._queue.append(Waiting(call, request, rows, append.reply, answer, came, self._loop.time()))
        self._woken.set()
        # A caller that gives up does not take back what is being stored.
        return await answer

    def wrong(self) -> str | None:
        """What keeps it from storing anything, in words; None where nothing does."""
        if self._connection is not None and not self._connection.is_closed():
            return None
        return "has no connection: appends are turned away"

    def level(self) -> tuple[int, float]:
        """How many appends wait, and for how many seconds the oldest has."""
        oldest = self._loop.time() - self._queue[0].since if self._queue else 0.0
        return len(self._queue), oldest

    async def close(self) -> None:
        """Stores what waits, then ends."""
        self._closing = True
        self._woken.set()
        await self._task

    async def _run(self) -> None:
        low, high = _RECONNECT_SECONDS
        delay = low
        while not (self._closing and not self._queue):
            try:
                self._connection = await self._connect()
                delay = low
                await self._serve(self._connection)
            except Exception as error:  # noqa: BLE001 - if this task ended, every later call would wait for nothing
                # Nobody waits for a database that does not answer: callers retry or keep it themselves.
                turn_away(list(self._queue), error)
                self._queue.clear()
                _LOG.warning("appender reconnects", seconds=round(delay, 2), exc_info=error)
                await asyncio.sleep(delay * random.uniform(0.8, 1.2))
                delay = min(high, delay * 2)
            finally:
                if self._connection is not None:
                    self._connection.terminate()
                    self._connection = None

    async def _connect(self) -> Connection:
        connection = await asyncpg.connect(
            self._dsn,
            timeout=2,
            command_timeout=_COMMIT_SECONDS,
            max_cacheable_statement_size=0,
            server_settings=_SESSION,
        )
        # So that a lost session is noticed at once, and not by the next append.
        connection.add_termination_listener(lambda _: self._woken.set())
        return connection

    async def _serve(self, connection: Connection) -> None:
        """Stores what comes, until the end or until the session is lost with nothing in hand."""
        while True:
            await self._woken.wait()
            if connection.is_closed():
                _LOG.warning("appender lost its session")
                return
            batch = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
            if not batch:
                if self._closing:
                    return
                self._woken.clear()
                continue
            began = self._loop.time()
            try:
                await store(connection, batch)
            except BaseException as error:
                turn_away(batch, error)
                raise
            await self._let_company_come(len(batch), began)

    async def _let_company_come(self, stored: int, began: float) -> None:
        """While callers crowd, spaces commits out: most of what one costs is the same for three rows as for thirty.

        A caller that is alone does not wait.
        """
        if stored > 1 and len(self._queue) < self._batch and not self._closing:
            await asyncio.sleep(began + self._interval - self._loop.time())
