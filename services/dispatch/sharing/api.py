"""The gRPC door of shared incidents: request to command, result to reply. No logic."""

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import api_pb2_grpc as api_grpc
from services.dispatch.messages import assignment_message, incident_message
from services.dispatch.sharing import handlers
from services.kernel.door import Context
from services.kernel.usecases import UseCases
from services.kernel.validation import Check

_FORCE = r"[a-z0-9][a-z0-9-]{0,63}"


class SharingDoor(api_grpc.DispatchServiceServicer):
    """A force shows an incident to another, and looks at what it may see."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def ShareIncident(self, request: api.ShareIncidentRequest, context: Context) -> api.ShareIncidentResponse:
        check = Check(self._cases.clock.now())
        command = handlers.ShareIncident(
            check.uuid("incident_id", request.incident_id),
            check.text("with_force", request.with_force, longest=64, required=True, pattern=_FORCE),
        )
        check.done()
        return await self._cases.handle(
            handlers.share_incident,
            command,
            lambda incident: api.ShareIncidentResponse(incident=incident_message(incident)),
            api.ShareIncidentResponse,
        )

    async def GetDispatchIncident(
        self, request: api.GetDispatchIncidentRequest, context: Context
    ) -> api.GetDispatchIncidentResponse:
        check = Check(self._cases.clock.now())
        incident_id = check.uuid("incident_id", request.incident_id)
        check.done()
        return await self._cases.handle(
            handlers.get_incident,
            incident_id,
            lambda found: api.GetDispatchIncidentResponse(
                incident=incident_message(found[0]), assignments=[assignment_message(one) for one in found[1]]
            ),
            api.GetDispatchIncidentResponse,
        )
