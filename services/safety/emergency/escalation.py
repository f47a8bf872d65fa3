"""Escalates from memory, by the kernel's clock, whatever else is down (R-OS-03, R-OS-09).

The levels themselves follow from the signals and the time: here is only what makes the consoles look again when one is
reached. The durable timers do the same for the record.
"""

import asyncio
import time
from datetime import datetime

from services.kernel.clock import Clock
from services.kernel.telemetry.metrics import counter, gauge
from services.safety.emergency.board import Board, Change

# Also a clock that is stepped, and an error of ours, delay a level by no more.
_LOOK_SECONDS = 1.0
_FORGET_SECONDS = 60.0

UNTAKEN = gauge(
    "peel_emergency_untaken",
    "Emergencies that this replica shows and that no person has taken.",
    action="Any for more than 10 s: call the control room. Replicas that differ do not hear each other.",
)
UNTAKEN_OLDEST_SECONDS = gauge(
    "peel_emergency_untaken_oldest_seconds",
    "Age of the oldest press or duress code that no person has taken, 0 where there is none.",
    action="Past 60: every level of escalation was reached and nobody answered. Send somebody.",
)
LEVELS = counter(
    "peel_emergency_levels",
    "Levels of escalation that emergencies reached at this replica, by level.",
    action="UNITS_NEARBY or above: the control room did not see it, or did not answer. Find out which.",
    labels=("level",),
)


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
        forget_at = time.monotonic()
        while not stop.is_set():
            self._woken.clear()
            due = self.look(self._clock.now())
            if time.monotonic() >= forget_at:
                self._board.forget()
                forget_at = time.monotonic() + _FORGET_SECONDS
            await self._wait(due)

    def look(self, now: datetime) -> datetime | None:
        """Has the consoles shown whatever has reached another level since the last look; returns when the next is
        due."""
        since, self._looked = self._looked, now
        following: datetime | None = None
        waiting: list[datetime] = []
        for emergency in self._board.open():
            if emergency.untaken and not emergency.synthetic:
                waiting.append(emergency.untaken[0].at)
                due = self._board.next_level_of(emergency, since)
                if due is not None and due <= now:
                    self._board.time_went_by(emergency)
                    LEVELS.labels(self._board.level(emergency, now)).inc()
                    due = self._board.next_level_of(emergency, now)
                following = min(filter(None, (following, due)), default=None)
        UNTAKEN.set(len(waiting))
        UNTAKEN_OLDEST_SECONDS.set((now - min(waiting)).total_seconds() if waiting else 0.0)
        return following

    async def _wait(self, due: datetime | None) -> None:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._clock.wait_until(due, self._woken)
        except TimeoutError:
            return
