"""The control room weighs the risk of some emergency calls, grades them, and closes them once they are decided."""

import heapq
from datetime import datetime, timedelta

import grpc

from deploy.people.line import Line, reason_of
from deploy.rehearsal.contacts import PlannedContact
from deploy.rehearsal.crew import Crew
from deploy.rehearsal.progress import Progress
from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import types_pb2 as intake

_HOUR = timedelta(hours=1)
# Long enough for what the rules decide to be known here; what a person decides takes until then and this.
_CLOSED_AFTER = 10 * _HOUR
# Intake does not know of the decision yet: the incident is closed later.
_TOO_EARLY = ("ALLEGATIONS_UNDECIDED", "CLOSING_CONTRADICTED")
_EMERGENCY, _PRIORITY = "1", "2"


class ControlRoom:
    """Grades incidents and remembers which are still open."""

    def __init__(self, line: Line, crew: Crew, progress: Progress) -> None:
        self._line, self._crew, self._progress = line, crew, progress
        self._open: list[tuple[datetime, str, PlannedContact]] = []

    async def grade(self, contact: PlannedContact, contact_id: str) -> str:
        """Assesses the risk of a contact and grades it, which opens its incident; returns that one's id."""
        thrive = api.AssessThriveRequest(
            request_id=contact.request_for("thrive"), contact_id=contact_id, thrive=_thrive(contact)
        )
        await self._line.ask(self._line.intake.AssessThrive, thrive, "call_handler")
        grade = api.GradeContactRequest(
            request_id=contact.request_for("grade"),
            contact_id=contact_id,
            grade=_EMERGENCY if contact.alleges else _PRIORITY,
        )
        reply = await self._line.ask(self._line.intake.GradeContact, grade, "call_handler")
        self._progress.graded += 1
        return reply.incident.incident_id

    def attended(self, contact: PlannedContact, incident_id: str) -> None:
        """Somebody was there: the incident can be closed once its allegations are decided."""
        heapq.heappush(self._open, ((contact.decide_at or contact.at) + _CLOSED_AFTER, incident_id, contact))

    async def close_due(self, now: datetime) -> None:
        """Begins to close what is due to be closed by now."""
        while self._open and self._open[0][0] <= now:
            _, incident_id, contact = heapq.heappop(self._open)
            await self._crew.take_on(self._close, incident_id, contact, now)

    async def close_all(self) -> int:
        """Tries to close every incident that is open; returns how many still are."""
        waiting, self._open = self._open, []
        for at, incident_id, contact in waiting:
            await self._crew.take_on(self._close, incident_id, contact, at)
        await self._crew.finish()
        return len(self._open)

    async def _close(self, incident_id: str, contact: PlannedContact, now: datetime) -> None:
        request = api.CloseIncidentRequest(
            request_id=contact.request_for("close"),
            incident_id=incident_id,
            closing_kind=_closing_kind(contact),
            category=contact.category,
        )
        try:
            await self._line.ask(self._line.intake.CloseIncident, request, "dispatcher")
        except grpc.aio.AioRpcError as error:
            if reason_of(error) not in _TOO_EARLY:
                raise
            heapq.heappush(self._open, (now + _HOUR, incident_id, contact))
        else:
            self._progress.closed += 1


def _closing_kind(contact: PlannedContact) -> intake.ClosingKind.ValueType:
    if not contact.alleges:
        return intake.CLOSING_KIND_NON_CRIME
    if any(one.offence and one.recorded for one in contact.disclosures):
        return intake.CLOSING_KIND_CRIME
    return intake.CLOSING_KIND_CRIME_RELATED_INCIDENT


def _thrive(contact: PlannedContact) -> intake.Thrive:
    return intake.Thrive(
        threat="ongoing when the call came in" if contact.alleges else "none known",
        harm="a victim is named" if any(one.has_victim for one in contact.disclosures) else "none known",
        risk="may happen again tonight",
        investigation="witnesses to be asked",
        vulnerability="none known",
        engagement="the caller will be rung back",
    )
