"""The gRPC door of call intake: request to command, result to reply. No logic."""

from uuid import UUID

from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import api_pb2_grpc as api_grpc
from services.intake import handlers, messages
from services.intake.domain import ClosingKind, ContactState, IncidentCategory, IncidentState
from services.kernel.door import Context
from services.kernel.ids import new_id
from services.kernel.serving import Serving
from services.kernel.usecases import UseCases
from services.kernel.validation import Check


class IntakeDoor(api_grpc.IntakeServiceServicer):
    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def OpenContact(self, request: api.OpenContactRequest, context: Context) -> api.OpenContactResponse:
        contact = messages.contact_from(request, new_id(), self._cases.clock.now())
        return await self._cases.append(handlers.open_contact(contact))

    async def GetContact(self, request: api.GetContactRequest, context: Context) -> api.GetContactResponse:
        return await self._cases.handle(
            handlers.get_contact,
            self._id("contact_id", request.contact_id),
            lambda contact: api.GetContactResponse(contact=messages.contact_message(contact)),
            api.GetContactResponse,
        )

    async def ListContacts(self, request: api.ListContactsRequest, context: Context) -> api.ListContactsResponse:
        check = Check(self._cases.clock.now())
        state = check.known("state", request.state, ContactState, required=False)
        page = self._cases.pages.page(request, check)
        return await self._cases.handle(
            handlers.list_contacts,
            handlers.ListContacts(state, page.after_id, page.limit),
            lambda found: api.ListContactsResponse(
                contacts=[messages.contact_message(contact) for contact in page.items(found)],
                next_page_token=page.next_token(found, lambda contact: [str(contact.id)]),
            ),
            api.ListContactsResponse,
        )

    async def AssessThrive(self, request: api.AssessThriveRequest, context: Context) -> api.AssessThriveResponse:
        command = handlers.AssessThrive(
            self._id("contact_id", request.contact_id), messages.thrive_from(request, self._cases.clock.now())
        )
        return await self._cases.handle(
            handlers.assess_thrive,
            command,
            lambda contact: api.AssessThriveResponse(contact=messages.contact_message(contact)),
            api.AssessThriveResponse,
        )

    async def GradeContact(self, request: api.GradeContactRequest, context: Context) -> api.GradeContactResponse:
        check = Check(self._cases.clock.now())
        contact_id = check.uuid("contact_id", request.contact_id)
        grade = check.text("grade", request.grade, longest=32, required=True)
        check.done()
        return await self._cases.handle(
            handlers.grade_contact,
            handlers.GradeContact(contact_id, grade),
            lambda incident: api.GradeContactResponse(incident=messages.incident_message(incident)),
            api.GradeContactResponse,
        )

    async def CloseIncident(self, request: api.CloseIncidentRequest, context: Context) -> api.CloseIncidentResponse:
        check = Check(self._cases.clock.now())
        command = handlers.CloseIncident(
            check.uuid("incident_id", request.incident_id),
            check.known("closing_kind", request.closing_kind, ClosingKind),
            check.known("category", request.category, IncidentCategory),
        )
        check.done()
        return await self._cases.handle(
            handlers.close_incident,
            command,
            lambda incident: api.CloseIncidentResponse(incident=messages.incident_message(incident)),
            api.CloseIncidentResponse,
        )

    async def GetIncident(self, request: api.GetIncidentRequest, context: Context) -> api.GetIncidentResponse:
        return await self._cases.handle(
            handlers.get_incident,
            self._id("incident_id", request.incident_id),
            lambda incident: api.GetIncidentResponse(incident=messages.incident_message(incident)),
            api.GetIncidentResponse,
        )

    async def ListIncidents(self, request: api.ListIncidentsRequest, context: Context) -> api.ListIncidentsResponse:
        check = Check(self._cases.clock.now())
        state = check.known("state", request.state, IncidentState, required=False)
        page = self._cases.pages.page(request, check)
        return await self._cases.handle(
            handlers.list_incidents,
            handlers.ListIncidents(state, page.after_id, page.limit),
            lambda found: api.ListIncidentsResponse(
                incidents=[messages.incident_message(incident) for incident in page.items(found)],
                next_page_token=page.next_token(found, lambda incident: [str(incident.id)]),
            ),
            api.ListIncidentsResponse,
        )

    def _id(self, field: str, text: str) -> UUID:
        check = Check(self._cases.clock.now())
        found = check.uuid(field, text)
        check.done()
        return found


def serve(serving: Serving) -> None:
    """Adds the service to a server."""
    api_grpc.add_IntakeServiceServicer_to_server(IntakeDoor(serving.cases), serving.server)
