"""Runs a handler for a door: transaction, idempotency and audit around it, the same for every use case."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol, Self, TypeVar

import asyncpg
from google.protobuf.message import Message

from services.kernel import idempotency
from services.kernel.appender import Append, Appender
from services.kernel.audit import audit_row
from services.kernel.batches import in_batches
from services.kernel.bulk import AUDIT
from services.kernel.caller import Call, current_call
from services.kernel.clock import Clock
from services.kernel.contract import marks
from services.kernel.errors import Refused
from services.kernel.late_audit import LateAudit
from services.kernel.paging import Pages
from services.kernel.transaction import Transaction, UnitOfWork

Command = TypeVar("Command")
Result = TypeVar("Result")
Reply = TypeVar("Reply", bound=Message)
Request = TypeVar("Request", bound=Message)
Item = TypeVar("Item")


class Adds(Protocol):
    """What the batches of a stream came to: two can be added."""

    def __add__(self, other: Self, /) -> Self: ...


Sum = TypeVar("Sum", bound=Adds)


class UseCases:
    """What a gRPC door calls. One for each API process."""

    def __init__(self, work: UnitOfWork, appender: Appender, clock: Clock, pages: Pages) -> None:
        self._work = work
        self._appender = appender
        self.clock = clock
        self.pages = pages
        # Where no call waits for its audit row.
        self.late_audit = LateAudit(work, clock)

    async def handle(
        self,
        handler: Callable[[Command, Transaction], Awaitable[Result]],
        command: Command,
        reply: Callable[[Result], Reply],
        kind: type[Reply],
    ) -> Reply:
        """Runs one use case in one transaction and returns its reply, which is stored with the effect it is of.

        A repeat of a request gets the first reply. Reads leave their audit row before the reply leaves.
        """
        call = current_call()
        try:
            return await self._once(call, handler, command, reply, kind)
        except (asyncpg.UniqueViolationError, Refused):
            # The same request may have been committed by another call while this one ran: then that is the answer.
            if call.request_id is None or (first := await self._stored(call, kind)) is None:
                raise
            return first

    async def _once(
        self,
        call: Call,
        handler: Callable[[Command, Transaction], Awaitable[Result]],
        command: Command,
        reply: Callable[[Result], Reply],
        kind: type[Reply],
    ) -> Reply:
        async with self._work.begin(call.caller) as tx:
            message = await _again(tx, call, kind) if call.request_id else None
            if message is None:
                message = reply(await handler(command, tx))
                if call.request_id:
                    idempotency.remember(tx, call, message)
                tx.add(AUDIT, audit_row(call, message, tx.now))
        return message

    async def _stored(self, call: Call, kind: type[Reply]) -> Reply | None:
        async with self._work.begin(call.caller) as tx:
            return await _again(tx, call, kind)

    async def append(self, append: Append[Reply]) -> Reply:
        """Runs an append-only use case through the group commit."""
        return await self._appender.append(current_call(), append)

    async def stream(
        self,
        handler: Callable[[Command, Transaction], AsyncIterator[Result]],
        command: Command,
        reply: Callable[[Result], Reply],
    ) -> AsyncIterator[Reply]:
        """Runs a reading use case with many results. Its audit row is durable before the first of them leaves."""
        call = current_call()
        async with self._work.begin(call.caller) as audit:
            audit.add(AUDIT, audit_row(call, None, audit.now))
        async with self._work.begin(call.caller) as tx:
            async for result in handler(command, tx):
                yield reply(result)

    async def client_stream(
        self,
        handler: Callable[[list[Command], Transaction], Awaitable[Sum]],
        requests: AsyncIterator[Request],
        command: Callable[[Request], Command],
        reply: Callable[[Sum], Reply],
        nothing: Sum,
        most: int = 500,
    ) -> Reply:
        """Runs a use case over a stream of requests, in batches of whatever has arrived, a transaction each.

        The reply is of what the batches came to, added to `nothing`, which is the answer to an empty stream. What
        breaks the stream, or the caller that goes away, leaves the batches before it stored. One audit row commits
        with the first batch and names what the first request carries; another notes the end.
        """
        call = current_call()
        total, begun = nothing, False
        first: list[Request] = []

        async def commands() -> AsyncIterator[Command]:
            async for request in requests:
                if not first:
                    first.append(request)
                yield command(request)

        try:
            async with aclosing(in_batches(commands(), most)) as batches:
                async for batch in batches:
                    async with self._work.begin(call.caller) as tx:
                        if not begun:
                            tx.add(AUDIT, audit_row(_carrying(call, first[0]), None, tx.now))
                        total = total + await handler(batch, tx)
                    begun = True
            message = reply(total)
            async with self._work.begin(call.caller) as tx:
                tx.add(AUDIT, audit_row(call, message, tx.now))
        except BaseException:
            if begun:
                self.late_audit.add(call, None)
            raise
        return message

    async def readings(
        self, requests: AsyncIterator[Request], take: Callable[[Request], Awaitable[None]], reply: Callable[[], Reply]
    ) -> Reply:
        """Takes a stream of readings of which only the newest counts: `take` keeps them, and promises none.

        No transaction is held. One audit row is durable before the first is taken, and names what that carries; another
        notes the end, however it comes.
        """
        call = current_call()
        begun = False
        try:
            async for request in requests:
                if not begun:
                    async with self._work.begin(call.caller) as tx:
                        tx.add(AUDIT, audit_row(_carrying(call, request), None, tx.now))
                    begun = True
                await take(request)
            message = reply()
            async with self._work.begin(call.caller) as tx:
                tx.add(AUDIT, audit_row(call, message, tx.now))
        except BaseException:
            if begun:
                self.late_audit.add(call, None)
            raise
        return message

    async def standing(
        self, items: AsyncGenerator[Item, None], reply: Callable[[Item], Reply]
    ) -> AsyncGenerator[Reply, None]:
        """Sends what comes for as long as the caller stays; no transaction is held, and `items` is closed at the end.

        The audit row is durable before the first of them leaves; in an emergency nobody waits for it.
        """
        call = current_call()
        async with aclosing(items):
            if call.policy.emergency:
                self.late_audit.add(call, None)
            else:
                async with self._work.begin(call.caller) as tx:
                    tx.add(AUDIT, audit_row(call, None, tx.now))
            async for item in items:
                yield reply(item)


def _carrying(call: Call, request: Message) -> Call:
    """The call of a stream, with the marks of one of its requests."""
    fields, records = marks(request)
    return replace(call, fields=frozenset(fields), records=frozenset(records))


async def _again(tx: Transaction, call: Call, kind: type[Reply]) -> Reply | None:
    """The reply that this request got before; who is shown it again is on record too."""
    first = await idempotency.first_reply(tx, call)
    if first is None:
        return None
    message = kind.FromString(first)
    tx.add(AUDIT, audit_row(call, message, tx.now))
    return message
