"""R-DP-01: that nobody is sent is told on time, and cannot be forgotten (domain facts 3.4)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.dispatch.domain.records import Incident
from services.dispatch.incidents.domain.escalation import EscalationPlan, Step, next_due, owners_due, shift_change
from services.dispatch.reference.incidents import escalation_plan
from tests.unit.dispatch.sent import FORCE, NOON, an_incident

PLAN = escalation_plan(FORCE, date(2026, 7, 1))
MINUTE = timedelta(minutes=1)


def grade(urgency: int, **known: object) -> Incident:
    return an_incident(grade=str(urgency), urgency=urgency, **known)


def test_grade_1_is_told_to_the_duty_inspector_at_once() -> None:  # R-DP-01
    assert owners_due(grade(1), PLAN, NOON) == ("duty inspector",)


def test_grade_2_is_told_to_the_duty_sergeant_at_40_minutes() -> None:  # R-DP-01
    assert owners_due(grade(2), PLAN, NOON + 40 * MINUTE - timedelta(microseconds=1)) == ()
    assert next_due(grade(2), PLAN, NOON) == NOON + 40 * MINUTE
    assert owners_due(grade(2), PLAN, NOON + 40 * MINUTE) == ("duty sergeant",)


def test_it_is_told_again_at_every_change_of_shift() -> None:  # R-DP-01: [S20]
    told = NOON + 40 * MINUTE
    changes = []
    for _ in range(3):
        told = next_due(grade(2), PLAN, told) or told
        changes.append(told)
        assert owners_due(grade(2), PLAN, told, told) == ("duty sergeant",)
    # 15:00, 22:00 and 07:00 in summer time.
    assert changes == [datetime(2026, 7, 1, 14, tzinfo=UTC), datetime(2026, 7, 1, 21, tzinfo=UTC),
                       datetime(2026, 7, 2, 6, tzinfo=UTC)]  # fmt: skip


def test_a_change_of_shift_before_the_target_says_nothing() -> None:
    graded_at = datetime(2026, 7, 1, 13, 30, tzinfo=UTC)
    assert next_due(grade(2, graded_at=graded_at), PLAN, graded_at) == graded_at + 40 * MINUTE
    late = owners_due(grade(2, graded_at=graded_at), PLAN, graded_at + 39 * MINUTE)
    assert late == ()


def test_a_grade_without_a_step_is_over_target_when_its_attendance_is_due() -> None:
    scheduled = grade(3, attend_by=NOON + timedelta(hours=48))
    assert next_due(scheduled, PLAN, NOON) == datetime(2026, 7, 3, 14, tzinfo=UTC)
    assert next_due(grade(3), PLAN, NOON) is None


def test_what_fell_due_while_a_unit_was_sent_is_due_again_when_it_is_taken_away() -> None:  # R-DP-01, domain facts 4.2
    assert owners_due(grade(2), PLAN, NOON + timedelta(hours=1)) == ("duty sergeant",)
    assert owners_due(grade(1), PLAN, NOON + timedelta(hours=1)) == ("duty inspector",)


def test_several_posts_are_told_in_the_order_in_which_they_fall_due() -> None:
    steps = (Step(30 * MINUTE, "superintendent"), Step(10 * MINUTE, "duty sergeant"))
    plan = EscalationPlan({2: steps}, {}, ())
    assert owners_due(grade(2), plan, NOON + 30 * MINUTE) == ("duty sergeant", "superintendent")
    since = NOON + 10 * MINUTE + timedelta(microseconds=1)
    assert owners_due(grade(2), plan, NOON + 30 * MINUTE, since) == ("superintendent",)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (datetime(2026, 1, 5, 6, 59, tzinfo=UTC), datetime(2026, 1, 5, 7, tzinfo=UTC)),
        (datetime(2026, 1, 5, 7, tzinfo=UTC), datetime(2026, 1, 5, 15, tzinfo=UTC)),
        # The night on which the clocks go forward, and the one on which they go back.
        (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC)),
    ],
)
def test_shifts_change_by_local_time(after: datetime, expected: datetime) -> None:
    assert shift_change((time(7), time(15), time(22)), after) == expected


def test_a_force_without_shifts_has_no_change_of_shift() -> None:
    assert shift_change((), NOON) is None
