"""A test press of a device: by the same path as a real one, to a watcher of this replica (R-OS-07)."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from peel.safety.v1 import emergency_api_pb2 as api
from services.kernel.ids import new_id
from services.safety.devices.domain.carrying import Fault, fault_of
from services.safety.emergency.changes import ChangeLog
from services.safety.emergency.desk import Desk
from services.safety.emergency.domain.signals import Press, Trigger
from services.safety.emergency.handlers import TakePress, take_press
from services.safety.emergency.watching import Consoles, Wanted

# A real press has to be on a screen within this (R-OS-01).
_SHOWN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went, and the seconds from the press until a watcher had it; those it was waited for where none did."""

    fault: Fault
    seconds: float

    @property
    def passed(self) -> bool:
        return self.fault is Fault.NONE


class Trial:
    """Presses and watches. It is of no site, and proves none's path."""

    def __init__(self, desk: Desk, consoles: Consoles, log: ChangeLog, seconds: float = _SHOWN_SECONDS) -> None:
        self._desk, self._consoles, self._log, self._seconds = desk, consoles, log, seconds

    async def run(self, radio: str) -> Outcome:
        """Presses once. A call that is made again presses again: what was shown before proves nothing."""
        request_id = new_id()
        press = Press(radio=radio, press_id=str(request_id), trigger=Trigger.SYNTHETIC)
        wanted = Wanted(self._desk.call.caller.force, self._log.token, synthetic=True)
        async with aclosing(self._consoles.stream(wanted)) as watcher:
            # From its first message on, it misses nothing.
            await anext(watcher)
            begun = time.monotonic()
            watching = asyncio.create_task(_seen_at(watcher, press.press_id))
            try:
                taken = await take_press(TakePress(press, request_id), self._desk)
                await asyncio.wait({watching}, timeout=max(0.0, begun + self._seconds - time.monotonic()))
                seen_at = watching.result() if watching.done() else None
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
        seconds = (time.monotonic() if seen_at is None else seen_at) - begun
        shown = seen_at is not None and seconds <= self._seconds
        return Outcome(fault_of(taken.durability, shown=shown), seconds)


async def _seen_at(watcher: AsyncGenerator[api.WatchEmergenciesResponse, None], press_id: str) -> float:
    """When the press came, by the monotonic clock."""
    async for reply in watcher:
        if any(press.press_id == press_id for press in reply.emergency.presses):
            return time.monotonic()
    raise LookupError("the stream of a watcher ended by itself")
