"""A crew that was sent says that it knows; where it does not, somebody finds out in time (R-MK-03)."""

from uuid import UUID

import pytest

from services.dispatch.assignments import handlers as assignment_handlers
from services.dispatch.assignments import sending
from services.dispatch.domain.records import Assignment, Task
from services.dispatch.domain.terms import AssignmentState, DispatchState, EndReason, TaskKind
from services.dispatch.hazards import handlers as hazard_handlers
from services.dispatch.units import store as unit_store
from services.kernel.transaction import Transaction
from tests.integration.dispatch.desk import DISPATCHER, OFFICER, SUPERVISOR, Desk
from tests.unit.dispatch.crews import refused

ACKNOWLEDGEMENT = {"ACK_VOICE", "ACK_NEXT_UNIT", "ACK_SUPERVISOR"}
HAZARD = {"HAZARD_ACK_VOICE", "HAZARD_RECHECK"}


@pytest.fixture
def sent(desk: Desk) -> Assignment:
    """A crew that was sent a moment ago, and told that nobody has looked for hazards."""
    return desk.assign(desk.grade(), desk.unit("WY1"))


def waiting(desk: Desk, assignment_id: UUID) -> list[TaskKind]:
    """What somebody has to do about the assignment."""
    return [task.kind for task in desk.tasks() if task.assignment_id == assignment_id]


def done(desk: Desk, assignment_id: UUID) -> list[Task]:
    return [task for task in desk.tasks(done=True) if task.assignment_id == assignment_id and task.done_at]


def test_a_silent_crew_is_called_again_then_replaced_then_looked_at(desk: Desk, sent: Assignment) -> None:
    told = []
    for _ in range(4):
        desk.later(seconds=15)
        told.append([kind for kind in waiting(desk, sent.id) if kind is not TaskKind.VOICE_HAZARD])
    assert told == [
        [TaskKind.VOICE_ASSIGNMENT],
        [TaskKind.VOICE_ASSIGNMENT, TaskKind.OFFER_NEXT_UNIT],
        [TaskKind.VOICE_ASSIGNMENT, TaskKind.OFFER_NEXT_UNIT],
        [TaskKind.VOICE_ASSIGNMENT, TaskKind.OFFER_NEXT_UNIT, TaskKind.SUPERVISE_ASSIGNMENT],
    ]
    owners = {task.kind: task.owner for task in desk.tasks()}
    assert owners[TaskKind.SUPERVISE_ASSIGNMENT] == "control room supervisor"


@pytest.mark.usefixtures("sent")
def test_the_next_unit_is_named(desk: Desk) -> None:  # domain facts 4.2
    desk.unit("WY2", tested=False)
    third = desk.unit("WY3")
    desk.later(seconds=30)
    assert [task.unit_id for task in desk.tasks() if task.kind is TaskKind.OFFER_NEXT_UNIT] == [third]


def test_where_there_is_no_other_unit_none_is_named(desk: Desk, sent: Assignment) -> None:
    desk.later(seconds=30)
    offers = [task for task in desk.tasks() if task.kind is TaskKind.OFFER_NEXT_UNIT]
    assert [(task.unit_id, task.assignment_id) for task in offers] == [(None, sent.id)]


def test_a_crew_that_acknowledges_is_left_alone(desk: Desk, sent: Assignment) -> None:
    desk.later(seconds=15)
    known = desk.acknowledge(sent.id, "officer-WY1")
    assert (known.state, known.acknowledged_at) == (AssignmentState.ACKNOWLEDGED, desk.clock.now())
    assert desk.timers(sent.id) & ACKNOWLEDGEMENT == set()
    assert TaskKind.VOICE_ASSIGNMENT not in waiting(desk, sent.id)
    voiced = next(task for task in done(desk, sent.id) if task.kind is TaskKind.VOICE_ASSIGNMENT)
    assert (voiced.done_by, voiced.note) == ("officer-WY1", "the crew acknowledged the assignment")
    assert "AssignmentAcknowledged" in desk.told(sent.id)
    assert desk.acknowledge(sent.id, "officer-WY1") == known
    assert desk.told(sent.id).count("AssignmentAcknowledged") == 1


@pytest.mark.parametrize("role", [DISPATCHER, SUPERVISOR])
def test_the_control_room_notes_what_was_said_by_voice(desk: Desk, sent: Assignment, role: str) -> None:
    desk.handle(assignment_handlers.acknowledge_assignment, sent.id, role)
    command = hazard_handlers.AcknowledgeHazard(sent.id, 1)
    assert desk.handle(hazard_handlers.acknowledge_hazard, command, role).hazard_acknowledged == 1


def test_nobody_acknowledges_for_another_unit(desk: Desk, sent: Assignment) -> None:  # R-MK-03
    desk.unit("WY2")
    with refused("NOT_OF_THE_CREW"):
        desk.acknowledge(sent.id, "officer-WY2")
    with refused("NOT_OF_THE_CREW"):
        desk.acknowledge_hazard(sent.id, 1, "officer-WY2")


def test_another_forces_assignment_is_not_there(desk: Desk, sent: Assignment) -> None:
    with refused("NOT_FOUND"):
        desk.handle(assignment_handlers.acknowledge_assignment, sent.id, DISPATCHER, force="greater-manchester")


def test_hazards_that_nobody_acknowledges_are_told_by_voice_after_15_seconds(desk: Desk, sent: Assignment) -> None:
    desk.later(seconds=14.9)
    assert TaskKind.VOICE_HAZARD not in waiting(desk, sent.id)
    desk.later(seconds=0.1)
    assert TaskKind.VOICE_HAZARD in waiting(desk, sent.id)  # R-MK-03
    desk.acknowledge_hazard(sent.id, 1, "officer-WY1")
    assert TaskKind.VOICE_HAZARD not in waiting(desk, sent.id)
    assert "HazardAcknowledged" in desk.told(sent.id)


def test_a_crew_that_acknowledges_hazards_is_not_called(desk: Desk, sent: Assignment) -> None:
    known = desk.acknowledge_hazard(sent.id, 1, "officer-WY1")
    assert (known.hazard_acknowledged, known.hazard_acknowledged_at) == (1, desk.clock.now())
    assert "HAZARD_ACK_VOICE" not in desk.timers(sent.id)
    with refused("HAZARD_VERSION_UNKNOWN"):
        desk.acknowledge_hazard(sent.id, 2, "officer-WY1")


def test_a_crew_at_the_scene_that_may_not_know_the_hazards(desk: Desk, sent: Assignment) -> None:  # R-MK-03
    desk.later(seconds=5)
    desk.arrive(sent)
    there = desk.assignment(sent.id)
    assert (there.state, there.arrived_at) == (AssignmentState.AT_SCENE, desk.clock.now())
    assert desk.incident(sent.incident_id)[0].state is DispatchState.AT_SCENE
    assert waiting(desk, sent.id) == [TaskKind.HAZARD_UNKNOWN_AT_SCENE]
    # Whoever is there needs no call about the assignment any more.
    assert desk.timers(sent.id) & ACKNOWLEDGEMENT == set()
    desk.acknowledge_hazard(sent.id, 1, "officer-WY1")
    assert waiting(desk, sent.id) == []


def test_a_crew_that_knows_the_hazards_arrives_without_a_word(desk: Desk, sent: Assignment) -> None:
    desk.acknowledge_hazard(sent.id, 1, "officer-WY1")
    desk.arrive(sent)
    desk.arrive(sent)
    assert waiting(desk, sent.id) == []


def test_a_unit_that_leaves_lets_the_incident_wait_again(desk: Desk, sent: Assignment) -> None:
    async def leave(unit_id: UUID, tx: Transaction) -> None:
        unit = await unit_store.unit(tx, unit_id, lock=True)
        assert (await sending.left(tx, unit)).assignment_id is None

    desk.handle(leave, sent.unit_id)
    assert desk.assignment(sent.id).end_reason is EndReason.STOOD_DOWN
    assert desk.incident(sent.incident_id)[0].state is DispatchState.QUEUED
    assert (desk.timers(sent.id), waiting(desk, sent.id)) == (set(), [])


def test_a_unit_that_comes_upon_an_incident_is_warned_like_any_other(desk: Desk) -> None:  # I3
    incident_id, unit_id = desk.grade(), desk.unit("WY1")

    async def attach(upon: UUID, tx: Transaction) -> Assignment:
        unit = await unit_store.unit(tx, unit_id, lock=True)
        return await sending.attach(tx, unit, upon, tx.now)

    assignment = desk.handle(attach, incident_id, OFFICER, subject="officer-WY1")
    assert (assignment.state, assignment.hazard.version) == (AssignmentState.AT_SCENE, 1)
    assert desk.assignment(assignment.id) == assignment
    assert desk.timers(assignment.id) == HAZARD
    assert waiting(desk, assignment.id) == [TaskKind.HAZARD_UNKNOWN_AT_SCENE]
    desk.result(incident_id)
    with refused("INCIDENT_ENDED"):
        desk.handle(attach, incident_id)
