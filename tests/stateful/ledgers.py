"""Services' handlers and reactions on real databases, a story at a time: each begins with nothing and is undone.

What a service would do in a transaction of its own is a savepoint here, so that a story of many steps costs no more
than its statements.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncpg

from services.crime.worker import reactions as crime_reactions
from services.dispatch.worker import reactions as dispatch_reactions
from services.intake.worker import reactions as intake_reactions
from services.kernel.appender import Append
from services.kernel.bulk import OUTBOX, outbox_row
from services.kernel.caller import Caller, service_itself
from services.kernel.database import Connection, Row
from services.kernel.dead_letters import DeadLetters
from services.kernel.envelope import Envelope
from services.kernel.inbox import Inbox
from services.kernel.kafka import Partition, Producer, Record
from services.kernel.migrations import migrate
from services.kernel.settings import Settings
from services.kernel.telemetry.tracing import Tracing
from services.kernel.timers import TimerLoop
from services.kernel.transaction import Transaction, UnitOfWork

Result = TypeVar("Result")
Command = TypeVar("Command")

FORCE = "west-yorkshire"
BEGINNING = datetime(2018, 7, 2, 9, tzinfo=UTC)
_REACTIONS = {"intake": intake_reactions, "crime": crime_reactions, "dispatch": dispatch_reactions}


class StoryClock:
    """The time of the story."""

    def __init__(self) -> None:
        self._now = BEGINNING

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by

    async def wait_until(self, due: datetime | None, woken: asyncio.Event) -> None:
        """Nobody waits in a story."""
        raise NotImplementedError


class Savepoints(UnitOfWork):
    """Transactions within the one of the story."""

    def __init__(self, connection: Connection, clock: StoryClock) -> None:
        self._story, self._time = connection, clock
        # Of this story: what it kept has never been either.
        self._memory: dict[type[Any], Any] = {}

    @asynccontextmanager
    async def begin(self, caller: Caller) -> AsyncIterator[Transaction]:
        async with self._story.transaction():
            tx = Transaction(self._story, self._time.now(), caller, self._memory)
            yield tx
            await tx.flush()


class Ledger:
    """One service in the story."""

    def __init__(self, service: str, settings: Settings, connection: Connection, clock: StoryClock) -> None:
        self.service, self._connection, self._clock = service, connection, clock
        self.work = Savepoints(connection, clock)
        reactions = _REACTIONS[service]
        letters = DeadLetters(settings, service, self.work, Producer(settings))
        self._inbox = Inbox(reactions, self.work, Tracing(settings, service, "story"), letters, 1)
        self._timers = TimerLoop(settings, service, clock, self.work, reactions.firings, reactions.first_kinds)

    async def handle(
        self,
        handler: Callable[[Command, Transaction], Awaitable[Result]],
        command: Command,
        *roles: str,
        who: str = "somebody",
        force: str = FORCE,
    ) -> Result:
        """Runs a use case for somebody with these roles."""
        async with self.work.begin(Caller(who, force, frozenset(roles))) as tx:
            return await handler(command, tx)

    async def append(self, append: Append[Any]) -> None:
        """Stores what the appender would."""
        async with self.work.begin(service_itself(self.service, FORCE)) as tx:
            for table, row in append.rows:
                tx.add(table, row)
            for event, force, sequence in append.events:
                tx.add(OUTBOX, outbox_row(event, force=force, sequence=sequence, time=tx.now))

    async def deliver(self, *events: Row) -> None:
        """Gives the service events of an outbox in one batch, as Kafka does. It may have had them before."""
        records = [_record(event) for event in events]
        progress = await self._inbox(Partition(records[0].topic, 0), records)
        assert progress.failure is None, progress.failure

    async def fire(self) -> None:
        """Fires the timers that are due."""
        assert await self._timers._fire_due(self._connection, asyncio.Event()) == 0

    async def rows(self, sql: str, *args: object) -> list[Row]:
        rows: list[Row] = await self._connection.fetch(sql, *args)
        return rows


def _record(event: Row) -> Record:
    envelope = Envelope(
        event_id=event["event_id"],
        type=event["type"],
        source="/peel/story",
        subject=event["subject"],
        force=event["force"],
        sequence=event["sequence"],
        time=event["time"],
        traceparent=None,
        payload=event["payload"],
    )
    return Record(event["topic"], 0, event["id"], event["key"].encode(), envelope.payload, envelope.headers())


class Ledgers:
    """The services of a story, and the loop that they run on."""

    def __init__(self, settings: Settings, *services: str) -> None:
        self._settings = settings
        self._runner = asyncio.Runner()
        self._connections: dict[str, Connection] = {}
        self._stories: list[Any] = []
        for service in services:
            self.run(migrate(settings, service))
            self._connections[service] = self.run(asyncpg.connect(settings.database_of(service)))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(work)

    def begin(self, clock: StoryClock) -> dict[str, Ledger]:
        """Begins a story."""
        for connection in self._connections.values():
            story = connection.transaction()
            self.run(story.start())
            self._stories.append(story)
        return {
            service: Ledger(service, self._settings, connection, clock)
            for service, connection in self._connections.items()
        }

    def end(self) -> None:
        """Ends it, and it has never been."""
        while self._stories:
            self.run(self._stories.pop().rollback())

    def close(self) -> None:
        for connection in self._connections.values():
            self.run(connection.close())
        self._runner.close()
