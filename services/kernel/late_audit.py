"""Audit rows that nobody waits for: of emergencies, and of streams that broke off. Stored once the database takes them.

Until then they are in memory, and the log says how many. That is the price of a press that waits for no database.
"""

import asyncio
import random
from collections import deque
from typing import Any

import asyncpg
from google.protobuf.message import Message

from services.kernel.audit import audit_row
from services.kernel.bulk import AUDIT
from services.kernel.caller import Call, service_itself
from services.kernel.clock import Clock
from services.kernel.database import TRANSIENT
from services.kernel.pause import pause
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter, gauge
from services.kernel.transaction import UnitOfWork

_LOG = logger(__name__)
_MOST = 50_000
_MOST_TOGETHER = 500
_RETRY_SECONDS = (0.2, 5.0)
_STORE_SECONDS = 5.0

WAITING = gauge(
    "peel_late_audit_waiting",
    "Audit rows of emergencies and broken streams that the database has not taken yet.",
    action="Growing: the database is down. They are lost with the process, so do not restart it before that is mended.",
)
LOST = counter(
    "peel_late_audit_lost",
    "Audit rows that were given up: too many waited, or the process ended while the database was down.",
    action="Any: note it for the data protection officer; the trace ids of the calls are in the log.",
)


class LateAudit:
    """The rows that wait, and the part of an API process that stores them."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._work, self._clock = work, clock
        self._rows: deque[tuple[object, ...]] = deque()
        self._filled = asyncio.Event()
        self._batch = _MOST_TOGETHER

    def add(self, call: Call, reply: Message | None) -> None:
        """Notes a call. Never waits and never fails."""
        if len(self._rows) >= _MOST:
            self._lose(1, "too many wait")
            return
        self._rows.append(audit_row(call, reply, self._clock.now()))
        WAITING.set(len(self._rows))
        self._filled.set()

    def level(self) -> tuple[int, float]:
        """How many rows wait, and for how many seconds the oldest has."""
        if not self._rows:
            return 0, 0.0
        at: Any = self._rows[0][0]
        return len(self._rows), (self._clock.now() - at).total_seconds()

    async def run(self, stop: asyncio.Event) -> None:
        """Stores what comes until `stop` is set, and then what is left, if the database takes it at once."""
        stopping = asyncio.create_task(self._wake_when(stop))
        delay = _RETRY_SECONDS[0]
        try:
            while self._rows or not stop.is_set():
                await self._filled.wait()
                if not self._rows:
                    self._filled.clear()
                elif await self._store():
                    delay = _RETRY_SECONDS[0]
                elif stop.is_set():
                    self._lose(len(self._rows), "the process ends without its database")
                    return
                else:
                    await pause(delay * random.uniform(0.8, 1.2), stop)
                    delay = min(_RETRY_SECONDS[1], delay * 2)
        finally:
            stopping.cancel()

    async def _wake_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._filled.set()

    async def _store(self) -> bool:
        """Stores some rows; False where the database does not answer."""
        batch = [self._rows[at] for at in range(min(self._batch, len(self._rows)))]
        try:
            async with asyncio.timeout(_STORE_SECONDS), self._work.begin(service_itself("audit")) as tx:
                for row in batch:
                    tx.add(AUDIT, row)
        except TRANSIENT as error:
            _LOG.warning("audit rows wait", rows=len(self._rows), error=type(error).__name__)
            return False
        except asyncpg.PostgresError as error:
            # One of them is refused. One by one, so that it does not hold up the others.
            if len(batch) > 1:
                self._batch = 1
                return True
            _LOG.error("audit row refused", exc_info=error)
            self._lose(1, "refused by the database")
        self._batch = _MOST_TOGETHER
        for _ in batch:
            self._rows.popleft()
        WAITING.set(len(self._rows))
        return True

    @staticmethod
    def _lose(rows: int, why: str) -> None:
        LOST.inc(rows)
        _LOG.error("audit rows lost", rows=rows, why=why)
