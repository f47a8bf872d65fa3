"""Gives the store what a spool holds, in its order, again and again until the store has all of it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from services.kernel.database import TRANSIENT
from services.kernel.pause import pause
from services.kernel.spool.records import Record
from services.kernel.spool.signs import SpoolFailed
from services.kernel.spool.spool import Spool
from services.kernel.telemetry.logs import logger

_LOG = logger(__name__)
_APPLY_SECONDS = 5.0
_RETRY_SECONDS = (0.1, 2.0)
# Replayed records between two syncs of their marks; a crash in between replays these again.
_BATCH = 64

Apply: TypeAlias = Callable[[Record], Awaitable[None]]


async def drain(
    spool: Spool, apply: Apply, poison: tuple[type[BaseException], ...], *, back: asyncio.Event, stop: asyncio.Event
) -> None:
    """Replays records until `stop` is set: at once when one was added, or when `back` says that the store is there.

    `apply` gives one record to the store within five seconds and must be idempotent by its id: it may see a record
    twice. With an error of `poison` the store refuses the record for good, which is set aside. While the store is away
    (TRANSIENT) the order is kept and the next try waits, from 0.1 s to 2 s, or until `back`. Any other error is a fault
    of ours: the record stays, and those after it go on.
    """
    shortest, longest = _RETRY_SECONDS
    delay = shortest
    while not stop.is_set():
        # Clear, then look, then wait: what comes in between is not missed.
        spool.grew.clear()
        back.clear()
        if await _Round(spool, apply, poison, stop).run():
            delay = shortest
            await pause(None, spool.grew, back, stop)
            continue
        # An addition does not shorten this: it was made because the store is away.
        await pause(delay * random.uniform(0.8, 1.2), back, stop)
        delay = min(longest, delay * 2)


class _Round:
    """One walk through what is pending."""

    def __init__(
        self, spool: Spool, apply: Apply, poison: tuple[type[BaseException], ...], stop: asyncio.Event
    ) -> None:
        self._spool, self._apply, self._poison, self._stop = spool, apply, poison, stop
        self._taken: list[Record] = []
        self._complete = True

    async def run(self) -> bool:
        """True where nothing of it is left."""
        try:
            for record in self._spool.pending():
                if self._stop.is_set():
                    return False
                await self._give(record)
                if len(self._taken) >= _BATCH:
                    await self._mark()
        except TRANSIENT as error:
            _LOG.warning("store does not take the spool yet", error=type(error).__name__, records=self._spool.size)
            return False
        finally:
            await self._mark()
        return self._complete

    async def _give(self, record: Record) -> None:
        try:
            async with asyncio.timeout(_APPLY_SECONDS):
                await self._apply(record)
        except self._poison as error:
            await self._refused(record, error)
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - one record that we stumble over must not hold up all others
            self._complete = False
            _LOG.error("record of the spool fails", exc_info=error)
        else:
            self._taken.append(record)

    async def _refused(self, record: Record, error: BaseException) -> None:
        try:
            await self._spool.put_aside(record)
        except SpoolFailed:
            # Reported already; it stays until the disk takes it.
            self._complete = False
            return
        _LOG.error("record of the spool set aside", error=type(error).__name__, set_aside=self._spool.set_aside)

    async def _mark(self) -> None:
        taken, self._taken = self._taken, []
        if taken:
            await self._spool.replayed(taken)
