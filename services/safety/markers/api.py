"""The gRPC door of warning markers: request to command, result to reply. No logic."""

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import count

from peel.safety.v1 import api_pb2 as api
from peel.safety.v1 import api_pb2_grpc as api_grpc
from services.kernel.caller import current_call
from services.kernel.door import Context
from services.kernel.serving import Serving
from services.kernel.usecases import UseCases
from services.kernel.validation import Check
from services.safety.markers import handlers, handlers_register, messages, messages_finding, messages_register
from services.safety.markers.domain.register import Numbered, Tally, WholeRegister
from services.safety.markers.handlers import Found


class MarkerDoor(api_grpc.MarkerServiceServicer):
    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def CreateMarker(self, request: api.CreateMarkerRequest, context: Context) -> api.CreateMarkerResponse:
        check = self._check()
        return await self._cases.handle(
            handlers.create_marker,
            messages.content_from(request.content, request.force, check),
            lambda marker: api.CreateMarkerResponse(marker=messages.marker_message(marker, check.now)),
            api.CreateMarkerResponse,
        )

    async def ReviseMarker(self, request: api.ReviseMarkerRequest, context: Context) -> api.ReviseMarkerResponse:
        check = self._check()
        marker_id = check.uuid("marker_id", request.marker_id)
        content = messages.content_from(request.content, current_call().caller.force, check)
        return await self._cases.handle(
            handlers.revise_marker,
            handlers.ReviseMarker(marker_id, request.version, content),
            lambda marker: api.ReviseMarkerResponse(marker=messages.marker_message(marker, check.now)),
            api.ReviseMarkerResponse,
        )

    async def WithdrawMarker(self, request: api.WithdrawMarkerRequest, context: Context) -> api.WithdrawMarkerResponse:
        check = self._check()
        command = handlers.WithdrawMarker(
            check.uuid("marker_id", request.marker_id),
            check.text("explanation", request.explanation, longest=messages.EXPLANATION_LONGEST, required=True),
        )
        check.done()
        return await self._cases.handle(
            handlers.withdraw_marker,
            command,
            lambda marker: api.WithdrawMarkerResponse(marker=messages.marker_message(marker, check.now)),
            api.WithdrawMarkerResponse,
        )

    async def GetMarker(self, request: api.GetMarkerRequest, context: Context) -> api.GetMarkerResponse:
        check = self._check()
        marker_id = check.uuid("marker_id", request.marker_id)
        check.done()
        return await self._cases.handle(
            handlers.get_marker,
            marker_id,
            lambda marker: api.GetMarkerResponse(marker=messages.marker_message(marker, check.now)),
            api.GetMarkerResponse,
        )

    async def SearchMarkers(self, request: api.SearchMarkersRequest, context: Context) -> api.SearchMarkersResponse:
        check = self._check()
        asked = messages_finding.asked_from(request, check)
        most = check.size("page_size", request.page_size, default=20, most=100)
        check.done()
        return await self._cases.handle(
            handlers.search_markers,
            handlers.SearchMarkers(asked, most),
            lambda found: api.SearchMarkersResponse(found=[_found(one, check.now) for one in found]),
            api.SearchMarkersResponse,
        )

    async def ListSubjectMarkers(
        self, request: api.ListSubjectMarkersRequest, context: Context
    ) -> api.ListSubjectMarkersResponse:
        check = self._check()
        way = messages_finding.subject_from(request, check)
        page = self._cases.pages.page(request, check)
        return await self._cases.handle(
            handlers.list_subject_markers,
            handlers.ListSubjectMarkers(way, page.after_id, page.limit),
            lambda found: api.ListSubjectMarkersResponse(
                markers=[messages.marker_message(marker, check.now) for marker in page.items(found)],
                next_page_token=page.next_token(found, lambda marker: [str(marker.id)]),
            ),
            api.ListSubjectMarkersResponse,
        )

    async def ImportCertificateHolders(
        self, requests: AsyncIterator[api.ImportCertificateHoldersRequest], context: Context
    ) -> api.ImportCertificateHoldersResponse:
        numbers = count(1)

        def said(request: api.ImportCertificateHoldersRequest) -> Numbered | WholeRegister:
            if request.complete:
                return messages_register.whole_register_from(request, self._check())
            return messages_register.entry_from(request, next(numbers), self._check())

        return await self._cases.client_stream(
            handlers_register.Import().take, requests, said, messages_register.imported_message, Tally()
        )

    async def ReconcileCertificateHolders(
        self, request: api.ReconcileCertificateHoldersRequest, context: Context
    ) -> api.ReconcileCertificateHoldersResponse:
        return await self._cases.handle(
            handlers_register.reconcile_certificate_holders,
            None,
            messages_register.reconciliation_message,
            api.ReconcileCertificateHoldersResponse,
        )

    def _check(self) -> Check:
        return Check(self._cases.clock.now())


def _found(found: Found, at: datetime) -> api.FoundMarker:
    return api.FoundMarker(marker=messages.marker_message(found.marker, at), score=found.score)


def serve(serving: Serving) -> None:
    """Adds the service to a server."""
    api_grpc.add_MarkerServiceServicer_to_server(MarkerDoor(serving.cases), serving.server)
