"""Escalates from memory, by the kernel's clock, whatever else is down (R-OS-03, R-OS-09).

The levels themselves follow from the signals and the time: here is only what makes the consoles look again when one is
reached. The durable timers do the same for the record.
"""

import asyncio
import time
from datetime import datetime
from heapq import heappop, heappush
from uuid import UUID

from services.kernel.clock import Clock
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter, gauge
from services.safety.emergency.board import Board, Change
from services.safety.emergency.domain.folding import Emergency

_LOG = logger(__name__)
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
    """Knows when each emergency reaches its next level, and when there is a new alarm."""

    def __init__(self, clock: Clock, board: Board) -> None:
        self._clock, self._board = clock, board
        self._woken = asyncio.Event()
        # The next moment of each alarmed emergency, soonest first. One that was taken meanwhile is passed over then.
        self._due: list[tuple[datetime, str, UUID]] = []
        board.listen(self._changed)
        for emergency in board.open():
            # From the disk, before anybody listened.
            self._expect(emergency, clock.now())

    def _changed(self, change: Change) -> None:
        if change.alarm:
            self._expect(change.emergency, self._clock.now())
            self._woken.set()

    def _expect(self, emergency: Emergency, after: datetime) -> None:
        due = self._board.next_level_of(emergency, after)
        if due is not None:
            heappush(self._due, (due, emergency.force, emergency.id))

    async def run(self, stop: asyncio.Event) -> None:
        """Escalates until `stop` is set."""
        forget_at = time.monotonic()
        while not stop.is_set():
            self._woken.clear()
            try:
                self.look(self._clock.now())
                if time.monotonic() >= forget_at:
                    forget_at = time.monotonic() + _FORGET_SECONDS
                    self._board.forget()
            except Exception as error:  # noqa: BLE001 - an error over one emergency must not end escalation of all
                _LOG.error("an emergency was not escalated", exc_info=error)
            await self._wait()

    def look(self, now: datetime) -> None:
        """Has the consoles shown whatever has reached another level."""
        while self._due and self._due[0][0] <= now:
            _, force, emergency_id = heappop(self._due)
            emergency = self._board.get(force, emergency_id)
            if emergency is not None and emergency.untaken:
                self._board.time_went_by(emergency)
                LEVELS.labels(self._board.level(emergency, now)).inc()
                self._expect(emergency, now)
        self._measure(now)

    def _measure(self, now: datetime) -> None:
        waiting = self._board.untaken_since()
        UNTAKEN.set(len(waiting))
        UNTAKEN_OLDEST_SECONDS.set((now - min(waiting)).total_seconds() if waiting else 0.0)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._clock.wait_until(self._due[0][0] if self._due else None, self._woken)
        except TimeoutError:
            return
