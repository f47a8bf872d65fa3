"""Incidents that dispatch holds, told to intake and graded like any; and what dispatchers and crews ask for."""

import random
from uuid import UUID

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as unit_api
from peel.type.v1.place_pb2 import Place
from tests.integration.services.following import opened
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import assessment, contact, grading, request_id
from tests.integration.services.waiting import found

EXPLANATION = "Zephyrine asked for somebody nearer."


def somewhere() -> Place:
    """A property that no other test knows of."""
    number = random.randrange(10**10, 10**11)
    return Place(address=f"{number} Nowhere Crescent, Exampleford", uprn=str(number))


def graded(running: Running, grade: str = "2", **told: object) -> str:
    """An incident that intake has graded; returns its id once dispatch holds it."""
    told.setdefault("place", somewhere())
    contact_id = opened(running, contact(SHARED_FORCE, running.now, **told))  # type: ignore[arg-type]
    handler = running.person("call_handler")
    handler.ask(running.intake.AssessThrive, assessment(contact_id))
    incident_id = handler.ask(running.intake.GradeContact, grading(contact_id, grade)).incident.incident_id

    def held() -> list[str]:
        return [incident_id] if running.count("dispatch", "from incident where id = $1", UUID(incident_id)) else []

    return found(held)


def assigning(incident_id: str, unit_id: str, *skills: str, confirm: bool = False) -> api.AssignUnitRequest:
    """Send a unit."""
    return api.AssignUnitRequest(
        request_id=request_id(),
        incident_id=incident_id,
        unit_id=unit_id,
        skills=skills,
        confirm_pre_emption=confirm,
    )


def reassigning(assignment_id: str, incident_id: str) -> api.ReassignUnitRequest:
    return api.ReassignUnitRequest(
        request_id=request_id(), assignment_id=assignment_id, incident_id=incident_id, explanation=EXPLANATION
    )


def standing_down(assignment_id: str) -> api.StandDownUnitRequest:
    return api.StandDownUnitRequest(request_id=request_id(), assignment_id=assignment_id, explanation=EXPLANATION)


def resulting(incident_id: str, result: str = "ATTENDED") -> api.ResultIncidentRequest:
    return api.ResultIncidentRequest(request_id=request_id(), incident_id=incident_id, result=result)


def sharing(incident_id: str, with_force: str) -> api.ShareIncidentRequest:
    return api.ShareIncidentRequest(request_id=request_id(), incident_id=incident_id, with_force=with_force)


def acknowledging(assignment_id: str) -> unit_api.AcknowledgeAssignmentRequest:
    return unit_api.AcknowledgeAssignmentRequest(request_id=request_id(), assignment_id=assignment_id)


def knowing(assignment_id: str, version: int) -> unit_api.AcknowledgeHazardRequest:
    """The hazards of this version are known."""
    return unit_api.AcknowledgeHazardRequest(request_id=request_id(), assignment_id=assignment_id, version=version)


def completing(task_id: str) -> api.CompleteTaskRequest:
    return api.CompleteTaskRequest(request_id=request_id(), task_id=task_id, note="Zephyrine was called back.")


def sent(running: Running, incident_id: str, unit_id: str) -> types.Assignment:
    """The assignment of a unit that a dispatcher sends."""
    return running.person("dispatcher").ask(running.dispatch.AssignUnit, assigning(incident_id, unit_id)).assignment


def tasks_of(running: Running, incident_id: str, force: str = SHARED_FORCE) -> list[types.Task]:
    """What somebody has to do about an incident."""
    supervisor = running.person("supervisor", force=force)
    request = api.ListTasksRequest(force=force, page_size=500)
    found_tasks: list[types.Task] = []
    while True:
        page = supervisor.ask(running.dispatch.ListTasks, request)
        found_tasks += [task for task in page.tasks if task.incident_id == incident_id]
        if not page.next_page_token:
            return found_tasks
        request.page_token = page.next_page_token


def looked_at(running: Running, incident_id: str, force: str = SHARED_FORCE) -> api.GetDispatchIncidentResponse:
    """The incident and who is and was sent to it."""
    request = api.GetDispatchIncidentRequest(incident_id=incident_id)
    return running.person("auditor", force=force).ask(running.dispatch.GetDispatchIncident, request)
