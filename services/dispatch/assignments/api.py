"""The gRPC door of incidents, assignments and tasks: request to command, result to reply. No logic."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import api_pb2_grpc as api_grpc
from peel.dispatch.v1 import unit_api_pb2 as unit_api
from peel.dispatch.v1 import unit_api_pb2_grpc as unit_api_grpc
from services.dispatch.assignments import handlers
from services.dispatch.domain.records import Task
from services.dispatch.domain.terms import TaskKind
from services.dispatch.hazards import handlers as hazard_handlers
from services.dispatch.incidents import handlers as incident_handlers
from services.dispatch.messages import assignment_message, incident_message, task_message
from services.dispatch.tasks import handlers as task_handlers
from services.kernel.door import Context
from services.kernel.usecases import UseCases
from services.kernel.validation import Check

_EXPLANATION_LONGEST = 1_000
_MOST_SKILLS = 20
_SKILL = r"[A-Z0-9_]{1,32}"
_CODE = r"[A-Z0-9_]{1,32}"
_FORCE = r"[a-z0-9][a-z0-9-]{0,63}"


class AssignmentDoor(api_grpc.DispatchServiceServicer):
    """What dispatchers do, but for the board and for finding units."""

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

    async def ShareIncident(self, request: api.ShareIncidentRequest, context: Context) -> api.ShareIncidentResponse:
        check = self._check()
        command = incident_handlers.ShareIncident(
            check.uuid("incident_id", request.incident_id),
            check.text("with_force", request.with_force, longest=64, required=True, pattern=_FORCE),
        )
        check.done()
        return await self._cases.handle(
            incident_handlers.share_incident,
            command,
            lambda incident: api.ShareIncidentResponse(incident=incident_message(incident)),
            api.ShareIncidentResponse,
        )

    async def GetDispatchIncident(
        self, request: api.GetDispatchIncidentRequest, context: Context
    ) -> api.GetDispatchIncidentResponse:
        check = self._check()
        incident_id = check.uuid("incident_id", request.incident_id)
        check.done()
        return await self._cases.handle(
            incident_handlers.get_incident,
            incident_id,
            lambda found: api.GetDispatchIncidentResponse(
                incident=incident_message(found[0]), assignments=[assignment_message(one) for one in found[1]]
            ),
            api.GetDispatchIncidentResponse,
        )

    async def ListTasks(self, request: api.ListTasksRequest, context: Context) -> api.ListTasksResponse:
        check = self._check()
        kind = check.known("kind", request.kind, TaskKind, required=False)
        page = self._cases.pages.page(request, check)
        after = None
        if page.position:
            raised_at, last = page.position
            after = (datetime.fromisoformat(raised_at), UUID(last))
        return await self._cases.handle(
            task_handlers.list_tasks,
            task_handlers.ListTasks(kind, request.done, after, page.limit),
            lambda found: api.ListTasksResponse(
                tasks=[task_message(task) for task in page.items(found)],
                next_page_token=page.next_token(found, _position),
            ),
            api.ListTasksResponse,
        )

    async def CompleteTask(self, request: api.CompleteTaskRequest, context: Context) -> api.CompleteTaskResponse:
        check = self._check()
        command = task_handlers.CompleteTask(
            check.uuid("task_id", request.task_id),
            check.text("note", request.note, longest=_EXPLANATION_LONGEST, required=True),
        )
        check.done()
        return await self._cases.handle(
            task_handlers.complete_task,
            command,
            lambda task: api.CompleteTaskResponse(task=task_message(task)),
            api.CompleteTaskResponse,
        )

    def _check(self) -> Check:
        return Check(self._cases.clock.now())


class AcknowledgementDoor(unit_api_grpc.UnitServiceServicer):
    """What crews say of what they were told."""

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

    async def AcknowledgeHazard(
        self, request: unit_api.AcknowledgeHazardRequest, context: Context
    ) -> unit_api.AcknowledgeHazardResponse:
        check = Check(self._cases.clock.now())
        command = hazard_handlers.AcknowledgeHazard(check.uuid("assignment_id", request.assignment_id), request.version)
        if request.version < 1:
            check.violation("version", "must be given: the version of the answer that was read")
        check.done()
        return await self._cases.handle(
            hazard_handlers.acknowledge_hazard,
            command,
            lambda assignment: unit_api.AcknowledgeHazardResponse(assignment=assignment_message(assignment)),
            unit_api.AcknowledgeHazardResponse,
        )


def _skills(check: Check, skills: Iterable[str]) -> frozenset[str]:
    for number, skill in enumerate(skills):
        check.text(f"skills[{number}]", skill, longest=32, required=True, pattern=_SKILL)
        if number == _MOST_SKILLS:
            check.violation("skills", f"must have at most {_MOST_SKILLS} entries")
    return frozenset(skills)


def _explanation(check: Check, text: str) -> str:
    return check.text("explanation", text, longest=_EXPLANATION_LONGEST, required=True)


def _position(task: Task) -> list[str]:
    return [task.raised_at.isoformat(), str(task.id)]
