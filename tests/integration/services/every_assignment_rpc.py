"""The part of every_rpc that is about incidents of dispatch, assignments and tasks."""

from collections.abc import Callable, Iterator
from typing import Any

from peel.dispatch.v1 import api_pb2 as api
from tests.integration.services.incidents import (
    acknowledging,
    assigning,
    completing,
    graded,
    knowing,
    looked_at,
    reassigning,
    resulting,
    sharing,
    standing_down,
    tasks_of,
)
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.units import on_patrol

PLACE = {"Place.address", "Place.uprn"}


def every_assignment_rpc(running: Running, step: Callable[..., Any]) -> Iterator[Any]:
    """The steps of one unit, sent to one incident and moved to another, until both have their results."""
    first, second, unit_id = graded(running, "1"), graded(running), on_patrol(running, SHARED_FORCE).unit_id
    an_incident, a_unit = {f"incident:{first}"}, {f"unit:{unit_id}"}
    (escalation,) = tasks_of(running, first)
    a_task = {f"task:{escalation.task_id}"} | an_incident
    yield step("supervisor", completing(escalation.task_id), a_task, {"CompleteTaskRequest.note", "Task.note"})
    yield step("dispatcher", assigning(first, unit_id), an_incident | a_unit, PLACE)
    assignment_id = looked_at(running, first).assignments[0].assignment_id
    an_assignment = {f"assignment:{assignment_id}"} | an_incident | a_unit
    yield step("officer", acknowledging(assignment_id), an_assignment, PLACE)
    yield step("officer", knowing(assignment_id, 1), an_assignment, PLACE)
    yield step("auditor", api.GetDispatchIncidentRequest(incident_id=first), an_assignment, PLACE)
    explained = PLACE | {"ReassignUnitRequest.explanation"}
    yield step("dispatcher", reassigning(assignment_id, second), a_unit | {f"incident:{second}"}, explained)
    assignment_id = looked_at(running, second).assignments[0].assignment_id
    explained = PLACE | {"StandDownUnitRequest.explanation"}
    yield step("dispatcher", standing_down(assignment_id), a_unit | {f"assignment:{assignment_id}"}, explained)
    yield step("dispatcher", sharing(first, "greater-manchester"), an_incident, PLACE)
    yield step("auditor", api.ListTasksRequest(force=SHARED_FORCE, page_size=500))
    yield step("dispatcher", resulting(first), an_incident, PLACE)
