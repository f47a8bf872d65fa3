"""The gRPC door of hazards: request to command, result to reply. No logic."""

from peel.dispatch.v1 import unit_api_pb2 as api
from peel.dispatch.v1 import unit_api_pb2_grpc as api_grpc
from services.dispatch.hazards import handlers
from services.dispatch.messages import assignment_message
from services.kernel.door import Context
from services.kernel.usecases import UseCases
from services.kernel.validation import Check


class HazardDoor(api_grpc.UnitServiceServicer):
    """Crews say that they know the hazards they were told."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def AcknowledgeHazard(
        self, request: api.AcknowledgeHazardRequest, context: Context
    ) -> api.AcknowledgeHazardResponse:
        check = Check(self._cases.clock.now())
        command = handlers.AcknowledgeHazard(check.uuid("assignment_id", request.assignment_id), request.version)
        if request.version < 1:
            check.violation("version", "must be given: the version of the answer that was read")
        check.done()
        return await self._cases.handle(
            handlers.acknowledge_hazard,
            command,
            lambda assignment: api.AcknowledgeHazardResponse(assignment=assignment_message(assignment)),
            api.AcknowledgeHazardResponse,
        )
