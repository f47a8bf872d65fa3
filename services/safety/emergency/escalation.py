"""Escalates from memory, by the kernel's clock, whatever else is down (R-OS-03, R-OS-09).

The levels themselves follow from the signals and the time: here is only what makes the consoles look again when one is
reached. The durable timers do the same for the record.
"""

import asyncio
from datetime import datetime, timedelta

from services.kernel.clock import Clock
from services.safety.emergency.board import Board, Change

# Also a clock that is stepped, and an error of ours, delay a level by no more.
_LOOK_SECONDS = 1.0
_FORGET_SECONDS = 60.0


class Escalation:
    """Looks when the next level is due, and when there is a new alarm."""

    def __init__(self, clock: Clock, board: Board) -> None:
        self._clock, self._board = clock, board
        self._woken = asyncio.Event()
        self._looked = clock.now()
        board.listen(self._changed)

    def _changed(self, change: Change) -> None:
        if change.held is not None and not change.quiet:
            self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Escalates until `stop` is set."""
        forget_at = self._clock.now()
        while not stop.is_set():
            self._woken.clear()
            now = self._clock.now()
            self.look(now)
            if now >= forget_at:
                self._board.forget()
                forget_at = now + timedelta(seconds=_FORGET_SECONDS)
            await self._wait(self._board.next_level_at(now))

    def look(self, now: datetime) -> None:
        """Has the consoles shown whatever has reached another level since the last look."""
        since, self._looked = self._looked, now
        for emergency in self._board.open():
            due = self._board.next_level_of(emergency, since)
            if due is not None and due <= now:
                self._board.time_went_by(emergency)

    async def _wait(self, due: datetime | None) -> None:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._clock.wait_until(due, self._woken)
        except TimeoutError:
            return
