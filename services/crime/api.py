"""The gRPC door of crime recording: request to command, result to reply. No logic."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from peel.crime.v1 import api_pb2 as api
from peel.crime.v1 import api_pb2_grpc as api_grpc
from peel.crime.v1 import types_pb2 as types
from services.crime import handlers, messages
from services.crime.domain import CrimeState, ReportState
from services.crime.ledger import Dimension, Sums
from services.crime.publication import StreetRow
from services.crime.store import StoredReport
from services.kernel.door import Context
from services.kernel.serving import Serving
from services.kernel.usecases import UseCases
from services.kernel.validation import Check
from services.kernel.wire import stamp

_MONTH = re.compile(r"(19|20)\d{2}-(0[1-9]|1[0-2])")


class CrimeDoor(api_grpc.CrimeServiceServicer):
    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def DecideRecording(
        self, request: api.DecideRecordingRequest, context: Context
    ) -> api.DecideRecordingResponse:
        check = self._check()
        command = handlers.DecideRecording(
            check.uuid("report_id", request.report_id), messages.rulings_from(request, check)
        )
        check.done()
        return await self._cases.handle(
            handlers.decide_recording,
            command,
            lambda stored: api.DecideRecordingResponse(report=_report(stored)),
            api.DecideRecordingResponse,
        )

    async def GetReport(self, request: api.GetReportRequest, context: Context) -> api.GetReportResponse:
        return await self._cases.handle(
            handlers.get_report,
            self._id("report_id", request.report_id),
            lambda stored: api.GetReportResponse(report=_report(stored)),
            api.GetReportResponse,
        )

    async def ListReports(self, request: api.ListReportsRequest, context: Context) -> api.ListReportsResponse:
        check = self._check()
        state = check.known("state", request.state, ReportState, required=False)
        page = self._cases.pages.page(request, check)
        after = None
        if page.position:
            last_state, last_due, last_id = page.position
            after = (int(last_state), datetime.fromisoformat(last_due), UUID(last_id))
        return await self._cases.handle(
            handlers.list_reports,
            handlers.ListReports(state, request.overdue, after, page.limit),
            lambda found: api.ListReportsResponse(
                reports=[_report(stored) for stored in page.items(found)],
                next_page_token=page.next_token(found, _tray_position),
            ),
            api.ListReportsResponse,
        )

    async def GetCrime(self, request: api.GetCrimeRequest, context: Context) -> api.GetCrimeResponse:
        return await self._cases.handle(
            handlers.get_crime,
            self._id("crime_id", request.crime_id),
            lambda crime: api.GetCrimeResponse(crime=messages.crime_message(crime)),
            api.GetCrimeResponse,
        )

    async def ListCrimes(self, request: api.ListCrimesRequest, context: Context) -> api.ListCrimesResponse:
        check = self._check()
        state = check.known("state", request.state, CrimeState, required=False)
        report_id = check.uuid("report_id", request.report_id) if request.report_id else None
        page = self._cases.pages.page(request, check)
        return await self._cases.handle(
            handlers.list_crimes,
            handlers.ListCrimes(state, request.offence_code, report_id, page.after_id, page.limit),
            lambda found: api.ListCrimesResponse(
                crimes=[messages.crime_message(crime) for crime in page.items(found)],
                next_page_token=page.next_token(found, lambda crime: [str(crime.crime_id)]),
            ),
            api.ListCrimesResponse,
        )

    async def RecordOutcome(self, request: api.RecordOutcomeRequest, context: Context) -> api.RecordOutcomeResponse:
        check = self._check()
        command = handlers.RecordOutcome(
            check.uuid("crime_id", request.crime_id),
            check.text("code", request.code, longest=3, required=True),
            messages.evidence_from(request.evidence, check),
            messages.disposal_from(request.disposal, check),
        )
        check.done()
        return await self._cases.handle(
            handlers.record_crime_outcome,
            command,
            lambda crime: api.RecordOutcomeResponse(crime=messages.crime_message(crime)),
            api.RecordOutcomeResponse,
        )

    async def CancelCrime(self, request: api.CancelCrimeRequest, context: Context) -> api.CancelCrimeResponse:
        check = self._check()
        command = handlers.CancelCrime(
            check.uuid("crime_id", request.crime_id),
            messages.ground_from(request.ground, check),
            check.text("evidence_reference", request.evidence_reference, longest=500),
            request.victim_told,
        )
        check.done()
        return await self._cases.handle(
            handlers.cancel_crime,
            command,
            lambda crime: api.CancelCrimeResponse(crime=messages.crime_message(crime)),
            api.CancelCrimeResponse,
        )

    async def GetRecordingRate(
        self, request: api.GetRecordingRateRequest, context: Context
    ) -> api.GetRecordingRateResponse:
        check = self._check()
        period = messages.span_from("first_contact", request.first_contact, check)
        check.done()
        return await self._cases.handle(
            handlers.get_recording_rate,
            period,
            lambda result: api.GetRecordingRateResponse(
                rates=[messages.rate_message(rate) for rate in result[0]], as_of=stamp(result[1])
            ),
            api.GetRecordingRateResponse,
        )

    async def ReconcileReports(
        self, request: api.ReconcileReportsRequest, context: Context
    ) -> AsyncIterator[api.ReconcileReportsResponse]:
        check = self._check()
        given = check.entries("by", request.by, most=len(Dimension))
        by = frozenset(check.known(f"by[{i}]", dimension, Dimension) for i, dimension in enumerate(given))
        period = messages.span_from("first_contact", request.first_contact, check)
        check.done()
        command = handlers.ReconcileReports(*period, by)
        async for reply in self._cases.stream(handlers.reconcile_reports, command, _sums):
            yield reply

    async def ExportStreetCrime(
        self, request: api.ExportStreetCrimeRequest, context: Context
    ) -> AsyncIterator[api.ExportStreetCrimeResponse]:
        check = self._check()
        if not _MONTH.fullmatch(request.month):
            check.violation("month", 'must be a month such as "2018-07"')
        check.done()
        async for reply in self._cases.stream(handlers.export_street_crime, request.month, _street_row):
            yield reply

    def _check(self) -> Check:
        return Check(self._cases.clock.now())

    def _id(self, field: str, text: str) -> UUID:
        check = self._check()
        found = check.uuid(field, text)
        check.done()
        return found


def _report(stored: StoredReport) -> types.Report:
    return messages.report_message(stored.report, stored.contact)


def _tray_position(stored: StoredReport) -> list[str]:
    report = stored.report
    return [str(int(report.state)), report.due_at.isoformat(), str(report.report_id)]


def _sums(sums: Sums) -> api.ReconcileReportsResponse:
    return api.ReconcileReportsResponse(
        day=sums.day,
        category=sums.category,
        lsoa=sums.lsoa,
        received=sums.received,
        decided=sums.decided,
        recorded=sums.recorded,
        absorbed=sums.absorbed,
        not_recorded=sums.not_recorded,
        undecided=sums.received - sums.decided,
        overdue=sums.overdue,
        undecided_overdue=sums.undecided_overdue,
        reports=sums.reports,
    )


def _street_row(row: StreetRow) -> api.ExportStreetCrimeResponse:
    return api.ExportStreetCrimeResponse(**{name: getattr(row, name) for name in StreetRow.__slots__})


def serve(serving: Serving) -> None:
    """Adds the service to a server."""
    api_grpc.add_CrimeServiceServicer_to_server(CrimeDoor(serving.cases), serving.server)
