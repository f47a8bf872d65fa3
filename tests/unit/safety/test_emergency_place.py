"""Where an emergency is, and who else is near (R-OS-04, R-OS-05)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.safety.emergency.domain.answering import Code
from services.safety.emergency.domain.folding import Gravity, fold
from services.safety.emergency.domain.nearness import Nearness, distance, gravity_of, near
from services.safety.emergency.domain.positions import PositionSource
from services.safety.emergency.domain.signals import Carrier, Duty, Point, Signal, Trigger
from tests.unit.safety.pressing import at, cleared, pressed, safe, taken

HERE = Point(53.8008, -1.5491, 8)
# About 200 m to the north.
THERE = Point(53.8026, -1.5491, 8)
FAR = Point(53.7, -1.5491, 8)
RULE = Nearness(500, timedelta(minutes=10))
DEVICE = uuid4()


def carrier(**parts: object) -> Carrier:
    return Carrier(DEVICE, Duty.ON, **parts)  # type: ignore[arg-type]


def test_the_press_knows_best() -> None:  # R-OS-04
    signal = pressed(point=HERE, position_at=at(-3), carrier=carrier(last_point=THERE, last_point_at=at(-60)))
    position = fold([signal]).position
    assert (position.source, position.point, position.at) == (PositionSource.PRESS, HERE, at(-3))


def test_without_a_position_the_last_one_known_with_its_age() -> None:  # R-OS-04
    position = fold([pressed(carrier=carrier(last_point=THERE, last_point_at=at(-60)))]).position
    assert (position.source, position.point, position.at) == (PositionSource.LAST_KNOWN, THERE, at(-60))


def test_without_any_point_the_address_of_the_incident() -> None:  # R-OS-04
    position = fold([pressed(carrier=carrier(incident_address="1 Test Street"))]).position
    assert (position.source, position.point) == (PositionSource.INCIDENT, None)


def test_a_press_of_an_unknown_device_without_a_position_is_an_emergency() -> None:  # R-OS-04
    emergency = fold([pressed()])
    assert emergency.position.source is PositionSource.NONE
    assert emergency.carrier is not None
    assert emergency.carrier.duty is Duty.UNKNOWN_DEVICE


def test_the_newest_press_that_knows_a_point_counts() -> None:
    first = pressed(point=HERE)
    second = pressed(press_id="2", point=THERE, seconds=30)
    third = pressed(press_id="3", seconds=60)
    assert fold([first, second, third]).position.point == THERE


def test_distance_in_metres() -> None:
    assert distance(HERE, THERE) == pytest.approx(200, abs=1)
    assert distance(HERE, HERE) == 0


def near_each_other(one: Signal, other: Signal) -> tuple[UUID, ...]:
    return near(fold([one]), [fold([one]), fold([other])], RULE)


def test_a_second_officer_nearby_makes_both_graver() -> None:  # R-OS-05
    one, other = pressed(point=HERE), pressed("2341002", point=THERE, seconds=60)
    assert near_each_other(one, other) == (other.emergency_id,)
    assert near_each_other(other, one) == (one.emergency_id,)
    assert gravity_of(fold([one]), near_each_other(one, other)) is Gravity.SEVERAL_OFFICERS


@pytest.mark.parametrize(
    "other",
    [
        pressed("2341002", point=FAR),
        pressed("2341002", point=THERE, seconds=601),
        pressed("2341002"),
        pressed("2341002", point=THERE, trigger=Trigger.SYNTHETIC, site="leeds"),
        pressed("2341001", "9", point=THERE),
    ],
    ids=["far", "later", "nowhere", "synthetic", "the same radio"],
)
def test_not_near(other: Signal) -> None:
    one = pressed(point=HERE)
    assert near_each_other(one, other) == ()
    assert gravity_of(fold([one]), ()) is Gravity.EMERGENCY


def test_at_the_same_incident_is_near() -> None:  # R-OS-05
    incident = uuid4()
    one = pressed(carrier=carrier(incident_id=incident))
    other = pressed("2341002", carrier=carrier(incident_id=incident))
    assert near_each_other(one, other) == (other.emergency_id,)


def test_one_that_has_ended_is_near_to_nothing() -> None:
    one, other = pressed(point=HERE), pressed("2341002", point=THERE)
    ended = fold(cleared(*safe(*taken(other))))
    assert near(fold([one]), [ended], RULE) == ()
    assert near(ended, [fold([one])], RULE) == ()


def test_duress_is_the_gravest() -> None:
    emergency = fold(safe(*taken(pressed(point=HERE)), code=Code.DURESS))
    assert gravity_of(emergency, [uuid4()]) is Gravity.DURESS
