"""Call handlers take every contact of the month, by whatever channel it comes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from deploy.people.line import Line
from deploy.rehearsal.contacts import PlannedContact
from deploy.rehearsal.crew import Crew
from deploy.rehearsal.progress import Progress
from deploy.rehearsal.telling import open_request
from peel.intake.v1 import types_pb2 as intake

_ROLES = {intake.CHANNEL_OFFICER: "officer", intake.CHANNEL_PARTNER: "partner_system"}


@dataclass(slots=True)
class _Hour:
    """The contacts of one hour that are not acknowledged yet."""

    end: datetime
    open: int
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)


class CallHandlers:
    """Opens contacts, and knows by its id which contact is which."""

    def __init__(
        self,
        line: Line,
        force: str,
        crew: Crew,
        progress: Progress,
        next_step: Callable[[PlannedContact, str], Awaitable[None]],
    ) -> None:
        """`next_step` is what the control room does with a contact that was opened, by its id."""
        self.contacts: dict[str, PlannedContact] = {}
        self._line, self._force, self._crew, self._progress = line, force, crew, progress
        self._next_step = next_step
        self._hours: list[_Hour] = []

    async def take(self, contacts: Sequence[PlannedContact], hour_end: datetime) -> None:
        """Begins to take the contacts of an hour that is over; returns once each is in somebody's hands."""
        hour = _Hour(hour_end, len(contacts))
        if contacts:
            self._hours.append(hour)
        for contact in contacts:
            await self._crew.take_on(self._open, contact, hour)

    async def acknowledged_until(self, moment: datetime) -> int:
        """Waits until every contact of the hours that ended by then is promised to be stored."""
        while self._hours and self._hours[0].end <= moment:
            await self._hours[0].acknowledged.wait()
            del self._hours[0]
        return len(self.contacts)

    async def _open(self, contact: PlannedContact, hour: _Hour) -> None:
        request = open_request(contact, self._force)
        role = _ROLES.get(contact.channel, "call_handler")
        reply = await self._line.ask(self._line.intake.OpenContact, request, role)
        self.contacts[reply.contact_id] = contact
        self._progress.contacts_opened = len(self.contacts)
        self._progress.rows_reported += len(contact.disclosures)
        hour.open -= 1
        if not hour.open:
            hour.acknowledged.set()
        if contact.graded:
            await self._next_step(contact, reply.contact_id)
