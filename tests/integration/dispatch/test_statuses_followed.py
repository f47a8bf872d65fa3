"""What follows when a crew sets a status: its assignment, its incident, the watch over how long it takes (4.1)."""

from uuid import UUID

from services.dispatch.domain.records import Unit
from services.dispatch.domain.terms import AssignmentState, DispatchState, EndReason, TaskKind, UnitStatus
from services.dispatch.duty import handlers as duty_handlers
from services.dispatch.units import store as unit_store
from tests.integration.dispatch.desk import Desk

S = UnitStatus


def says(desk: Desk, unit_id: UUID, status: UnitStatus, upon: UUID | None = None) -> Unit:
    """The unit's dispatcher sets what its crew said by voice."""
    command = duty_handlers.SetUnitStatus(unit_id, status, desk.clock.now(), upon)
    return desk.handle(duty_handlers.set_unit_status, command)


def test_a_crew_receives_sets_out_arrives_and_leaves(desk: Desk) -> None:
    incident_id, unit_id = desk.grade(), desk.unit("NW12")
    assignment = desk.assign(incident_id, unit_id)
    says(desk, unit_id, S.RECEIVED)
    assert desk.assignment(assignment.id).state is AssignmentState.ACKNOWLEDGED
    says(desk, unit_id, S.EN_ROUTE)
    desk.later(minutes=4)
    unit = says(desk, unit_id, S.AT_SCENE)
    assert unit.status is S.AT_SCENE
    arrived = desk.assignment(assignment.id)
    assert (arrived.state, arrived.arrived_at) == (AssignmentState.AT_SCENE, desk.clock.now())
    assert desk.incident(incident_id)[0].state is DispatchState.AT_SCENE
    desk.later(minutes=1)
    unit = says(desk, unit_id, S.ON_PATROL)
    assert (unit.status, unit.assignment_id, unit.incident_id) == (S.ON_PATROL, None, None)
    ended = desk.assignment(assignment.id)
    assert (ended.state, ended.end_reason) == (AssignmentState.ENDED, EndReason.STOOD_DOWN)
    assert desk.incident(incident_id)[0].state is DispatchState.QUEUED
    carried = [bool(event.assignment.assignment_id) for event in desk.events("UnitStatusChanged")]
    assert carried == [True, True, False]


def test_whoever_leaves_for_the_cells_is_in_that_status(desk: Desk) -> None:
    unit_id = desk.unit("NW12")
    desk.assign(desk.grade(), unit_id)
    says(desk, unit_id, S.EN_ROUTE)
    says(desk, unit_id, S.AT_SCENE)
    unit = says(desk, unit_id, S.PRISONER_ESCORT)
    assert (unit.status, unit.assignment_id) == (S.PRISONER_ESCORT, None)
    assert int(desk.shown("unit")[-1].unit.status) == S.PRISONER_ESCORT


def test_a_unit_that_comes_upon_an_incident_is_on_it(desk: Desk) -> None:
    incident_id, unit_id = desk.grade(), desk.unit("NW12")
    unit = says(desk, unit_id, S.AT_SCENE, upon=incident_id)
    assert (unit.status, unit.incident_id, unit.incident_urgency) == (S.AT_SCENE, incident_id, 2)
    incident, (assignment,) = desk.incident(incident_id)
    assert incident.state is DispatchState.AT_SCENE
    assert (assignment.id, assignment.state) == (unit.assignment_id, AssignmentState.AT_SCENE)
    (event,) = desk.events("UnitStatusChanged")
    assert event.assignment.assignment_id == str(assignment.id)


def test_too_long_at_the_scene_is_asked_after_until_the_status_changes(desk: Desk) -> None:  # domain facts 4.1
    unit_id = desk.unit("NW12")
    desk.assign(desk.grade(), unit_id)
    says(desk, unit_id, S.RECEIVED)
    says(desk, unit_id, S.EN_ROUTE)
    says(desk, unit_id, S.AT_SCENE)

    def overdue(*, done: bool = False) -> list[UUID | None]:
        return [task.unit_id for task in desk.tasks(done=done) if task.kind is TaskKind.STATUS_OVERDUE]

    desk.later(minutes=19)
    assert overdue() == []
    desk.later(minutes=1)
    assert overdue() == [unit_id]
    says(desk, unit_id, S.ON_PATROL)
    assert overdue() == []
    assert overdue(done=True) == [unit_id]
    assert "STATUS_OVERDUE" not in desk.timers(unit_id)


def test_a_status_that_ends_in_time_is_not_asked_after(desk: Desk) -> None:
    unit_id = desk.unit("NW12")
    says(desk, unit_id, S.REFRESHMENTS)
    desk.later(minutes=44)
    says(desk, unit_id, S.ON_PATROL)
    says(desk, unit_id, S.REFRESHMENTS)
    desk.later(minutes=44)
    assert desk.tasks() == []
    desk.later(minutes=1)
    assert [task.kind for task in desk.tasks()] == [TaskKind.STATUS_OVERDUE]


def test_whoever_is_stood_down_on_the_way_is_on_patrol_and_not_overdue(desk: Desk) -> None:
    unit_id = desk.unit("NW12")
    assignment = desk.assign(desk.grade(), unit_id)
    says(desk, unit_id, S.EN_ROUTE)
    desk.stand_down(assignment.id)
    unit = desk.handle(lambda one, tx: unit_store.unit(tx, one), unit_id)
    assert (unit.status, unit.assignment_id) == (S.ON_PATROL, None)
    desk.later(hours=2)
    assert TaskKind.STATUS_OVERDUE not in {task.kind for task in desk.tasks(done=True)}


def test_a_crew_that_goes_off_duty_leaves_no_question_about_itself(desk: Desk) -> None:
    unit_id = desk.unit("NW12")
    says(desk, unit_id, S.REFRESHMENTS)
    desk.later(minutes=45)
    desk.handle(duty_handlers.book_unit_off, unit_id)
    assert desk.tasks() == []
    (task,) = desk.tasks(done=True)
    assert (task.kind, task.note) == (TaskKind.STATUS_OVERDUE, "the crew went off duty")
