"""The auditor asks the crime ledger what it has, and nothing else: the count at the end is the ledger's own."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from deploy.people.line import Line
from deploy.rehearsal.progress import LedgerFigures
from peel.crime.v1 import api_pb2 as api
from services.kernel.wire import stamp

_PAGE = 500
_TICK = timedelta(microseconds=1)


class Auditor:
    """Reads the ledger of one force."""

    def __init__(self, line: Line, force: str) -> None:
        self._line, self._force = line, force

    async def reports_between(self, start: datetime, end: datetime) -> int:
        """How many contacts first made in [start, end) the ledger holds."""
        return (await self.figures(start, end)).reports

    async def figures(self, start: datetime, end: datetime) -> LedgerFigures:
        """The sums over all first contacts in [start, end)."""
        lines = await self._reconcile(start, end)
        found = lines[0] if lines else api.ReconcileReportsResponse()
        return LedgerFigures(
            found.received, found.decided, found.recorded, found.undecided, found.overdue, found.reports
        )

    async def by_category(self, start: datetime, end: datetime) -> dict[str, api.ReconcileReportsResponse]:
        """The sums over all first contacts in [start, end), by category of the public file."""
        lines = await self._reconcile(start, end, api.RECONCILE_DIMENSION_CATEGORY)
        return {line.category: line for line in lines}

    async def _reconcile(
        self, start: datetime, end: datetime, *by: api.ReconcileDimension.ValueType
    ) -> list[api.ReconcileReportsResponse]:
        request = api.ReconcileReportsRequest(force=self._force, by=by)
        getattr(request.first_contact, "from").CopyFrom(stamp(start))
        # Both ends of a period are part of it.
        request.first_contact.to.CopyFrom(stamp(end - _TICK))
        return await self._line.listen(self._line.crime.ReconcileReports, request, "auditor")

    async def overdue_contacts(self, start: datetime, end: datetime) -> set[str]:
        """The ids of the contacts of [start, end) that were undecided at their due time, as the tray names them."""
        return {contact_id async for contact_id, at in self._overdue() if start <= at < end}

    async def _overdue(self) -> AsyncIterator[tuple[str, datetime]]:
        request = api.ListReportsRequest(force=self._force, page_size=_PAGE, overdue=True)
        while True:
            page = await self._line.ask(self._line.crime.ListReports, request, "auditor")
            for report in page.reports:
                yield report.contact.contact_id, report.contact.first_contact_at.ToDatetime(tzinfo=UTC)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def street_file(self, month: str) -> list[api.ExportStreetCrimeResponse]:
        """The month as the public file has it, computed by the ledger."""
        request = api.ExportStreetCrimeRequest(force=self._force, month=month)
        return await self._line.listen(self._line.crime.ExportStreetCrime, request, "auditor")
