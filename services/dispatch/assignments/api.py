"""The gRPC door of assignments: request to command, result to reply. No logic."""

from collections.abc import Sequence

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import api_pb2_grpc as api_grpc
from peel.dispatch.v1 import unit_api_pb2 as unit_api
from peel.dispatch.v1 import unit_api_pb2_grpc as unit_api_grpc
from services.dispatch.assignments import handlers
from services.dispatch.messages import assignment_message, incident_message
from services.kernel.door import Context
from services.kernel.usecases import UseCases
from services.kernel.validation import Check

_EXPLANATION_LONGEST = 1_000
_MOST_SKILLS = 20
_SKILL = r"[A-Z0-9_]{1,32}"
_CODE = r"[A-Z0-9_]{1,32}"


class AssignmentDoor(api_grpc.DispatchServiceServicer):
    """Dispatchers send units, move them, and take them off."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def AssignUnit(self, request: api.AssignUnitRequest, context: Context) -> api.AssignUnitResponse:
        check = self._check()
        command = handlers.AssignUnit(
            check.uuid("incident_id", request.incident_id),
            check.uuid("unit_id", request.unit_id),
            _skills(check, request.skills),
            request.confirm_pre_emption,
        )
        check.done()
        return await self._cases.handle(
            handlers.assign_unit,
            command,
            lambda assignment: api.AssignUnitResponse(assignment=assignment_message(assignment)),
            api.AssignUnitResponse,
        )

    async def ReassignUnit(self, request: api.ReassignUnitRequest, context: Context) -> api.ReassignUnitResponse:
        check = self._check()
        command = handlers.ReassignUnit(
            check.uuid("assignment_id", request.assignment_id),
            check.uuid("incident_id", request.incident_id),
            _skills(check, request.skills),
            _explanation(check, request.explanation),
        )
        check.done()
        return await self._cases.handle(
            handlers.reassign_unit,
            command,
            lambda assignment: api.ReassignUnitResponse(assignment=assignment_message(assignment)),
            api.ReassignUnitResponse,
        )

    async def StandDownUnit(self, request: api.StandDownUnitRequest, context: Context) -> api.StandDownUnitResponse:
        check = self._check()
        command = handlers.StandDownUnit(
            check.uuid("assignment_id", request.assignment_id), _explanation(check, request.explanation)
        )
        check.done()
        return await self._cases.handle(
            handlers.stand_down_unit,
            command,
            lambda assignment: api.StandDownUnitResponse(assignment=assignment_message(assignment)),
            api.StandDownUnitResponse,
        )

    async def ResultIncident(self, request: api.ResultIncidentRequest, context: Context) -> api.ResultIncidentResponse:
        check = self._check()
        command = handlers.ResultIncident(
            check.uuid("incident_id", request.incident_id),
            check.text("result", request.result, longest=32, required=True, pattern=_CODE),
        )
        check.done()
        return await self._cases.handle(
            handlers.result_incident,
            command,
            lambda incident: api.ResultIncidentResponse(incident=incident_message(incident)),
            api.ResultIncidentResponse,
        )

    def _check(self) -> Check:
        return Check(self._cases.clock.now())


class AcknowledgementDoor(unit_api_grpc.UnitServiceServicer):
    """Crews say that they have what they were sent to."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def AcknowledgeAssignment(
        self, request: unit_api.AcknowledgeAssignmentRequest, context: Context
    ) -> unit_api.AcknowledgeAssignmentResponse:
        check = Check(self._cases.clock.now())
        assignment_id = check.uuid("assignment_id", request.assignment_id)
        check.done()
        return await self._cases.handle(
            handlers.acknowledge_assignment,
            assignment_id,
            lambda assignment: unit_api.AcknowledgeAssignmentResponse(assignment=assignment_message(assignment)),
            unit_api.AcknowledgeAssignmentResponse,
        )


def _skills(check: Check, skills: Sequence[str]) -> frozenset[str]:
    given = check.entries("skills", skills, most=_MOST_SKILLS)
    for number, skill in enumerate(given):
        check.text(f"skills[{number}]", skill, longest=32, required=True, pattern=_SKILL)
    return frozenset(given)


def _explanation(check: Check, text: str) -> str:
    return check.text("explanation", text, longest=_EXPLANATION_LONGEST, required=True)
