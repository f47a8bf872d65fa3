"""Who may say what of an assignment, and what becomes of it."""

from datetime import timedelta

import pytest

from services.dispatch.assignments.domain.assignments import (
    acknowledge,
    arrive,
    end,
    may_acknowledge,
    may_result,
    must_be_open,
)
from services.dispatch.domain.terms import AssignmentState, EndReason
from tests.unit.dispatch.crews import member, on_duty, refused
from tests.unit.dispatch.sent import NOON, an_assignment

LATER = NOON + timedelta(minutes=1)
SENT, KNOWN, THERE = AssignmentState.SENT, AssignmentState.ACKNOWLEDGED, AssignmentState.AT_SCENE
DISPATCHER, OFFICER, SUPERVISOR = "ROLE_DISPATCHER", "ROLE_OFFICER", "ROLE_SUPERVISOR"


def test_what_is_said_twice_is_said_once() -> None:
    known = acknowledge(an_assignment(), NOON)
    assert (known.state, acknowledge(known, LATER)) == (KNOWN, known)
    there = arrive(known, NOON)
    assert (there.state, arrive(there, LATER)) == (THERE, there)


def test_whoever_is_there_and_acknowledges_stays_there() -> None:
    assert acknowledge(arrive(an_assignment(), NOON), LATER).state is THERE


def test_what_is_over_is_over() -> None:
    over = end(an_assignment(), EndReason.STOOD_DOWN, NOON, "not needed")
    assert (over.state, over.ended_at, over.explanation) == (AssignmentState.ENDED, NOON, "not needed")
    with refused("ASSIGNMENT_ENDED"):
        must_be_open(over)
    with refused("ASSIGNMENT_ENDED"):
        acknowledge(over, LATER)
    with refused("ASSIGNMENT_ENDED"):
        end(over, EndReason.RESULTED, LATER)


@pytest.mark.parametrize(
    ("subject", "role"), [("officer-1", OFFICER), ("somebody", DISPATCHER), ("somebody", SUPERVISOR)]
)
def test_a_crew_speaks_for_itself_and_the_control_room_notes_it(subject: str, role: str) -> None:  # R-MK-03
    may_acknowledge(on_duty(), subject, {role})


def test_nobody_speaks_for_another_crew() -> None:  # R-MK-03
    with refused("NOT_OF_THE_CREW"):
        may_acknowledge(on_duty(member(officer_id="officer-2")), "officer-1", {OFFICER})


def test_an_officer_results_an_incident_of_their_own_unit() -> None:
    may_result([on_duty(member(officer_id="officer-2")), on_duty()], "officer-1", {OFFICER})
    may_result([], "somebody", {DISPATCHER})
    with refused("NOT_OF_THE_CREW"):
        may_result([], "officer-1", {OFFICER})
