"""Group commit for calls that only add: concurrent calls share one transaction.

A batch forms while the last one commits; no call waits for company. A bad row fails alone, a full queue sheds load, and
every call is answered: with its reply once that is durable, or with an error when nothing was stored.
"""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field

import asyncpg
from google.protobuf.message import Message

from services.kernel.audit import audit_row
from services.kernel.bulk import AUDIT, OUTBOX, REQUEST, Rows, insert_sql, outbox_row, wake_ups
from services.kernel.caller import Call
from services.kernel.clock import Clock
from services.kernel.database import TRANSIENT, Connection, Table
from services.kernel.errors import Busy, Conflict, Unavailable
from services.kernel.idempotency import check_same, request_row
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import APPEND_BATCH_ROWS, APPEND_SHED

_LOG = logger(__name__)
_DATA_ERRORS = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.RaiseError)
_COMMIT_SECONDS = 3.0
_RECONNECT_SECONDS = (0.1, 2.0)


@dataclass(frozen=True, slots=True)
class Append:
    """What one call adds: rows, events as (event, force, sequence), and the reply it is promised.

    `audit` is the call's audit row where it was made before: of a call that is stored later than it was answered.
    """

    rows: tuple[tuple[Table, tuple[object, ...]], ...]
    events: tuple[tuple[Message, str, int], ...]
    reply: Message
    audit: tuple[object, ...] | None = None


@dataclass(slots=True)
class _Waiting:
    call: Call
    rows: Rows
    reply: Message
    answer: "asyncio.Future[bytes]" = field(repr=False)


class Appender:
    """Owns one connection; a pooled one could be taken away under it while it waits for rows."""

    def __init__(self, settings: Settings, service: str, clock: Clock) -> None:
        self._dsn = settings.database_of(service)
        self._clock = clock
        self._bound = settings.append_queue
        self._batch = settings.append_batch
        self._queue: deque[_Waiting] = deque()
        self._filled = asyncio.Event()
        self._closing = False
        self._connected = False
        self._task = asyncio.create_task(self._run(), name="appender")

    async def append(self, call: Call, append: Append) -> bytes:
        """Stores it and returns the serialised reply: this call's own, or the first one's where it is a repeat.

        Raises Busy when the queue is full, Unavailable when Postgres does not answer (nothing was stored, or a repeat
        finds it), Conflict where the request id was used for another body.
        """
        if len(self._queue) >= self._bound or self._closing:
            APPEND_SHED.inc()
            raise Busy("OVERLOADED", rule="too many reports are waiting to be stored; try again shortly")
        at = self._clock.now()
        rows = Rows()
        for table, row in append.rows:
            rows.add(table, row)
        for event, force, sequence in append.events:
            rows.add(OUTBOX, outbox_row(event, force=force, sequence=sequence, time=at))
        rows.add(AUDIT, append.audit or audit_row(call, append.reply, at))
        waiting = _Waiting(call, rows, append.reply, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._filled.set()
        # A caller that gives up does not take back what is being stored.
        return await asyncio.shield(waiting.answer)

    def wrong(self) -> str | None:
        """What keeps it from storing anything, in words; None where nothing does."""
        return None if self._connected else "has no connection: appends are turned away"

    async def close(self) -> None:
        """Stores what waits, then ends."""
        self._closing = True
        self._filled.set()
        await self._task

    async def _run(self) -> None:
        low, high = _RECONNECT_SECONDS
        delay = low
        while not (self._closing and not self._queue):
            connection: Connection | None = None
            try:
                connection = await asyncpg.connect(self._dsn, timeout=2, command_timeout=_COMMIT_SECONDS)
                delay = low
                self._connected = True
                await self._serve(connection)
            except Exception as error:  # noqa: BLE001 - if this task ended, every later call would wait for nothing
                self._turn_away(error)
                _LOG.warning("appender reconnects", seconds=round(delay, 2), exc_info=error)
                await asyncio.sleep(delay * random.uniform(0.8, 1.2))
                delay = min(high, delay * 2)
            finally:
                self._connected = False
                if connection is not None:
                    connection.terminate()

    async def _serve(self, connection: Connection) -> None:
        while True:
            await self._filled.wait()
            batch = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
            if not batch:
                if self._closing:
                    return
                self._filled.clear()
                continue
            try:
                await self._store(connection, batch)
            except BaseException as error:
                _fail(batch, error)
                raise

    def _turn_away(self, error: BaseException) -> None:
        """Nobody waits for a database that does not answer: callers retry or keep it themselves."""
        _fail(list(self._queue), error)
        self._queue.clear()

    async def _store(self, connection: Connection, batch: list[_Waiting]) -> None:
        try:
            stored = await _write(connection, batch)
        except _DATA_ERRORS as error:
            if len(batch) == 1:
                _fail(batch, error)
                return
            # Halving finds one bad row among n with log n more transactions, and everybody else is stored.
            middle = len(batch) // 2
            await self._store(connection, batch[:middle])
            await self._store(connection, batch[middle:])
            return
        APPEND_BATCH_ROWS.observe(len(batch))
        # Stored by another replica in the very moment: it is not new, and now it can be seen.
        again = [waiting for waiting in batch if not _answer(waiting, stored)]
        if again:
            await self._store(connection, again)


def _fail(batch: list[_Waiting], error: BaseException) -> None:
    if isinstance(error, TRANSIENT):
        error = Unavailable("STORE_UNAVAILABLE", rule="the store does not answer; repeat with the same request_id")
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
            # Somebody who stopped waiting is no reason for a warning.
            waiting.answer.exception()


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the store holds for a request id: the row it answered with, and who asked first in this batch."""

    row: "asyncpg.Record"
    first: _Waiting


def _answer(waiting: _Waiting, stored: dict[object, _Stored]) -> bool:
    """Answers one caller. False where the store holds the request but could not see it yet."""
    outcome = stored[waiting.call.request_id]
    row = outcome.row
    if row["fresh"]:
        first = outcome.first
        force, method, digest, reply = request_row(first.call, first.reply)[1:]
    elif row["id"] is not None:
        force, method, digest, reply = row["force"], row["method"], row["digest"], row["reply"]
    else:
        return False
    if waiting.answer.done():
        return True
    try:
        check_same(waiting.call, force, method, digest)
    except Conflict as reused:
        waiting.answer.set_exception(reused)
    else:
        waiting.answer.set_result(bytes(reply))
    return True


async def _write(connection: Connection, batch: list[_Waiting]) -> dict[object, _Stored]:
    """One transaction for the batch. A request id that stands twice in it is stored once."""
    first: dict[object, _Waiting] = {}
    for waiting in batch:
        first.setdefault(waiting.call.request_id, waiting)
    args: list[object] = list(REQUEST.arrays([request_row(w.call, w.reply) for w in first.values()]))
    by_table: dict[Table, list[tuple[object, ...]]] = {}
    for waiting in first.values():
        for table, rows in waiting.rows.by_table.items():
            by_table.setdefault(table, []).extend((waiting.call.request_id, *row) for row in rows)
    for rows in by_table.values():
        args.extend(list(column) for column in zip(*rows, strict=True))
    answers = await connection.fetch(_sql(tuple(by_table)), *args)
    return {row["asked"]: _Stored(row, first[row["asked"]]) for row in answers}


_REQUEST_ARRAYS = ", ".join(f"${i + 1}::{kind}[]" for i, (_, kind) in enumerate(REQUEST.columns))


def _sql(shape: tuple[Table, ...]) -> str:
    return (
        f"with asked as materialized (select * from unnest({_REQUEST_ARRAYS}) as x({REQUEST.names})), "
        # In the order of ids, so that two replicas with the same requests never wait for each other in a ring.
        f"fresh as (insert into request ({REQUEST.names}) select * from asked order by id "
        f"on conflict do nothing returning id), {insert_sql(shape, len(REQUEST.columns) + 1, 'fresh')} "
        "select asked.id as asked, fresh.id is not null as fresh, "
        "old.id, old.force, old.method, old.digest, old.reply, "
        f"{wake_ups(shape)} from asked left join fresh on fresh.id = asked.id "
        "left join request old on old.id = asked.id"
    )
