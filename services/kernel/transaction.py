"""One Postgres transaction, and all that a handler is given to work with.

A handler cannot publish, sleep, call another service or forget the outbox: it is handed nothing to do it with.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from services.kernel.bulk import COUNTER, OUTBOX, TIMER, Block, Rows, insert_args, insert_sql, outbox_row, wake_ups
from services.kernel.caller import Caller
from services.kernel.clock import Clock
from services.kernel.database import Connection, Pool, Row, Table, borrowed
from services.kernel.ids import new_id

Kept = TypeVar("Kept")


class Transaction:
    """State, events, timers, audit and request id, committed together or not at all.

    What is added, emitted and started is held back and written by one statement at the end.
    """

    def __init__(
        self, connection: Connection, now: datetime, caller: Caller, kept: dict[type[Any], Any] | None = None
    ) -> None:
        self._connection = connection
        self.now = now
        self.caller = caller
        self._kept = {} if kept is None else kept
        self._rows = Rows()
        self._timers: dict[tuple[str, UUID], tuple[object, ...]] = {}
        self._cancelled: list[tuple[str, UUID]] = []
        # The last number of each counter that this transaction has locked, and those that the table does not have yet.
        self._counters: dict[str, int] = {}
        self._counted: set[str] = set()

    def kept(self, kind: type[Kept]) -> Kept:
        """What this process keeps from one transaction to the next: one object of each kind, made when first asked for.

        For what can be read from the database again at any time, such as an index in memory. A transaction that rolls
        back does not roll it back: it has to tell from the database how far it has read.
        """
        found: Kept | None = self._kept.get(kind)
        if found is None:
            found = self._kept[kind] = kind()
        return found

    async def all(self, sql: str, *args: object) -> list[Row]:
        """Every row of a query. What was held back is written first, so that a query sees it."""
        await self.flush()
        rows: list[Row] = await self._connection.fetch(sql, *args)
        return rows

    async def maybe(self, sql: str, *args: object) -> Row | None:
        """The row of a query, if there is one."""
        await self.flush()
        return await self._connection.fetchrow(sql, *args)

    async def execute(self, sql: str, *args: object) -> None:
        """Runs a statement for its effect."""
        await self.flush()
        await self._connection.execute(sql, *args)

    async def stream(self, sql: str, *args: object) -> AsyncIterator[Row]:
        """The rows of a large query, a thousand in memory at a time."""
        await self.flush()
        async for row in self._connection.cursor(sql, *args, prefetch=1000):
            yield row

    async def count_up(self, counter: str, by: int = 1) -> int:
        """The first of the next `by` numbers of a counter that starts at 1 and has neither doubles nor gaps.

        Counting one counter makes concurrent transactions wait for each other's end, so the row is locked once and
        counted on in memory: whoever waits does not wait for a round trip a number. Nothing held back is written.
        """
        last = self._counters.get(counter)
        if last is None:
            last = await self._connection.fetchval(
                "insert into counter as c (name, last) values ($1, 0) "
                "on conflict (name) do update set last = c.last returning last",
                counter,
            )
        self._counters[counter] = last + by
        self._counted.add(counter)
        first: int = last + 1
        return first

    def add(self, table: Table, row: tuple[object, ...]) -> None:
        """A row to add to the table, in the order of its columns."""
        self._rows.add(table, row)

    def emit(self, event: Message, *, force: str, sequence: int) -> None:
        """An event that has happened: `sequence` counts 1, 2, 3 … within its aggregate."""
        self._rows.add(OUTBOX, outbox_row(event, force=force, sequence=sequence, time=self.now))

    def start_timer(self, kind: str, subject: UUID, *, due: datetime, owner: str, force: str) -> None:
        """A durable timer: fires once at its due time, in the transaction of its effect. One a kind and subject.

        One that has fired or was cancelled is armed anew. One that waits is left as it is: cancel it first to move it.
        """
        self._timers.setdefault((kind, subject), (new_id(), kind, subject, force, due, owner, self.now))

    def cancel_timer(self, kind: str, subject: UUID) -> None:
        """Stops a timer that has not fired. No effect on one that has, or is firing: what fires looks at the state."""
        self._timers.pop((kind, subject), None)
        self._cancelled.append((kind, subject))

    async def flush(self) -> None:
        """Writes all that was held back: at the end of the unit of work, and before any query."""
        if self._cancelled:
            kinds, subjects = zip(*self._cancelled, strict=True)
            # One that is firing now holds its row, and may wait for what this transaction has locked: waiting
            # for it in turn would be a deadlock. It finds what it is about as this transaction leaves it.
            await self._connection.execute(
                "update timer set state = 'CANCELLED', settled_at = $3 where id in ("
                "select timer.id from timer join unnest($1::text[], $2::uuid[]) as x(k, s) "
                "on kind = x.k and subject = x.s where state = 'WAITING' for update of timer skip locked)",
                list(kinds),
                list(subjects),
                self.now,
            )
            self._cancelled.clear()
        for timer in self._timers.values():
            self._rows.add(TIMER, timer)
        self._timers.clear()
        for counter in self._counted:
            self._rows.add(COUNTER, (counter, self._counters[counter]))
        self._counted.clear()
        if not self._rows:
            return
        rows, self._rows = self._rows, Rows()
        await self._connection.fetchrow(_write_sql(rows.shape), *insert_args(rows))


@cache
def _write_sql(shape: tuple[Block, ...]) -> str:
    return f"with {insert_sql(shape)} select {wake_ups(shape)}"


class UnitOfWork:
    """Opens transactions on a service's database."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._kept: dict[type[Any], Any] = {}

    @asynccontextmanager
    async def begin(self, caller: Caller) -> AsyncIterator[Transaction]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Out of time, it is not rolled back but cut off, so that its caller is told at once.
        """
        async with borrowed(self._pool) as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                tx = Transaction(connection, self._clock.now(), caller, self._kept)
                yield tx
                await tx.flush()
            except BaseException as error:
                if not isinstance(error, TimeoutError | asyncio.CancelledError):
                    await transaction.rollback()
                raise
            await transaction.commit()
