"""The rules of devices: who speaks for one, what a test comes to, which signs of life count, how long is too long."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from peel.safety.v1 import device_api_pb2 as api
from services.kernel.errors import Invalid, Refused
from services.kernel.reference import local_date
from services.kernel.wire import stamp
from services.safety.devices.domain import carrying
from services.safety.devices.domain import welfare as rules
from services.safety.devices.domain.carrying import Device, Fault, fault_of, must_carry
from services.safety.devices.domain.heartbeats import AHEAD, Beat, Beats, Tally, newest
from services.safety.devices.domain.welfare import ANY, UNKNOWN_HAZARD, Rule, Welfare, minutes_at_scene
from services.safety.devices.messages import beats_from
from services.safety.emergency.carriers import Carriers, Codes, Known
from services.safety.emergency.domain.answering import Code
from services.safety.emergency.domain.naming import device_id
from services.safety.emergency.domain.signals import Carrier, Durability, Duty, Point, Trigger
from services.safety.reference.devices import silence, welfare_rules
from tests.unit.safety.pressing import FORCE, NOON, at, pressed

HERE, THERE = Point(53.8, -1.5, 5), Point(53.9, -1.6, 5)
RADIO = "2341001"


def device(duty: Duty = Duty.ON, **parts: object) -> Device:
    carrier = Carrier(device_id(FORCE, RADIO), duty, uuid4(), "W21", ("officer-1",))
    return replace(Device(FORCE, RADIO, carrier), **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("durability", "shown", "fault"),
    [
        (Durability.COMMITTED, True, Fault.NONE),
        (Durability.LOCAL, True, Fault.NONE),
        (Durability.COMMITTED, False, Fault.NOT_SHOWN),
        (Durability.NOT_DURABLE, True, Fault.NOT_DURABLE),
        (Durability.NOT_DURABLE, False, Fault.NOT_DURABLE),
        (Durability.UNSPECIFIED, True, Fault.NOT_DURABLE),
    ],
)
def test_a_test_passes_where_a_press_would_last_and_be_seen(  # R-OS-07
    durability: Durability, shown: bool, fault: Fault
) -> None:
    assert fault_of(durability, shown=shown) is fault


def test_a_tested_device_was_heard() -> None:  # R-OS-07
    failed = carrying.tested(device(heard_at=at(-60)), NOON, passed=False)
    assert (failed.test_passed, failed.tested_at, failed.heard_at, failed.sequence) == (False, NOON, NOON, 1)
    assert carrying.tested(device(heard_at=at(5)), NOON, passed=True).heard_at == at(5)


def test_who_speaks_for_a_device() -> None:
    must_carry(device(), "officer-1")
    with pytest.raises(Refused) as refused:
        must_carry(device(), "officer-2")
    assert refused.value.reason == "NOT_OF_CREW"
    # Dispatch may not have told of the booking-on yet.
    for duty in (Duty.OFF, Duty.UNKNOWN_DEVICE):
        must_carry(device(duty), "officer-2")


def test_a_device_that_was_never_heard_counts_from_its_booking_on() -> None:  # R-OS-07
    assert device(duty_since=at(-300)).unheard_since == at(-300)
    assert device(duty_since=at(-300), heard_at=at(-900)).unheard_since == at(-300)
    assert device(duty_since=at(-300), heard_at=at(-10)).unheard_since == at(-10)
    silent = carrying.fallen_silent(device(duty_since=at(-300)))
    assert (silent.silent, silent.silent_since, silent.sequence) == (True, at(-300), 1)
    heard = carrying.heard_again(silent)
    assert (heard.silent, heard.sequence) == (False, 2)


def test_silence_is_the_forces_own() -> None:  # R-OS-07
    allowed = silence(local_date(NOON))
    assert allowed.usual == timedelta(seconds=180)
    assert FORCE not in allowed.of_force


def test_only_the_newest_sign_of_life_counts() -> None:  # R-OS-07
    beats = [Beat(RADIO, at(10), HERE), Beat(RADIO, at(5), THERE), Beat(RADIO, at(20)), Beat("other", at(1))]
    heard, tally = newest(beats, {"other": at(1)}, at(30))
    assert tally == Tally(received=4, ignored=2)
    (one,) = heard
    # The point of the heartbeat before stays: the newest said nothing about it.
    assert (one.radio, one.at, one.point, one.point_at) == (RADIO, at(20), HERE, at(10))


def test_a_sign_of_life_from_the_future_is_none() -> None:
    ahead, beyond = Beat(RADIO, NOON + AHEAD, HERE), Beat("other", NOON + AHEAD + timedelta(seconds=1), HERE)
    heard, tally = newest([ahead, beyond], {}, NOON)
    assert tally == Tally(received=2, ignored=1)
    # A clock that is a little ahead is no reason to call a radio silent.
    assert [(one.radio, one.at, one.point_at) for one in heard] == [(RADIO, NOON, NOON)]


def beating(radio: str = RADIO, *, given: bool = True, latitude: float | None = None) -> api.Heartbeat:
    beat = api.Heartbeat(radio=radio, at=stamp(NOON) if given else None)
    if latitude is not None:
        beat.point.latitude, beat.point.longitude = latitude, -1.5
    return beat


def test_a_heartbeat_that_cannot_be_read_costs_no_other_radio_its_own() -> None:  # R-OS-07
    unreadable = [beating(given=False), beating(""), beating("x" * 65), beating("\x00")]
    unreadable += [api.Heartbeat(radio=RADIO, at=Timestamp(seconds=10**14))]
    request = api.ReportHeartbeatsRequest(heartbeats=[beating(), *unreadable, beating("other", latitude=53.8)])
    assert beats_from(request, NOON) == Beats((Beat(RADIO, NOON), Beat("other", NOON, Point(53.8, -1.5, 0))), 5)


def test_a_radio_that_does_not_know_where_it_is_lives_all_the_same() -> None:  # R-OS-07
    (beat,) = beats_from(api.ReportHeartbeatsRequest(heartbeats=[beating(latitude=91)]), NOON).beats
    assert beat == Beat(RADIO, NOON)


def test_a_message_of_too_many_heartbeats_is_refused() -> None:
    beats_from(api.ReportHeartbeatsRequest(heartbeats=[beating()] * 500), NOON)
    with pytest.raises(Invalid):
        beats_from(api.ReportHeartbeatsRequest(heartbeats=[beating()] * 501), NOON)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 50)), max_size=12), st.integers(0, 12))
def test_how_heartbeats_are_batched_changes_nothing(said: list[tuple[str, int]], cut: int) -> None:
    beats = [Beat(radio, at(seconds)) for radio, seconds in said]
    whole, together = newest(beats, {}, at(60))
    first, one = newest(beats[:cut], {}, at(60))
    second, two = newest(beats[cut:], {heard.radio: heard.at for heard in first}, at(60))
    assert one + two == together
    assert {one.radio: one.at for one in [*first, *second]} == {one.radio: one.at for one in whole}


@pytest.mark.parametrize(
    ("grade", "codes", "minutes"),
    [
        ("2", set(), 20),
        ("1", set(), 20),
        ("2", {"DR"}, 20),
        ("2", {"VI"}, 10),
        ("2", {"WE", "DR"}, 10),
        ("4", {"FI"}, 10),
        ("1", {"FI"}, 10),
        ("2", {UNKNOWN_HAZARD}, 10),
    ],
)
def test_how_long_at_a_scene(grade: str, codes: set[str], minutes: int) -> None:  # R-OS-08
    assert minutes_at_scene(welfare_rules(FORCE, local_date(NOON)), grade, codes) == minutes


def test_a_force_may_say_less_for_a_grade() -> None:  # R-OS-08
    own = [Rule(ANY, ANY, 20), Rule("1", ANY, 15), Rule("1", "FI", 5)]
    assert [minutes_at_scene(own, grade, set()) for grade in ("1", "2")] == [15, 20]
    assert minutes_at_scene(own, "1", {"FI"}) == 5


def test_time_at_a_scene_counts_from_when_the_crew_got_there() -> None:  # R-OS-08
    assert rules.begins_at(at(-300), None, NOON) == at(-300)
    # A clock that is ahead of ours gives nobody more time.
    assert rules.begins_at(at(300), None, NOON) == NOON
    last = Welfare(uuid4(), uuid4(), FORCE, uuid4(), RADIO, None, by_status=True, minutes=10, started_at=at(-900))
    assert rules.begins_at(at(-300), rules.ended(last, at(-400)), NOON) == at(-300)
    # Somebody has said since that nobody has to check in there.
    assert rules.begins_at(at(-300), rules.ended(last, at(-200)), NOON) is None
    # Nobody had: the crew is there still, and has been heard since.
    assert rules.begins_at(at(-300), rules.ended(last, at(-200), uuid4()), NOON) == at(-200)


def test_a_timer_warns_at_four_fifths_and_begins_again() -> None:  # R-OS-08
    timer = Welfare(uuid4(), uuid4(), FORCE, uuid4(), RADIO, None, by_status=True, minutes=10, started_at=NOON)
    assert (timer.warn_at, timer.due_at) == (at(480), at(600))
    clock = uuid4()
    again = rules.begun_again(timer, at(300), clock)
    assert again.clock == clock
    assert (again.id, again.warn_at, again.due_at) == (timer.id, at(780), at(900))
    shorter = rules.begun_again(timer, at(60), clock, minutes=5)
    assert (shorter.minutes, shorter.due_at) == (5, at(360))
    emergency = uuid4()
    assert rules.ended(timer, at(600), emergency).emergency_id == emergency


@pytest.mark.parametrize(
    "trigger", [Trigger.MAN_DOWN, Trigger.VEHICLE_IMPACT, Trigger.TASER, Trigger.BODY_WORN_VIDEO, Trigger.WELFARE]
)
def test_what_presses_for_an_officer_is_an_emergency(trigger: Trigger) -> None:  # R-OS-08, R-OS-10
    signal = pressed(trigger=trigger)
    assert signal.press is not None
    assert signal.press.trigger is trigger
    assert not signal.synthetic


def test_a_press_without_a_point_is_where_the_radio_was_heard_last() -> None:  # R-OS-04
    carriers = Carriers()
    for place, moment in ((HERE, at(10)), (THERE, at(5))):
        carriers.locate(FORCE, RADIO, place, moment)
    carrier = carriers.carrier(FORCE, RADIO)
    assert (carrier.last_point, carrier.last_point_at, carrier.duty) == (HERE, at(10), Duty.UNKNOWN_DEVICE)


def test_what_the_database_tells_does_not_take_a_newer_place_away() -> None:  # R-OS-04
    placed = [(HERE, at(10)), (THERE, at(20))]
    for order in permutations(placed):
        carriers = Carriers()
        for point, moment in order:
            known = device().carrier
            told = replace(known, last_point=point, last_point_at=moment)
            carriers.learn([Known(FORCE, RADIO, told, Codes.of("4711", "9999"))])
        carrier = carriers.carrier(FORCE, RADIO)
        assert (carrier.last_point, carrier.callsign, carrier.duty) == (THERE, "W21", Duty.ON)
    codes = carriers.codes(device_id(FORCE, RADIO))
    assert codes is not None
    assert [codes.which(said) for said in ("4711", "9999", "1234")] == [Code.SAFE, Code.DURESS, None]
