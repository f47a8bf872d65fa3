"""Runs a handler for a door: transaction, idempotency and audit around it, the same for every use case."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import asyncpg
from google.protobuf.message import Message

from services.kernel import idempotency
from services.kernel.appender import Append, Appender
from services.kernel.audit import audit_row
from services.kernel.bulk import AUDIT
from services.kernel.caller import Call, current_call
from services.kernel.clock import Clock
from services.kernel.errors import Refused
from services.kernel.paging import Pages
from services.kernel.transaction import Transaction, UnitOfWork

Command = TypeVar("Command")
Result = TypeVar("Result")
Reply = TypeVar("Reply", bound=Message)


class UseCases:
    """What a gRPC door calls. One for each API process."""

    def __init__(self, work: UnitOfWork, appender: Appender, clock: Clock, pages: Pages) -> None:
        self._work = work
        self._appender = appender
        self.clock = clock
        self.pages = pages

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

    async def append(self, append: Append, kind: type[Reply]) -> Reply:
        """Runs an append-only use case through the group commit."""
        return kind.FromString(await self._appender.append(current_call(), append))

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


async def _again(tx: Transaction, call: Call, kind: type[Reply]) -> Reply | None:
    """The reply that this request got before; who is shown it again is on record too."""
    first = await idempotency.first_reply(tx, call)
    if first is None:
        return None
    message = kind.FromString(first)
    tx.add(AUDIT, audit_row(call, message, tx.now))
    return message
