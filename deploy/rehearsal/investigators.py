"""Investigators learn of crimes as they are recorded, and record how each ends."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from deploy.people.line import Line
from deploy.rehearsal.contacts import PlannedContact
from deploy.rehearsal.crew import Crew
from deploy.rehearsal.endings import Act
from deploy.rehearsal.progress import Progress
from peel.crime.v1 import api_pb2 as api
from peel.crime.v1 import types_pb2 as crime

_PAGE = 250


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    """What is due to be recorded of a crime: the first of `acts`, and then the rest."""

    at: datetime
    crime_id: str
    step: int
    acts: Sequence[Act] = field(compare=False)
    contact: PlannedContact = field(compare=False)
    number: int = field(compare=False)

    def request(self) -> api.RecordOutcomeRequest:
        act = self.acts[0]
        return api.RecordOutcomeRequest(
            request_id=self.contact.request_for(f"outcome/{self.number}/{self.step}"),
            crime_id=self.crime_id,
            code=act.code,
            evidence=act.evidence,
            disposal=act.disposal,
        )

    def after(self) -> "_Entry | None":
        """What a court does comes after the charge, and is entered only once that is recorded."""
        acts = self.acts[1:]
        if not acts:
            return None
        return _Entry(acts[0].at, self.crime_id, self.step + 1, acts, self.contact, self.number)


class Investigators:
    """Read the list of crimes from where they left it, and keep a diary of what is due to be recorded of each."""

    def __init__(
        self, line: Line, force: str, crew: Crew, progress: Progress, contacts: Mapping[str, PlannedContact]
    ) -> None:
        self._line, self._force, self._crew, self._progress = line, force, crew, progress
        self._contacts = contacts
        self._known: set[str] = set()
        self._diary: list[_Entry] = []
        # The page tokens come in the order of pages.
        self._tokens: list[str] = []

    async def read_new(self) -> None:
        """Reads what was recorded since.

        From one page before the last, because crimes recorded at the same moment may appear in any order; `read_rest`
        finds those that this misses.
        """
        del self._tokens[-1:]
        await self._read(self._tokens[-1] if self._tokens else "")

    async def read_rest(self, crimes: int) -> None:
        """Reads on until this many crimes of the month are known, and the whole list anew where some are still not."""
        await self.read_new()
        if len(self._known) < crimes:
            self._tokens.clear()
            await self._read("")

    async def _read(self, token: str) -> None:
        while True:
            request = api.ListCrimesRequest(force=self._force, page_size=_PAGE, page_token=token)
            page = await self._line.ask(self._line.crime.ListCrimes, request, "officer")
            for one in page.crimes:
                self._note(one)
            token = page.next_page_token
            if not token:
                return
            self._tokens.append(token)

    def _note(self, one: crime.Crime) -> None:
        contact = self._contacts.get(one.contact_id)
        if contact is None or one.crime_id in self._known:
            return
        self._known.add(one.crime_id)
        ending = contact.disclosures[one.allegation_number - 1].ending
        if ending and (acts := ending.acts):
            heapq.heappush(self._diary, _Entry(acts[0].at, one.crime_id, 0, acts, contact, one.allegation_number))

    async def record_all_due(self, now: datetime) -> None:
        """Records what is due by now, and what is due as a consequence; returns once all of it is stored."""
        while self._diary and self._diary[0].at <= now:
            await self.record_due(now)
            await self._crew.finish()

    async def record_due(self, now: datetime) -> None:
        """Begins to record what is due by now."""
        while self._diary and self._diary[0].at <= now:
            await self._crew.take_on(self._record, heapq.heappop(self._diary))

    async def _record(self, entry: _Entry) -> None:
        await self._line.ask(self._line.crime.RecordOutcome, entry.request(), entry.acts[0].authority)
        self._progress.outcomes += 1
        if (following := entry.after()) is not None:
            heapq.heappush(self._diary, following)
