"""The only source of time for handlers, timers and rules.

A rehearsal replays another month: its driver steps a clock that lives in a file, and every process reads that file.
"""

import asyncio
import mmap
import struct
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from services.kernel.settings import Settings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = struct.Struct("<q")
# A file cannot wake its readers; a rehearsal looks this often. The system clock never polls.
_REHEARSAL_POLL_SECONDS = 0.02


class Clock(Protocol):
    """Tells the time in UTC, and waits for it."""

    def now(self) -> datetime:
        """The present moment, aware, UTC, to the microsecond."""

    async def wait_until(self, due: datetime | None, woken: asyncio.Event) -> None:
        """Returns once `due` has come or `woken` is set, whichever is first. No due time: waits for `woken`."""


class SystemClock:
    """The time it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait_until(self, due: datetime | None, woken: asyncio.Event) -> None:
        timeout = None if due is None else max(0.0, (due - self.now()).total_seconds())
        try:
            async with asyncio.timeout(timeout):
                await woken.wait()
        except TimeoutError:
            return


class RehearsalClock:
    """The time that a file says: 8 bytes, little-endian microseconds since 1970, UTC."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), _MICROSECONDS.size, access=mmap.ACCESS_READ)

    def now(self) -> datetime:
        return _EPOCH + timedelta(microseconds=_MICROSECONDS.unpack(self._memory[:])[0])

    async def wait_until(self, due: datetime | None, woken: asyncio.Event) -> None:
        while not woken.is_set() and (due is None or self.now() < due):
            try:
                async with asyncio.timeout(_REHEARSAL_POLL_SECONDS):
                    await woken.wait()
            except TimeoutError:
                continue


def set_rehearsal_clock(path: Path, at: datetime) -> None:
    """Steps the rehearsal clock, in place so that every process that mapped the file sees it."""
    moment = _MICROSECONDS.pack((at - _EPOCH) // timedelta(microseconds=1))
    if path.exists():
        with path.open("r+b") as file, mmap.mmap(file.fileno(), _MICROSECONDS.size) as memory:
            memory[:] = moment
        return
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as fresh:
        fresh.write(moment)
    # Processes of the same run may be of another user than its driver.
    made = Path(fresh.name)
    made.chmod(0o644)
    made.replace(path)


def open_clock(settings: Settings) -> Clock:
    """The clock that the settings ask for.

    Raises ValueError for a clock file outside a rehearsal: no control room may run on a clock that somebody steps.
    """
    if settings.clock_file is None:
        return SystemClock()
    if not settings.rehearsal:
        raise ValueError("PEEL_CLOCK_FILE is set but PEEL_REHEARSAL is not: refusing to run on a rehearsal clock")
    return RehearsalClock(settings.clock_file)
