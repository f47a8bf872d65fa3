"""Duty, tests of radios (R-OS-07) and emergencies of a unit."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.dispatch.domain.skills import skills_on
from services.dispatch.domain.terms import DeviceTest, UnitStatus
from services.dispatch.units.domain.units import (
    assign,
    book_off,
    book_on,
    clear_emergency,
    must_be_crew,
    note_test,
    override_test,
    raise_emergency,
    release,
)
from tests.unit.dispatch.crews import (
    ASSIGNMENT_ID,
    EMERGENCY_ID,
    INCIDENT_ID,
    MINUTE,
    NOW,
    OTHER_EMERGENCY_ID,
    OTHER_RADIO,
    RADIO,
    TODAY,
    member,
    off_duty,
    on_duty,
    refused,
    sent,
    untested,
)

DAY = timedelta(days=1)
BOTH = (RADIO, OTHER_RADIO)


def test_a_crew_comes_on_duty_and_waits_for_its_test() -> None:  # R-OS-07
    unit = book_on(off_duty(), (member(),), BOTH, [RADIO], NOW + DAY, NOW)
    assert (unit.status, unit.status_since) == (UnitStatus.ON_DUTY, NOW)
    assert unit.device_test is DeviceTest.WAITING


def test_a_test_just_before_counts() -> None:  # R-OS-07
    assert book_on(off_duty(), (member(),), BOTH, BOTH, NOW + DAY, NOW).device_test is DeviceTest.PASSED


def test_a_unit_has_one_crew_at_a_time() -> None:
    with refused("UNIT_ON_DUTY"):
        book_on(on_duty(), (member(),), BOTH, [], NOW + DAY, NOW)


def test_a_crew_goes_off_duty_with_its_radios() -> None:
    unit = book_off(on_duty(), NOW)
    assert (unit.status, unit.crew, unit.radios) == (UnitStatus.OFF_DUTY, (), ())
    assert unit.device_test is DeviceTest.UNSPECIFIED
    assert unit.shift_ends_at is None


def test_nobody_goes_off_duty_on_an_incident_or_in_an_emergency() -> None:
    with refused("UNIT_COMMITTED"):
        book_off(sent(), NOW)
    with refused("UNIT_IN_EMERGENCY"):
        book_off(on_duty(emergencies=(EMERGENCY_ID,)), NOW)
    with refused("UNIT_OFF_DUTY"):
        book_off(off_duty(), NOW)


def test_every_radio_of_a_unit_has_to_pass() -> None:  # R-OS-07
    unit = replace(untested(), radios=BOTH)
    assert note_test(unit, [RADIO], failed=False).device_test is DeviceTest.WAITING
    assert note_test(unit, [RADIO], failed=True).device_test is DeviceTest.FAILED
    assert note_test(unit, BOTH, failed=False).device_test is DeviceTest.PASSED


def test_a_supervisors_word_stands_until_the_test_is_passed() -> None:  # R-OS-07
    unit = override_test(untested())
    assert unit.device_test is DeviceTest.OVERRIDDEN
    assert note_test(unit, [], failed=True).device_test is DeviceTest.OVERRIDDEN
    assert note_test(unit, [RADIO], failed=False).device_test is DeviceTest.PASSED


def test_there_is_nothing_to_override_where_the_test_was_passed_or_nobody_is_there() -> None:
    with refused("DEVICE_TEST_PASSED"):
        override_test(on_duty())
    with refused("UNIT_OFF_DUTY"):
        override_test(off_duty())


def test_only_its_crew_acts_for_a_unit() -> None:
    must_be_crew(on_duty(), "officer-1")
    with refused("NOT_OF_THE_CREW"):
        must_be_crew(on_duty(), "officer-2")


def test_an_emergency_lies_over_the_status_and_leaves_it() -> None:  # domain facts 4.1
    unit = raise_emergency(sent(status=UnitStatus.EN_ROUTE), EMERGENCY_ID)
    assert unit.status is UnitStatus.EN_ROUTE
    assert unit.emergencies == (EMERGENCY_ID,)
    assert clear_emergency(unit, EMERGENCY_ID).status is UnitStatus.EN_ROUTE


def test_two_emergencies_of_a_crew_are_cleared_one_by_one() -> None:
    unit = raise_emergency(raise_emergency(on_duty(), EMERGENCY_ID), OTHER_EMERGENCY_ID)
    assert clear_emergency(unit, EMERGENCY_ID).emergencies == (OTHER_EMERGENCY_ID,)


def test_an_emergency_told_twice_is_one() -> None:
    unit = raise_emergency(on_duty(), EMERGENCY_ID)
    assert raise_emergency(unit, EMERGENCY_ID) == unit
    assert clear_emergency(on_duty(), EMERGENCY_ID) == on_duty()


def test_a_unit_that_is_sent_keeps_its_status() -> None:
    unit = assign(on_duty(), INCIDENT_ID, 1, ASSIGNMENT_ID)
    assert (unit.status, unit.incident_urgency) == (UnitStatus.ON_PATROL, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (UnitStatus.EN_ROUTE, UnitStatus.ON_PATROL),
        (UnitStatus.AT_SCENE, UnitStatus.ON_PATROL),
        (UnitStatus.AT_STATION, UnitStatus.AT_STATION),
        (UnitStatus.PRISONER_ESCORT, UnitStatus.PRISONER_ESCORT),
    ],
)
def test_a_unit_that_is_released_is_on_patrol_if_it_was_on_the_incident(before: UnitStatus, after: UnitStatus) -> None:
    unit = release(sent(status=before), NOW)
    assert (unit.status, unit.assignment_id, unit.incident_id, unit.incident_urgency) == (after, None, None, 0)


def test_a_release_is_never_before_the_status_that_it_ends() -> None:
    """The next status would be refused as older than the last."""
    later = NOW + MINUTE
    assert release(sent(status=UnitStatus.EN_ROUTE, status_since=later), NOW).status_since == later


def test_a_skill_holds_to_its_last_day() -> None:  # domain facts 4.2
    crew = (member("STO"), member("AFO", officer_id="officer-2", until=TODAY))
    assert skills_on(crew, TODAY) == {"STO", "AFO"}
    assert skills_on(crew, TODAY + DAY) == {"STO"}
