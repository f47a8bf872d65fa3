"""Crime recorders and a decision maker work the tray: the reports on which no rule could decide."""

from collections.abc import Mapping
from datetime import datetime

from deploy.people.line import Line
from deploy.rehearsal.contacts import PlannedContact
from deploy.rehearsal.crew import Crew
from deploy.rehearsal.progress import Progress
from peel.crime.v1 import api_pb2 as api
from peel.crime.v1 import types_pb2 as crime

_PAGE = 500


class Recorders:
    """Look at the tray, and decide what they have come to a decision on."""

    def __init__(
        self, line: Line, force: str, crew: Crew, progress: Progress, contacts: Mapping[str, PlannedContact]
    ) -> None:
        self._line, self._force, self._crew, self._progress = line, force, crew, progress
        self._contacts = contacts

    async def work_tray(self, now: datetime) -> None:
        """Decides every report in the tray on which a decision has been reached by now; returns once all are stored."""
        for report in await self._tray():
            contact = self._contacts.get(report.contact.contact_id)
            if contact is not None and contact.decide_at is not None and contact.decide_at <= now:
                await self._crew.take_on(self._decide, report, contact)
        await self._crew.finish()

    async def _tray(self) -> list[crime.Report]:
        found: list[crime.Report] = []
        request = api.ListReportsRequest(force=self._force, page_size=_PAGE, state=crime.REPORT_STATE_UNDECIDED)
        while True:
            page = await self._line.ask(self._line.crime.ListReports, request, "crime_recorder")
            found.extend(page.reports)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def _decide(self, report: crime.Report, contact: PlannedContact) -> None:
        decided = {decision.allegation_number for decision in report.decisions}
        request = api.DecideRecordingRequest(
            request_id=contact.request_for("decision"),
            report_id=report.report_id,
            rulings=[
                _ruling(number, told.recorded)
                for number, told in enumerate(contact.disclosures, start=1)
                if number not in decided
            ],
        )
        role = "decision_maker" if contact.turned_down else "crime_recorder"
        await self._line.ask(self._line.crime.DecideRecording, request, role)
        self._progress.decisions += 1


def _ruling(number: int, recorded: bool) -> api.Ruling:
    if recorded:
        return api.Ruling(allegation_number=number, record=True)
    return api.Ruling(allegation_number=number, reason=crime.NON_RECORDING_REASON_VICTIM_NOT_TRACED)
