"""Durable timers: a row with due time, kind, subject and owner, fired in the transaction of its effect, once.

Every clock in Peel is one. Replicas share them: whoever locks a due row fires it, and a crash gives it back.
"""

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.kernel.caller import service_itself
from services.kernel.clock import Clock
from services.kernel.database import TRANSIENT, Connection, Row, literals
from services.kernel.pause import pause
from services.kernel.reactions import Firing
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import TIMER_FIRED, TIMER_LATE_SECONDS
from services.kernel.transaction import UnitOfWork

_LOG = logger(__name__)
_BATCH = 100
_RETRY_SECONDS = (0.2, 10.0)
# Should a notification be lost with its connection, a timer is late by this much at the most.
_NET_SECONDS = 5.0
_DUE = (
    "select id from timer where {only} state = 'WAITING' and due <= $1 and id <> all($2::uuid[]) order by due limit $3"
)


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that came due."""

    id: UUID
    kind: str
    subject: UUID
    force: str
    due: datetime
    owner: str
    started_at: datetime


class TimerLoop:
    """Sleeps until the next due timer, is woken when an earlier one is written, and fires what is due."""

    def __init__(
        self,
        settings: Settings,
        service: str,
        clock: Clock,
        work: UnitOfWork,
        firings: Mapping[str, Firing],
        first: Sequence[str] = (),
    ) -> None:
        """`first` are kinds that wait for no timer of another kind; an index of the service's own finds them."""
        self._dsn = settings.database_of(service)
        self._service = service
        self._clock = clock
        self._work = work
        self._firings = firings
        # First kinds, then all: those are few, or they would not be first.
        self._dues = [_DUE.format(only=f"kind in ({literals(first)}) and")] if first else []
        self._dues.append(_DUE.format(only=""))
        self._woken = asyncio.Event()
        self._delay = _RETRY_SECONDS[0]

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set. Lost connections are made again."""
        stopping = asyncio.create_task(self._wake_when(stop))
        try:
            while not stop.is_set():
                try:
                    await self._listen(stop)
                except TRANSIENT as error:
                    seconds = self._delay * random.uniform(0.8, 1.2)
                    self._delay = min(_RETRY_SECONDS[1], self._delay * 2)
                    _LOG.warning("timer loop reconnects", error=type(error).__name__, seconds=round(seconds, 2))
                    await pause(seconds, stop)
        finally:
            stopping.cancel()

    async def _wake_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()

    async def _listen(self, stop: asyncio.Event) -> None:
        connection: Connection = await asyncpg.connect(self._dsn, timeout=5, command_timeout=10)
        try:
            await connection.add_listener("timer", lambda *_: self._woken.set())
            while not stop.is_set():
                # Clear, then look, then wait: a timer written in between is not missed.
                self._woken.clear()
                failed = await self._fire_due(connection, stop)
                self._delay = _RETRY_SECONDS[0]
                if stop.is_set():
                    return
                if failed:
                    await pause(_RETRY_SECONDS[0] * random.uniform(1, 5), stop)
                    continue
                due = await connection.fetchval("select min(due) from timer where state = 'WAITING'")
                await self._wait(due)
        finally:
            connection.terminate()

    async def _wait(self, due: datetime | None) -> None:
        waiting = asyncio.create_task(self._clock.wait_until(due, self._woken))
        await asyncio.wait({waiting}, timeout=_NET_SECONDS)
        waiting.cancel()

    async def _fire_due(self, connection: Connection, stop: asyncio.Event) -> int:
        """Fires everything due; returns how many failed and stay waiting."""
        failed: set[UUID] = set()
        while not stop.is_set():
            rows = await self._next(connection, failed)
            if not rows:
                break
            for row in rows:
                if not await self._fire(row["id"]):
                    failed.add(row["id"])
                    # Was it the database and not the reaction, then this raises too, and the loop begins again.
                    await connection.execute("select 1")
        return len(failed)

    async def _next(self, connection: Connection, failed: Collection[UUID]) -> list[Row]:
        """Some of what is due: the first kinds by themselves, so that one of them waits for a batch at the most."""
        for due in self._dues:
            rows: list[Row] = await connection.fetch(due, self._clock.now(), list(failed), _BATCH)
            if rows:
                return rows
        return []

    async def _fire(self, timer_id: UUID) -> bool:
        """Fires one timer in the transaction of its effect. False where its reaction failed."""
        try:
            async with self._work.begin(service_itself(self._service)) as tx:
                row = await tx.maybe(
                    "update timer set state = 'FIRED', settled_at = $2 where id = ("
                    "select id from timer where id = $1 and state = 'WAITING' for update skip locked) "
                    "returning id, kind, subject, force, due, owner, started_at",
                    timer_id,
                    tx.now,
                )
                if row is None:
                    return True
                timer = Timer(**dict(row))
                await self._firings[timer.kind](timer, tx)
                late = (tx.now - timer.due).total_seconds()
        except Exception as error:  # noqa: BLE001 - one timer's fault must not hold up the clocks of all others
            _LOG.error("timer failed", timer=str(timer_id), exc_info=error)
            return False
        TIMER_FIRED.labels(timer.kind).inc()
        TIMER_LATE_SECONDS.labels(timer.kind).observe(max(0.0, late))
        return True
