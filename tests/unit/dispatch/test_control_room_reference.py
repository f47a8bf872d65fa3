"""The force data that a control room works by: whole, and fitting to what call intake grades by."""

from datetime import date, time, timedelta

import pytest

from services.dispatch.incidents.domain.escalation import next_due, owners_due
from services.dispatch.incidents.domain.incidents import CLOSED_WITHOUT_UNIT
from services.dispatch.reference.incidents import escalation_plan, results, urgency
from services.dispatch.reference.limits import limits
from services.kernel.reference import read_table
from tests.unit.dispatch.sent import NOON, an_incident

TODAY = date(2026, 7, 1)
GRADING = list(read_table("services.intake.reference", "grading_schemes.csv"))
OWN = "a-force-without-lines-of-its-own"


def ranked() -> set[str]:
    return {row["grade"] for row in read_table("services.dispatch.reference", "grades.csv")}


@pytest.mark.parametrize(("force", "grade"), sorted({(row["force"], row["grade"]) for row in GRADING}))
def test_every_grade_that_intake_gives_is_ranked(force: str, grade: str) -> None:
    assert grade in ranked()
    assert 1 <= urgency(force, grade, TODAY) <= 5


def test_a_grade_that_is_not_ranked_is_as_urgent_as_any() -> None:
    assert urgency(OWN, "PURPLE", TODAY) == 1


def test_the_two_grades_of_the_standard_are_told_of_in_every_force() -> None:  # R-DP-01, domain facts 3.4
    plan = escalation_plan(OWN, TODAY)
    first, second = an_incident(urgency=1), an_incident(urgency=2)
    assert owners_due(first, plan, NOON) == ("duty inspector",)
    assert next_due(second, plan, NOON) == NOON + timedelta(minutes=40)


def test_every_grade_with_a_promise_is_told_of_at_a_change_of_shift() -> None:  # R-DP-01
    plan = escalation_plan(OWN, TODAY)
    promised = {urgency(row["force"], row["grade"], TODAY) for row in GRADING if row["attendance_minutes"]}
    assert promised <= set(plan.shift_owners)
    assert plan.shift_starts == tuple(sorted(plan.shift_starts))
    assert time(7) in plan.shift_starts


def test_the_limits_are_those_of_the_requirements() -> None:  # R-MK-03, domain facts 4.2 and 4.3
    allowed = limits(OWN, TODAY)
    seconds = [limit.total_seconds() for limit in (allowed.voice_assignment, allowed.next_unit, allowed.supervise)]
    assert seconds == [15, 30, 60]
    assert allowed.voice_hazard == timedelta(seconds=15)
    assert allowed.marker_staleness == timedelta(seconds=30)


def test_what_dispatch_gives_itself_is_a_result() -> None:
    assert CLOSED_WITHOUT_UNIT in results(OWN, TODAY)
