"""What a worker process is made of, put together in one place and free of whatever hosts it.

Each part is an `async run(stop)` that ends when `stop` is set. One that ends before, ends the process.
"""

import asyncio
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, TypeAlias

from services.kernel.clock import open_clock
from services.kernel.database import Pool, close_pool, open_pool
from services.kernel.dead_letters import DeadLetters
from services.kernel.health import CHECK_SECONDS, Health, HealthServer, check_database
from services.kernel.inbox import Inbox
from services.kernel.kafka import Consumer, Producer
from services.kernel.outbox import Relay
from services.kernel.pause import pause
from services.kernel.reactions import Reactions
from services.kernel.settings import Settings
from services.kernel.telemetry.tracing import Tracing
from services.kernel.timers import TimerLoop
from services.kernel.transaction import UnitOfWork
from services.kernel.turns import Turns
from services.kernel.upkeep import Upkeep

Part: TypeAlias = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


class Parts:
    """The parts of one service's worker, and what they share."""

    def __init__(self, service: str, settings: Settings, pool: Pool, reactions: Reactions) -> None:
        clock = open_clock(settings)
        self._service, self._pool = service, pool
        self._tracing = Tracing(settings, service, "worker")
        self._producer, self._letters = Producer(settings), Producer(settings)
        work = UnitOfWork(pool, clock)
        dead_letters = DeadLetters(settings, service, work, self._letters)
        inbox = Inbox(reactions, work, self._tracing, dead_letters, settings.poison_attempts)
        # Without a topic to consume there is no group to join.
        self._consumer = Consumer(settings, service, reactions.topics, inbox) if reactions.topics else None
        self._relay = Relay(settings, service, self._producer, reactions.first_topics)
        self._timers = TimerLoop(settings, service, clock, work, reactions.firings, reactions.first_kinds)
        self._turns = Turns(service, work, reactions.turns)
        self._upkeep = Upkeep(settings, service, clock)
        self._health = Health(rehearsal=settings.rehearsal)
        self._pages = HealthServer(settings.metrics_listen, self._health)
        self._pages.start()

    @classmethod
    async def open(cls, service: str, settings: Settings) -> "Parts":
        """Connects to the service's database and puts the parts together.

        Raises OSError or asyncpg.PostgresError where Postgres does not answer.
        """
        reactions: Reactions = import_module(f"services.{service}.worker").reactions
        pool = await open_pool(settings, service)
        return cls(service, settings, pool, reactions)

    async def consume(self, stop: asyncio.Event) -> None:
        """Reacts to events."""
        if self._consumer is None:
            await stop.wait()
        else:
            await self._consumer.run(stop)

    async def relay(self, stop: asyncio.Event) -> None:
        """Publishes the service's own events."""
        await self._relay.run(stop)

    async def fire(self, stop: asyncio.Event) -> None:
        """Fires the service's timers."""
        await self._timers.run(stop)

    async def repeat(self, stop: asyncio.Event) -> None:
        """Does what the service does by itself."""
        await self._turns.run(stop)

    async def tidy(self, stop: asyncio.Event) -> None:
        """Seals the audit and forgets what is old."""
        await self._upkeep.run(stop)

    async def watch(self, stop: asyncio.Event) -> None:
        """Keeps /readyz current."""
        while not stop.is_set():
            await check_database(self._health.set, self._pool, self._service)
            self._health.set("relay", self._relay.wrong())
            if self._consumer is not None:
                self._health.set("consumer", self._consumer.wrong())
            # Not before the first round of checks: nobody knows yet what is wrong.
            self._health.set("start", None)
            self._health.turned()
            await pause(CHECK_SECONDS, stop)
        self._health.draining = True

    async def close(self, seconds: float) -> None:
        """Lets go of everything; connections that are still in use after so many seconds are cut."""
        self._producer.close()
        self._letters.close()
        await close_pool(self._pool, seconds)
        self._tracing.close()
        self._pages.stop()
