"""A graded incident waits, a unit is sent with its hazard answer, and what follows until the incident ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from inspect import getsource
from types import SimpleNamespace
from uuid import UUID

import asyncpg
import pytest

from peel.dispatch.v1 import types_pb2 as types
from services.dispatch.assignments import handlers
from services.dispatch.domain.terms import AssignmentState, DispatchState, EndReason, HazardOutcome, NotCheckedReason
from services.dispatch.incidents import handlers as incident_handlers
from services.kernel.errors import NotFound, PeelError
from services.kernel.transaction import Transaction
from tests.integration.dispatch.desk import OFFICER, Desk
from tests.stateful.ledgers import FORCE
from tests.unit.dispatch.crews import refused


def test_a_graded_incident_waits_on_the_clock_of_its_first_contact(desk: Desk) -> None:
    incident, assignments = desk.incident(desk.grade())
    assert (incident.state, incident.urgency, assignments) == (DispatchState.QUEUED, 2, [])
    assert incident.first_contact_at < incident.graded_at
    assert desk.timers(incident.id) == {"UNRESOURCED"}


def test_an_incident_that_is_told_of_twice_waits_once(desk: Desk) -> None:  # I5
    incident_id = desk.grade()
    desk.assign(incident_id, desk.unit("WY1"))
    desk.grade(incident_id=incident_id)
    assert desk.incident(incident_id)[0].state is DispatchState.ASSIGNED


def test_a_unit_is_sent_with_an_answer_that_is_stored_told_and_shown_alike(desk: Desk) -> None:  # I3, R-MK-02
    sent = desk.assign(desk.grade(), desk.unit("WY1"))
    assert (sent.hazard.outcome, sent.hazard.reason) == (HazardOutcome.NOT_CHECKED, NotCheckedReason.REPLICA_MISSING)
    assert desk.assignment(sent.id) == sent
    assert desk.events("UnitAssigned")[-1].assignment == desk.shown("assignment")[-1].assignment
    assert desk.shown("assignment")[-1].assignment.hazard.outcome == types.HAZARD_OUTCOME_NOT_CHECKED
    assert desk.shown("incident")[-1].incident.state == types.DISPATCH_STATE_ASSIGNED
    assert desk.shown("unit")[-1].unit.assignment_id == str(sent.id)


@pytest.mark.parametrize(
    "without",
    [
        "hazard_outcome = null",
        "hazard_outcome = 0",
        "hazard_outcome = 1, hazard_reason = 0, hazards = '[]'",
        "hazard_outcome = 2, hazard_reason = 1",
        "hazard_outcome = 3, hazard_reason = 0",
        "hazards = null",
        "hazard_version = 0",
        "hazard_checked_at = null",
    ],
)
def test_the_database_refuses_an_assignment_without_a_hazard_answer(desk: Desk, without: str) -> None:  # I3
    sent = desk.assign(desk.grade(), desk.unit("WY1"))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        desk.rows(f"update assignment set {without} where id = $1", sent.id)


def test_without_the_hazard_step_the_database_takes_no_assignment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:  # I3; issue 4, Done 2
    incident_id, unit_id = desk.grade(), desk.unit("WY1")

    def without(source: str) -> str:
        """The handler, its hazard step deleted: nothing is looked for, and nothing is known."""
        step = next(line for line in source.splitlines() if "look_for_markers(" in line)
        assert step.strip().startswith("check = await")
        return source.replace(step, "    check = NOTHING_LOOKED_FOR")

    nothing = SimpleNamespace(hazards=(), staleness_seconds=0.0, outcome=HazardOutcome(0), reason=NotCheckedReason(0))
    names = {**vars(handlers), "NOTHING_LOOKED_FOR": nothing}
    exec(compile(without(getsource(handlers.assign_unit)), handlers.__file__, "exec"), names)  # noqa: S102 - our own
    monkeypatch.setattr(handlers, "assign_unit", names["assign_unit"])
    with pytest.raises(asyncpg.CheckViolationError, match="assignment_has_hazard_answer"):
        desk.assign(incident_id, unit_id)
    assert desk.incident(incident_id)[1] == []


def test_a_unit_is_on_one_incident_whoever_sends_it(desk: Desk) -> None:
    sent = desk.assign(desk.grade(), desk.unit("WY1"))
    copy = "insert into assignment select (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid()))).* "
    with pytest.raises(asyncpg.UniqueViolationError, match="assignment_of_unit"):
        desk.rows(f"{copy} from assignment a where id = $1", sent.id)


@contextmanager
def nothing_happens(desk: Desk, reason: str) -> Iterator[None]:
    """It is refused, and leaves no trace."""
    before = desk.everything()
    with refused(reason):
        yield
    assert desk.everything() == before


def test_who_is_not_sent(desk: Desk) -> None:
    incident_id, untested = desk.grade(), desk.unit("WY1", tested=False)
    with nothing_happens(desk, "UNIT_UNTESTED"):  # R-OS-07
        desk.assign(incident_id, untested)
    unit_id = desk.unit("WY2", "RESPONSE")
    with nothing_happens(desk, "SKILL_MISSING"):
        desk.assign(incident_id, unit_id, "AFO", "RESPONSE")
    desk.assign(incident_id, unit_id, "RESPONSE")
    with nothing_happens(desk, "ALREADY_ASSIGNED"):
        desk.assign(incident_id, unit_id)
    desk.result(incident_id)
    with nothing_happens(desk, "INCIDENT_ENDED"):
        desk.assign(incident_id, unit_id)


def test_another_forces_units_and_incidents_are_not_there(desk: Desk) -> None:
    theirs, their_unit = desk.grade(force="greater-manchester"), desk.unit("GM1", force="greater-manchester")
    for incident_id, unit_id in ((theirs, desk.unit("WY1")), (desk.grade(), their_unit)):
        with pytest.raises(NotFound):
            desk.assign(incident_id, unit_id)


def test_an_incident_is_resulted_and_its_units_are_free(desk: Desk) -> None:
    incident_id, units = desk.grade(), [desk.unit("WY1"), desk.unit("WY2")]
    sent = [desk.assign(incident_id, unit_id) for unit_id in units]
    resulted = desk.result(incident_id)
    assert (resulted.state, resulted.result, resulted.assignment_ids) == (DispatchState.RESULTED, "ATTENDED", ())
    for one in sent:
        assert desk.assignment(one.id).end_reason is EndReason.RESULTED
        assert desk.told(one.id) == ["UnitAssigned", "AssignmentEnded"]
        assert desk.timers(one.id) == set()
    assert desk.told(incident_id) == ["IncidentResulted"]
    assert desk.timers(incident_id) == set()
    other = desk.grade()
    assert desk.assign(other, units[0]).incident_id == other
    with nothing_happens(desk, "INCIDENT_ENDED"):
        desk.result(incident_id)


def test_a_result_that_the_force_does_not_know_is_refused(desk: Desk) -> None:
    incident_id = desk.grade()
    with nothing_happens(desk, "RESULT_UNKNOWN"):
        desk.result(incident_id, "GONE_HOME")


def test_an_officer_results_an_incident_of_their_own_unit_only(desk: Desk) -> None:
    incident_id = desk.grade()
    desk.assign(incident_id, desk.unit("WY1"))
    command = handlers.ResultIncident(incident_id, "ATTENDED")
    with nothing_happens(desk, "NOT_OF_THE_CREW"):
        desk.handle(handlers.result_incident, command, OFFICER, subject="officer-WY2")
    assert desk.handle(handlers.result_incident, command, OFFICER, subject="officer-WY1").resulted_at


def test_a_unit_that_is_stood_down_leaves_the_incident_waiting(desk: Desk) -> None:
    incident_id = desk.grade()
    sent = desk.assign(incident_id, desk.unit("WY1"))
    ended = desk.stand_down(sent.id)
    assert (ended.state, ended.end_reason) == (AssignmentState.ENDED, EndReason.STOOD_DOWN)
    assert ended.explanation == "another unit is nearer"
    assert desk.incident(incident_id)[0].state is DispatchState.QUEUED
    assert desk.timers(incident_id) == {"UNRESOURCED"}
    with nothing_happens(desk, "ASSIGNMENT_ENDED"):
        desk.stand_down(sent.id)


def test_a_unit_is_moved_and_what_it_leaves_waits_again(desk: Desk) -> None:
    first, second = desk.grade("1"), desk.grade("3")
    sent = desk.assign(first, desk.unit("WY1"))
    moved = desk.reassign(sent.id, second)
    assert (moved.incident_id, moved.unit_id) == (second, sent.unit_id)
    assert desk.assignment(sent.id).end_reason is EndReason.REASSIGNED
    assert [desk.incident(one)[0].state for one in (first, second)] == [DispatchState.QUEUED, DispatchState.ASSIGNED]
    third = desk.grade()
    with nothing_happens(desk, "ASSIGNMENT_ENDED"):
        desk.reassign(sent.id, third)


def test_closing_by_intake_ends_what_nobody_is_on(desk: Desk) -> None:
    waiting, attended = desk.grade(), desk.grade()
    sent = desk.assign(attended, desk.unit("WY1"))
    desk.close_incident(waiting)
    desk.close_incident(attended)
    assert desk.incident(waiting)[0].result == "CLOSED_WITHOUT_UNIT"
    assert desk.incident(attended)[0].state is DispatchState.ASSIGNED
    # And where its last unit leaves, it does not wait again.
    desk.stand_down(sent.id)
    assert desk.incident(attended)[0].result == "CLOSED_WITHOUT_UNIT"
    assert desk.timers(attended) == set()


def test_a_closing_of_what_was_never_graded_is_set_aside(desk: Desk) -> None:
    """It waits among the dead letters for the grading that must have come before it."""

    async def close(incident_id: UUID, tx: Transaction) -> None:
        await incident_handlers.close_incident(incident_id, FORCE, tx.now, tx)

    with refused("INCIDENT_UNKNOWN"):
        desk.handle(close, UUID(int=1))


def test_an_assignment_of_nothing_is_not_there(desk: Desk) -> None:
    with pytest.raises(PeelError, match="NOT_FOUND"):
        desk.acknowledge(UUID(int=1), "officer-WY1")
