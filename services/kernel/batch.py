"""One transaction for the appends of many calls: each is answered, and a bad one fails alone."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
from google.protobuf.message import Message

from services.kernel.audit import audit_row
from services.kernel.bulk import (
    AUDIT,
    REQUEST,
    Block,
    Rows,
    insert_args,
    insert_sql,
    room,
    source_args,
    source_sql,
    wake_ups,
)
from services.kernel.caller import Call
from services.kernel.database import TRANSIENT, Connection, Row, Table
from services.kernel.errors import Conflict, Unavailable
from services.kernel.idempotency import Request, check_same
from services.kernel.telemetry.metrics import APPEND_BATCH_ROWS

_DATA_ERRORS = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.RaiseError)


@dataclass(slots=True)
class Waiting:
    """One call: its row of REQUEST, the rows it adds, the reply it is promised, and the answer it waits for.

    `came` is when and within which trace, None of one whose audit row was made before; `since` is the loop's own time.
    """

    call: Call
    request: Request
    rows: list[tuple[Table, tuple[object, ...]]]
    reply: Message
    # Of the reply's own type, which differs from call to call.
    answer: "asyncio.Future[Any]" = field(repr=False)
    came: tuple[datetime, str] | None = None
    since: float = 0.0


async def store(connection: Connection, batch: list[Waiting]) -> None:
    """Stores all that can be stored and answers everybody.

    Raises what the connection raises where it cannot be known what became of the batch; then nobody has an answer.
    """
    # A request id that stands twice in the batch is stored once.
    first: dict[UUID | None, Waiting] = {}
    for waiting in batch:
        first.setdefault(waiting.call.request_id, waiting)
    try:
        known = await _write(connection, first)
    except _DATA_ERRORS as error:
        if len(batch) == 1:
            turn_away(batch, error)
            return
        # Halving finds one bad row among n with log n more transactions, and everybody else is stored.
        middle = len(batch) // 2
        await store(connection, batch[:middle])
        await store(connection, batch[middle:])
        return
    APPEND_BATCH_ROWS.observe(len(batch))
    again, repeats = [], []
    for waiting in batch:
        request_id = waiting.call.request_id
        before = known.get(request_id)
        if before is None:
            new = first[request_id]
            if new is waiting:
                _answer(waiting, new.reply)
            else:
                repeats.append(_Repeat(waiting, new.request, new.reply))
        elif before["stored"]:
            stored = (request_id, before["force"], before["method"], before["digest"], before["reply"])
            repeats.append(_Repeat(waiting, stored, type(waiting.reply).FromString(before["reply"])))
        else:
            # Stored by another replica in the very moment: it is not new, and the next look sees it.
            again.append(waiting)
    await _answer_repeats(connection, repeats)
    if again:
        await store(connection, again)


def turn_away(batch: list[Waiting], error: BaseException) -> None:
    """Tells those without an answer what went wrong."""
    if isinstance(error, TRANSIENT):
        error = Unavailable("STORE_UNAVAILABLE", rule="the store does not answer; repeat with the same request_id")
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
            # Somebody who stopped waiting is no reason for a warning.
            waiting.answer.exception()


@dataclass(frozen=True, slots=True)
class _Repeat:
    """A call whose request was stored before, as what, and the reply it got then."""

    waiting: Waiting
    stored: Request
    reply: Message


def _answer(waiting: Waiting, reply: Message) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(reply)


async def _answer_repeats(connection: Connection, repeats: list[_Repeat]) -> None:
    """Answers with what is stored under the request id, unless it is another request's.

    Who is shown a reply again is on record too, and before it is shown: its audit rows are durable first.
    """
    shown, rows = [], Rows()
    for repeat in repeats:
        waiting = repeat.waiting
        try:
            check_same(waiting.call, *repeat.stored[1:4])
        except Conflict as reused:
            turn_away([waiting], reused)
            continue
        shown.append(repeat)
        if waiting.came is not None:
            rows.add(AUDIT, audit_row(waiting.call, repeat.reply, *waiting.came))
    if rows:
        await connection.execute(f"with {insert_sql(rows.shape)} select 1", *insert_args(rows))
    for repeat in shown:
        _answer(repeat.waiting, repeat.reply)


async def _write(connection: Connection, batch: dict[UUID | None, Waiting]) -> dict[UUID | None, Row]:
    """Stores what is new of a batch, in one transaction. Returns the requests that are not, by id."""
    by_table: dict[Table, list[tuple[object, ...]]] = {}
    for request_id, waiting in batch.items():
        for table, row in waiting.rows:
            by_table.setdefault(table, []).append((request_id, *row))
    requests = room(len(batch))
    args = source_args([waiting.request for waiting in batch.values()], requests)
    for rows in by_table.values():
        args += source_args(rows, room(len(rows)))
    shape = tuple((table, room(len(rows))) for table, rows in by_table.items())
    known = await connection.fetch(_sql(requests, shape), *args)
    return {row["asked"]: row for row in known if row["asked"] is not None}


@cache
def _sql(requests: int, shape: tuple[Block, ...]) -> str:
    inserts = insert_sql(shape, 1 + len(REQUEST.columns) * (requests or 1), "fresh")
    return (
        f"with asked as materialized (select * from {source_sql(REQUEST.columns, requests, 1)} where id is not null), "
        # In the order of ids, so that two replicas with the same requests never wait for each other in a ring.
        f"fresh as (insert into request ({REQUEST.names}) select * from asked order by id "
        f"on conflict do nothing returning id), {inserts}, "
        "known as (select asked.id as asked, old.id is not null as stored, old.force, old.method, old.digest, "
        "old.reply from asked left join fresh on fresh.id = asked.id left join request old on old.id = asked.id "
        "where fresh.id is null) "
        # One row at the least, so that the relay is woken.
        f"select known.*, {wake_ups(shape)} from (select 1) as once left join known on true"
    )
