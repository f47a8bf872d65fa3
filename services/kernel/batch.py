"""One transaction for the appends of many calls: each is answered, and a bad one fails alone."""

import asyncio
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
from google.protobuf.message import Message

from services.kernel.bulk import REQUEST, Block, insert_sql, room, source_args, source_sql, wake_ups
from services.kernel.caller import Call
from services.kernel.database import TRANSIENT, Connection, Row, Table
from services.kernel.errors import Conflict, Unavailable
from services.kernel.idempotency import Request, check_same
from services.kernel.telemetry.metrics import APPEND_BATCH_ROWS

_DATA_ERRORS = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.RaiseError)


@dataclass(slots=True)
class Waiting:
    """One call: its row of REQUEST, the rows it adds, the reply it is promised, and the answer it waits for."""

    call: Call
    request: Request
    rows: list[tuple[Table, tuple[object, ...]]]
    reply: Message
    # Of the reply's own type, which differs from call to call.
    answer: "asyncio.Future[Any]" = field(repr=False)


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
    again = []
    for waiting in batch:
        request_id = waiting.call.request_id
        before = known.get(request_id)
        if before is None:
            _answer(waiting, first[request_id].request, first[request_id].reply)
        elif before["stored"]:
            stored = (request_id, before["force"], before["method"], before["digest"], before["reply"])
            _answer(waiting, stored, type(waiting.reply).FromString(before["reply"]))
        else:
            # Stored by another replica in the very moment: it is not new, and the next look sees it.
            again.append(waiting)
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


def _answer(waiting: Waiting, stored: Request, reply: Message) -> None:
    """Answers with the reply that is stored under the request id, unless it is another request's."""
    if waiting.answer.done():
        return
    _, force, method, digest, _ = stored
    try:
        check_same(waiting.call, force, method, digest)
    except Conflict as reused:
        waiting.answer.set_exception(reused)
    else:
        waiting.answer.set_result(reply)


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
