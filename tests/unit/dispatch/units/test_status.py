"""Statuses 0 to 16 (domain facts 4.1)."""

from datetime import timedelta

import pytest

from services.dispatch.domain.terms import UnitStatus
from services.dispatch.units.domain.status import MESSAGES, Follows, StatusRules, code, overdue_at, transit
from tests.unit.dispatch.crews import (
    EMERGENCY_ID,
    FORCE,
    MINUTE,
    NOW,
    STATUS_RULES,
    TODAY,
    off_duty,
    on_duty,
    refused,
    sent,
)

S = UnitStatus
FREELY = tuple(status for status in S if S.ON_DUTY <= status < S.OFF_DUTY and status not in (S.EN_ROUTE, S.AT_SCENE))


@pytest.mark.parametrize("before", FREELY)
@pytest.mark.parametrize("to", FREELY)
def test_an_unassigned_unit_moves_freely_among_what_needs_no_assignment(before: UnitStatus, to: UnitStatus) -> None:
    done = transit(on_duty(status=before), to, NOW, STATUS_RULES)
    assert done.unit.status is to
    assert done.moved == (before is not to)
    assert done.follows is Follows.NOTHING


@pytest.mark.parametrize("before", FREELY)
def test_en_route_needs_an_assignment(before: UnitStatus) -> None:
    with refused("STATUS_ILLEGAL") as caught:
        transit(on_duty(status=before), S.EN_ROUTE, NOW, STATUS_RULES)
    assert caught.value.metadata == {"from": code(before), "to": "5"}
    assert transit(sent(status=before), S.EN_ROUTE, NOW, STATUS_RULES).unit.status is S.EN_ROUTE


@pytest.mark.parametrize("before", FREELY)
def test_at_scene_needs_en_route(before: UnitStatus) -> None:
    with refused("STATUS_ILLEGAL") as caught:
        transit(sent(status=before), S.AT_SCENE, NOW, STATUS_RULES)
    assert caught.value.metadata == {"from": code(before), "to": "6"}
    assert transit(sent(status=S.EN_ROUTE), S.AT_SCENE, NOW, STATUS_RULES).follows is Follows.ARRIVED


def test_a_unit_that_comes_upon_an_incident_attaches_itself() -> None:
    done = transit(on_duty(), S.AT_SCENE, NOW, STATUS_RULES, self_attach=True)
    assert (done.unit.status, done.follows) == (S.AT_SCENE, Follows.ATTACHES)


@pytest.mark.parametrize("unit", [sent(), sent(status=S.EN_ROUTE), on_duty(status=S.PRISONER_ESCORT)])
def test_nobody_who_is_sent_or_escorts_a_prisoner_attaches_themselves(unit: object) -> None:
    with refused("STATUS_ILLEGAL"):
        transit(unit, S.AT_SCENE, NOW, STATUS_RULES, self_attach=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("before", [S.EN_ROUTE, S.AT_SCENE])
@pytest.mark.parametrize("to", FREELY)
def test_whoever_does_something_else_has_left_the_incident(before: UnitStatus, to: UnitStatus) -> None:
    assert transit(sent(status=before), to, NOW, STATUS_RULES).follows is Follows.LEFT


@pytest.mark.parametrize("message", sorted(MESSAGES))
def test_a_message_overwrites_nothing(message: UnitStatus) -> None:
    before = sent(status=S.EN_ROUTE)
    done = transit(before, message, NOW, STATUS_RULES)
    assert (done.unit.status, done.unit.status_since) == (S.EN_ROUTE, before.status_since)
    assert (done.unit.last_message, done.unit.last_message_at) == (message, NOW)
    assert not done.moved
    assert done.unit.sequence == before.sequence


def test_received_acknowledges_what_the_unit_was_sent_to() -> None:
    assert transit(sent(), S.RECEIVED, NOW, STATUS_RULES).follows is Follows.RECEIVED
    assert transit(on_duty(), S.RECEIVED, NOW, STATUS_RULES).follows is Follows.NOTHING


@pytest.mark.parametrize("to", [status for status in UnitStatus if status])
def test_duty_begins_with_booking_on(to: UnitStatus) -> None:
    with refused("STATUS_ILLEGAL") as caught:
        transit(off_duty(), to, NOW, STATUS_RULES)
    assert caught.value.metadata == {"from": "11", "to": code(to)}


@pytest.mark.parametrize(("to", "number"), [(S.OFF_DUTY, "11"), (S.EMERGENCY, "0")])
def test_duty_ends_by_booking_off_and_an_emergency_is_no_status_to_set(to: UnitStatus, number: str) -> None:
    with refused("STATUS_ILLEGAL") as caught:
        transit(on_duty(), to, NOW, STATUS_RULES)
    assert caught.value.metadata == {"from": "2", "to": number}


@pytest.mark.parametrize("to", [S.AT_STATION, S.RECEIVED])
def test_a_status_under_an_emergency_leaves_the_emergency_where_it_is(to: UnitStatus) -> None:
    assert transit(on_duty(emergencies=(EMERGENCY_ID,)), to, NOW, STATUS_RULES).unit.emergencies == (EMERGENCY_ID,)


def test_a_status_older_than_the_last_is_refused() -> None:
    unit = on_duty(status_since=NOW, last_message_at=NOW)
    for status in (S.AT_STATION, S.CALL_BACK):
        with refused("STATUS_OUTDATED"):
            transit(unit, status, NOW - MINUTE, STATUS_RULES)
        assert transit(unit, status, NOW, STATUS_RULES)


def test_the_same_status_again_is_no_new_one() -> None:
    unit = on_duty()
    assert transit(unit, S.ON_PATROL, NOW, STATUS_RULES).unit == unit


def test_en_route_is_overdue_after_twice_its_expected_time() -> None:
    unit = sent(status=S.EN_ROUTE, status_since=NOW)
    assert overdue_at(unit, STATUS_RULES, timedelta(minutes=7)) == NOW + 14 * MINUTE
    assert overdue_at(unit, STATUS_RULES, None) == NOW + 30 * MINUTE


@pytest.mark.parametrize(("status", "minutes"), [(S.AT_SCENE, 20), (S.REFRESHMENTS, 45)])
def test_a_status_has_its_longest_time(status: UnitStatus, minutes: int) -> None:
    assert overdue_at(on_duty(status=status, status_since=NOW), STATUS_RULES, None) == NOW + minutes * MINUTE


def test_patrol_is_never_overdue() -> None:
    assert overdue_at(on_duty(), STATUS_RULES, timedelta(minutes=7)) is None


def test_the_rules_of_a_force_reach_every_status_of_duty() -> None:
    """A table that lost a line would leave units in a status that they cannot reach or leave."""
    duty = {status for status in S if S.ON_DUTY <= status < S.OFF_DUTY}
    rules: StatusRules = STATUS_RULES
    assert {to for _, to in rules.transitions} == duty
    assert {before for before, _ in rules.transitions} == duty
    assert all(needs for needs in rules.transitions.values()), (FORCE, TODAY)
