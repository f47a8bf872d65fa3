"""The hands of the rehearsal clock: one program steps them, every process reads them, and they never go back."""

from datetime import datetime
from pathlib import Path

from services.kernel.clock import RehearsalClock, set_rehearsal_clock


class ClockHands:
    """The clock in a file that is there already. Where an earlier rehearsal left it, this one goes on from there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.now = RehearsalClock(path).now()

    def step(self, to: datetime) -> datetime:
        """Moves the hands forward to a moment, or leaves them where they are; returns where they stand."""
        if to > self.now:
            set_rehearsal_clock(self._path, to)
            self.now = to
        return self.now
