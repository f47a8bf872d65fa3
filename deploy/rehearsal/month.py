"""The month, hour by hour: the clock goes on as fast as the services follow, and waits for them where they lag.

Every process reads this clock, so the 24-hour duties of the month run in the month. Were it stepped on while reports
are still on their way, they would be overdue for the rehearsal's own haste and not for anybody's neglect.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.rehearsal.auditor import Auditor
from deploy.rehearsal.call_handlers import CallHandlers
from deploy.rehearsal.contacts import PlannedContact
from deploy.rehearsal.control_room import ControlRoom
from deploy.rehearsal.demand import Span
from deploy.rehearsal.dispatchers import Dispatchers
from deploy.rehearsal.endings import Calendar
from deploy.rehearsal.hands import ClockHands
from deploy.rehearsal.investigators import Investigators
from deploy.rehearsal.progress import Progress
from deploy.rehearsal.recorders import Recorders
from deploy.rehearsal.stuck import RehearsalStuck

HOUR = timedelta(hours=1)
# Recorders look at the tray this often. With decisions made within 20 hours of first contact, the last of them is
# stored 23 hours after it.
_LOOK_HOURS = 3
# A report may take this long, by the rehearsal clock, from its hour's end to the crime ledger; with the hours between
# two looks, eight in all.
_LAG = 5 * HOUR
_READ_HOURS = 24
# Decisions that come too late on purpose come within 40 hours.
_DRAIN_HOURS = 45
_POLL_SECONDS = 0.03
_PATIENCE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who works in the rehearsal."""

    call_handlers: CallHandlers
    control_room: ControlRoom
    dispatchers: Dispatchers
    recorders: Recorders
    investigators: Investigators
    auditor: Auditor


class Month:
    """Runs a month, and the months after it in which courts and patience do their part."""

    def __init__(
        self,
        span: Span,
        calendar: Calendar,
        contacts: Sequence[PlannedContact],
        hands: ClockHands,
        people: People,
        progress: Progress,
        every_hour: Callable[[int], None],
    ) -> None:
        """`contacts` in the order of first contact; `every_hour` is told the number of each hour of the month."""
        self._span, self._calendar, self._contacts = span, calendar, contacts
        self._hands, self._people, self._progress = hands, people, progress
        self._every_hour = every_hour
        self._registered_until = span.start
        self._counted = 0

    async def run(self) -> None:
        """From the first contact to the moment of which the public file tells."""
        await self._people.dispatchers.make_known([one for one in self._contacts if one.graded])
        self._progress.phase = "the month"
        given = 0
        for number, hour in enumerate(self._span.hours):
            end = hour + HOUR
            self._every_hour(number)
            self._tell(end)
            await self._people.dispatchers.hear_from_the_forgotten()
            first, given = given, self._told_before(end, given)
            await self._people.call_handlers.take(self._contacts[first:given], end)
            await self._work(number, end)
        self._progress.phase = "the last decisions"
        for number in range(_DRAIN_HOURS):
            end = self._span.end + (number + 1) * HOUR
            self._tell(end)
            await self._people.dispatchers.hear_from_the_forgotten()
            await self._work(number, end)
        await self._all_decided()
        await self._all_attended()
        await self._all_closed()
        await self._afterwards()

    def _tell(self, moment: datetime) -> None:
        self._progress.clock = self._hands.step(moment)

    def _told_before(self, moment: datetime, start: int) -> int:
        """How many contacts were first made before a moment, counted on from `start` of them."""
        at = start
        while at < len(self._contacts) and self._contacts[at].at < moment:
            at += 1
        return at

    async def _work(self, number: int, end: datetime) -> None:
        """What falls due in an hour."""
        people, now = self._people, self._hands.now
        await people.dispatchers.send()
        await people.control_room.close_due(now)
        await people.investigators.record_due(now)
        if number % _LOOK_HOURS == 0:
            await self._hold_back(min(end - _LAG, self._span.end))
            await people.recorders.work_tray(now)
        if number % _READ_HOURS == 0:
            await people.investigators.read_new()

    async def _hold_back(self, moment: datetime) -> None:
        """Waits until every contact first made before then is in the crime ledger."""
        expected = self._told_before(moment, self._counted) - self._counted
        if not expected:
            return
        began = time.monotonic()
        await self._people.call_handlers.acknowledged_until(moment)
        start = self._registered_until
        while (there := await self._people.auditor.reports_between(start, moment)) < expected:
            waited = time.monotonic() - began
            if waited > _PATIENCE_SECONDS:
                raise RehearsalStuck(f"the crime ledger has {there} of {expected} contacts made before {moment}")
            await asyncio.sleep(_POLL_SECONDS)
        self._progress.held_seconds += time.monotonic() - began
        self._registered_until, self._counted = moment, self._counted + expected

    async def _all_decided(self) -> None:
        await self._hold_back(self._span.end)
        await self._people.recorders.work_tray(self._hands.now)

    async def _all_attended(self) -> None:
        """The last incidents have still to reach dispatch before somebody can be sent to them."""
        dispatchers, began = self._people.dispatchers, time.monotonic()
        while dispatchers.waiting and time.monotonic() - began < _PATIENCE_SECONDS:
            await dispatchers.send()
            await asyncio.sleep(_POLL_SECONDS)
        await dispatchers.hear_from_the_forgotten()

    async def _all_closed(self) -> None:
        """The last decisions have still to reach call intake before the last incidents can be closed."""
        began = time.monotonic()
        while still_open := await self._people.control_room.close_all():
            if time.monotonic() - began > _PATIENCE_SECONDS:
                raise RehearsalStuck(f"{still_open} incidents cannot be closed")
            await asyncio.sleep(_POLL_SECONDS)

    async def _afterwards(self) -> None:
        """The weeks and months after: investigations end, courts decide, and the public file grows old."""
        self._progress.phase = "outcomes and courts"
        told = (one for contact in self._contacts for one in contact.disclosures)
        await self._people.investigators.read_rest(sum(one.offence is not None and one.recorded for one in told))
        for moment in self._calendar.steps:
            self._tell(moment)
            await self._people.investigators.record_all_due(self._hands.now)
