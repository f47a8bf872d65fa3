"""Who may be sent (domain facts 4.1, 4.2; R-OS-07)."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.dispatch.domain.records import Unit
from services.dispatch.domain.terms import DeviceTest, UnitStatus
from services.dispatch.fleet.domain.deployment import Obstacle, check_deployable, fitness
from tests.unit.dispatch.crews import (
    DEPLOYMENT,
    EMERGENCY_ID,
    INCIDENT_ID,
    NOBODY,
    TODAY,
    member,
    off_duty,
    on_duty,
    refused,
    sent,
    untested,
)

S = UnitStatus
OTHER_INCIDENT = UUID("0190a000-0000-7000-8000-0000000000ff")


def judged(unit: Unit, urgency: int = 1, *skills: str) -> tuple[Obstacle | None, bool]:
    found = fitness(unit, OTHER_INCIDENT, urgency, frozenset(skills), TODAY, DEPLOYMENT)
    return found.obstacle, found.pre_empts


@pytest.mark.parametrize("status", [S.ON_DUTY, S.ON_PATROL, S.AT_STATION])
def test_a_free_unit_may_be_sent_to_anything(status: UnitStatus) -> None:
    for urgency in (1, 2, 3, 4):
        assert judged(on_duty(status=status), urgency) == (None, False)


@pytest.mark.parametrize("status", [S.COMMITTED, S.PRISONER_ESCORT, S.AT_COURT])
def test_a_committed_unit_is_not_sent(status: UnitStatus) -> None:
    assert judged(on_duty(status=status)) == (Obstacle.NOT_DEPLOYABLE, False)


def test_off_duty_untested_or_in_an_emergency_is_not_sent() -> None:  # R-OS-07
    assert judged(off_duty()) == (Obstacle.OFF_DUTY, False)
    assert judged(untested()) == (Obstacle.UNTESTED, False)
    assert judged(on_duty(device_test=DeviceTest.FAILED)) == (Obstacle.UNTESTED, False)
    assert judged(on_duty(device_test=DeviceTest.OVERRIDDEN)) == (None, False)
    assert judged(on_duty(emergencies=(EMERGENCY_ID,))) == (Obstacle.IN_EMERGENCY, False)


def test_every_skill_asked_for_must_hold_today() -> None:  # domain facts 4.2
    unit = on_duty(member("STO", "AFO", until=TODAY), member("DOG", officer_id="officer-2"))
    assert judged(unit, 1, "STO", "DOG") == (None, False)
    assert judged(unit, 1, "STO", "MOE") == (Obstacle.SKILL_MISSING, False)
    tomorrow = TODAY + timedelta(days=1)
    found = fitness(unit, OTHER_INCIDENT, 1, frozenset({"AFO"}), tomorrow, DEPLOYMENT)
    assert found.obstacle is Obstacle.SKILL_MISSING


@pytest.mark.parametrize("status", [S.REFRESHMENTS, S.COMMITTED_DEPLOYABLE])
def test_grade_1_may_take_a_unit_from_7_or_its_refreshments(status: UnitStatus) -> None:  # domain facts 4.2
    assert judged(on_duty(status=status), 1) == (None, False)
    assert judged(on_duty(status=status), 2) == (Obstacle.PRE_EMPTION_REFUSED, False)


@pytest.mark.parametrize("status", [S.EN_ROUTE, S.AT_SCENE])
def test_grade_1_may_take_a_unit_from_grade_3_when_it_is_confirmed(status: UnitStatus) -> None:  # domain facts 4.2
    assert judged(sent(3, status=status), 1) == (None, True)
    assert judged(sent(2, status=status), 1) == (Obstacle.PRE_EMPTION_REFUSED, False)
    assert judged(sent(3, status=status), 2) == (Obstacle.PRE_EMPTION_REFUSED, False)


def test_a_unit_that_was_sent_and_has_not_set_out_counts_as_on_its_way() -> None:
    assert judged(sent(3, status=S.ON_PATROL), 1) == (None, True)
    assert judged(sent(2, status=S.ON_PATROL), 1) == (Obstacle.PRE_EMPTION_REFUSED, False)


def test_nobody_is_sent_twice_to_the_same_incident() -> None:
    assert fitness(sent(), INCIDENT_ID, 1, NOBODY, TODAY, DEPLOYMENT).obstacle is Obstacle.ASSIGNED_HERE


def test_a_pre_emption_wants_a_dispatchers_word() -> None:
    found = fitness(sent(3), OTHER_INCIDENT, 1, NOBODY, TODAY, DEPLOYMENT)
    with refused("PRE_EMPTION_UNCONFIRMED"):
        check_deployable(found, confirmed=False)
    check_deployable(found, confirmed=True)


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        (off_duty(), "UNIT_OFF_DUTY"),
        (untested(), "UNIT_UNTESTED"),
        (on_duty(status=S.COMMITTED), "UNIT_NOT_DEPLOYABLE"),
        (on_duty(emergencies=(EMERGENCY_ID,)), "UNIT_IN_EMERGENCY"),
        (sent(1), "PRE_EMPTION_REFUSED"),
    ],
)
def test_an_obstacle_is_told_by_its_reason(unit: Unit, reason: str) -> None:
    found = fitness(unit, OTHER_INCIDENT, 1, NOBODY, TODAY, DEPLOYMENT)
    for confirmed in (False, True):
        with refused(reason):
            check_deployable(found, confirmed=confirmed)
