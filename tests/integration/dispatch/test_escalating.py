"""R-DP-01: that nobody is sent is told on time and again, and no one can make that go away quietly."""

from datetime import timedelta
from uuid import UUID

from services.dispatch.domain.records import Task
from services.dispatch.domain.terms import DispatchState, EndReason, TaskKind
from services.dispatch.tasks import handlers as task_handlers
from tests.integration.dispatch.desk import DISPATCHER, SUPERVISOR, Desk
from tests.unit.dispatch.crews import refused


def escalations(desk: Desk, incident_id: UUID, *, done: bool = False) -> list[Task]:
    """The tasks of the incident that say that nobody is sent."""
    tasks = [task for task in desk.tasks(done=done) if task.kind is TaskKind.UNRESOURCED]
    return [task for task in tasks if task.incident_id == incident_id]


def test_grade_1_is_told_at_once_and_on_record(desk: Desk) -> None:  # R-DP-01
    incident_id = desk.grade("1")
    (task,) = escalations(desk, incident_id)
    incident, _ = desk.incident(incident_id)
    assert (task.owner, incident.escalated_to, incident.escalated_at) == ("duty inspector",) * 2 + (desk.clock.now(),)
    assert desk.told(incident_id) == ["IncidentEscalated"]
    assert [change.task.owner for change in desk.shown("task")] == ["duty inspector"]


def test_grade_2_is_told_to_the_sergeant_at_40_minutes_and_at_shift_change(desk: Desk) -> None:  # R-DP-01
    incident_id = desk.grade("2")
    desk.later(minutes=39, seconds=59)
    assert escalations(desk, incident_id) == []
    desk.later(seconds=1)
    (task,) = escalations(desk, incident_id)
    assert task.owner == "duty sergeant"
    # The story begins at ten in the morning by local time; the late shift begins at three.
    desk.later(hours=4, minutes=20)
    assert desk.told(incident_id) == ["IncidentEscalated"] * 2
    # The task waits with the age that it has.
    assert escalations(desk, incident_id) == [task]
    assert desk.incident(incident_id)[0].escalated_at == desk.clock.now()


def test_only_a_supervisor_ends_an_escalation_and_the_clock_runs_on(desk: Desk) -> None:  # R-DP-01
    incident_id = desk.grade("1")
    command = task_handlers.CompleteTask(escalations(desk, incident_id)[0].id, "two units are on the way back")
    with refused("SUPERVISOR_NEEDED"):
        desk.handle(task_handlers.complete_task, command, DISPATCHER)
    done = desk.handle(task_handlers.complete_task, command, SUPERVISOR, subject="supervisor-1")
    assert (done.done_by, done.note) == ("supervisor-1", "two units are on the way back")
    with refused("TASK_DONE"):
        desk.handle(task_handlers.complete_task, command, SUPERVISOR)
    desk.later(hours=5)
    assert len(escalations(desk, incident_id)) == 1


def test_a_unit_that_is_sent_ends_it_on_record(desk: Desk) -> None:  # R-DP-01
    incident_id = desk.grade("1")
    desk.assign(incident_id, desk.unit("WY1"))
    assert escalations(desk, incident_id) == []
    (task,) = escalations(desk, incident_id, done=True)
    assert (task.done_by, task.note) == ("dispatcher-1", "a unit was sent")
    assert desk.timers(incident_id) == set()


def test_a_unit_that_is_sent_in_time_leaves_nothing_to_tell(desk: Desk) -> None:
    incident_id = desk.grade("2")
    desk.assign(incident_id, desk.unit("WY1"))
    desk.later(hours=12)
    assert desk.told(incident_id) == []


def test_pre_emption_gives_the_incident_back_to_its_original_clock(desk: Desk) -> None:  # domain facts 4.2
    scheduled, unit_id = desk.grade("3"), desk.unit("WY1")
    sent = desk.assign(scheduled, unit_id)
    first_contact = desk.incident(scheduled)[0].first_contact_at
    desk.later(minutes=30)
    urgent = desk.grade("1")
    with refused("PRE_EMPTION_UNCONFIRMED"):
        desk.assign(urgent, unit_id)
    desk.assign(urgent, unit_id, confirm=True)
    assert desk.assignment(sent.id).end_reason is EndReason.PRE_EMPTED
    waiting, _ = desk.incident(scheduled)
    assert (waiting.state, waiting.first_contact_at) == (DispatchState.QUEUED, first_contact)


def test_what_fell_due_while_a_unit_was_sent_is_told_when_it_is_taken_away(desk: Desk) -> None:  # R-DP-01
    incident_id = desk.grade("2")
    sent = desk.assign(incident_id, desk.unit("WY1"))
    desk.later(minutes=41)
    assert desk.told(incident_id) == []
    desk.stand_down(sent.id)
    (task,) = escalations(desk, incident_id)
    assert (task.owner, task.raised_at) == ("duty sergeant", desk.clock.now())
    assert desk.told(incident_id) == ["IncidentEscalated"]


def test_what_has_not_fallen_due_falls_due_at_its_original_time(desk: Desk) -> None:  # R-DP-01
    incident_id = desk.grade("2")
    graded_at = desk.clock.now()
    sent = desk.assign(incident_id, desk.unit("WY1"))
    desk.later(minutes=30)
    desk.stand_down(sent.id)
    assert desk.told(incident_id) == []
    (timer,) = desk.rows("select due from timer where subject = $1 and kind = 'UNRESOURCED'", incident_id)
    assert timer["due"] == graded_at + timedelta(minutes=40)


def test_a_grade_that_nobody_can_rank_waits_where_somebody_looks_first(desk: Desk) -> None:
    assert desk.incident(desk.grade("PURPLE"))[0].urgency == 1
