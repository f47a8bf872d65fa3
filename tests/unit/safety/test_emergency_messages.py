"""A press is taken for what can be used of it; our own writing is read back as it was (I4)."""

from datetime import timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.type.v1.place_pb2 import Point as PointMessage
from services.kernel.salvage import salvage
from services.safety.emergency.carriers import Carriers, Codes, Known
from services.safety.emergency.domain import naming
from services.safety.emergency.domain.answering import Code
from services.safety.emergency.domain.folding import fold
from services.safety.emergency.domain.signals import (
    Carrier,
    Durability,
    Duty,
    EscalationLevel,
    Point,
    Press,
    Signal,
    SignalKind,
    Trigger,
)
from services.safety.emergency.emergency_messages import View, emergency_message
from services.safety.emergency.held import Held
from services.safety.emergency.held_messages import held_from, held_message, readable
from services.safety.emergency.messages import press_from, signal_from, signal_message
from tests.unit.safety.pressing import FORCE, LADDER, NOON, at, pressed

moments = st.datetimes(min_value=NOON.replace(tzinfo=None) - timedelta(days=9000)).map(
    lambda one: one.replace(tzinfo=NOON.tzinfo)
)
words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1e6))
presses = st.builds(
    Press,
    radio=words,
    press_id=words,
    trigger=st.sampled_from(list(Trigger)[1:]),
    point=st.none() | points,
    position_at=st.none() | moments,
    pressed_at=st.none() | moments,
    salvaged=st.booleans(),
    token_expired=st.booleans(),
    site=words,
)
carriers = st.builds(
    Carrier,
    device_id=st.uuids(),
    duty=st.sampled_from(list(Duty)[1:]),
    unit_id=st.none() | st.uuids(),
    callsign=words,
    crew=st.lists(words, max_size=3).map(tuple),
    incident_id=st.none() | st.uuids(),
    incident_address=words,
    last_point=st.none() | points,
    last_point_at=st.none() | moments,
)
signals = st.builds(
    Signal,
    id=st.uuids(),
    emergency_id=st.uuids(),
    force=words,
    kind=st.sampled_from(list(SignalKind)[1:]),
    at=moments,
    by=words,
    press=st.none() | presses,
    carrier=st.none() | carriers,
    console=words,
    level=st.sampled_from(EscalationLevel),
    explanation=words,
    covers=st.frozensets(st.uuids(), max_size=4),
    synthetic=st.booleans(),
)


@given(signals)
def test_a_signal_is_read_back_as_it_was_written(signal: Signal) -> None:
    assert signal_from(types.Signal.FromString(signal_message(signal).SerializeToString())) == signal


@given(signals, st.sampled_from(Durability), words)
def test_so_is_one_that_is_held(signal: Signal, durability: Durability, subject: str) -> None:
    held = Held(signal, durability, types.Origin(subject=subject))
    assert held_from(held_message(held)) == held


def test_what_is_no_signal_does_not_hide_those_that_are() -> None:
    good = held_message(Held(pressed(), Durability.LOCAL))
    bad = types.HeldSignal(signal=types.Signal(signal_id="x"))
    assert len(readable([bad, good, types.HeldSignal()])) == 1


def taken(request: api.PressEmergencyRequest, *, ours: bool = False) -> Press:
    return press_from(request, salvaged=False, token_expired=False, ours=ours)


def test_a_press_as_it_should_be() -> None:
    request = api.PressEmergencyRequest(radio="2341001", press_id="7", trigger=types.TRIGGER_MAN_DOWN)
    request.point.CopyFrom(PointMessage(latitude=53.8, longitude=0, accuracy_metres=8))
    request.pressed_at.FromDatetime(at(-1))
    assert taken(request) == Press("2341001", "7", Trigger.MAN_DOWN, Point(53.8, 0, 8), pressed_at=at(-1))


@pytest.mark.parametrize("trigger", list(Trigger)[1:6])
def test_everything_that_may_set_it_off(trigger: Trigger) -> None:  # R-OS-10
    request = api.PressEmergencyRequest(radio="1", trigger=types.Trigger.ValueType(trigger))
    assert taken(request) == Press("1", "", trigger)


def test_left_out_it_is_the_button() -> None:
    assert taken(api.PressEmergencyRequest()) == Press("", "", Trigger.BUTTON)


@pytest.mark.parametrize(
    "parts",
    [
        {"trigger": 99},
        {"radio": "2" * 65},
        {"press_id": "a\x00b"},
        {"point": PointMessage(latitude=95, longitude=0)},
        {"point": PointMessage(latitude=53.8)},
        {"point": PointMessage(latitude=float("nan"), longitude=0)},
        {"point": PointMessage(latitude=1, longitude=1, accuracy_metres=-1)},
        {"point": PointMessage(latitude=1, longitude=1, accuracy_metres=float("inf"))},
        {"pressed_at": Timestamp(seconds=10**15)},
        {"position_at": Timestamp(nanos=-5)},
        # These would keep it from anybody's radio, and only the platform itself says them.
        {"trigger": types.TRIGGER_SYNTHETIC},
        {"trigger": types.TRIGGER_WELFARE},
    ],
    ids=" ".join,
)
def test_what_cannot_be_used_is_left_out_and_the_press_is_marked(parts: dict[str, object]) -> None:
    press = taken(api.PressEmergencyRequest(**parts))  # type: ignore[arg-type]
    assert press.salvaged
    assert press.trigger is Trigger.BUTTON
    assert (press.point, press.pressed_at, press.position_at, press.site) == (None, None, None, "")


def test_the_platform_itself_may_say_that_a_press_is_synthetic() -> None:  # R-OS-07
    request = api.PressEmergencyRequest(radio="probe", press_id="1", trigger=types.TRIGGER_SYNTHETIC, site="leeds")
    assert taken(request, ours=True).synthetic
    assert not taken(request).synthetic


@given(st.binary(max_size=200))
def test_whatever_the_bytes_a_press_comes_of_them_that_can_be_kept(body: bytes) -> None:
    """Also in the database, whose texts hold no zero bytes."""
    press = taken(salvage(api.PressEmergencyRequest.FromString, body))
    signal = pressed(press.radio, press.press_id, trigger=press.trigger, point=press.point, pressed_at=press.pressed_at)
    written = signal_message(signal).SerializeToString()
    assert signal_from(types.Signal.FromString(written)) == signal
    assert "\x00" not in press.radio + press.press_id


def test_of_very_many_presses_the_first_and_the_newest_are_shown() -> None:
    signals = [pressed(press_id=str(number), seconds=number) for number in range(200)]
    message = emergency_message(fold(signals), View(at(300), LADDER))
    shown = [press.press_id for press in message.presses]
    assert (shown[0], shown[1], shown[-1], len(shown)) == ("0", "151", "199", 50)
    assert len(message.alarm_signal_ids) == 200


def test_which_of_the_two_codes_it_is() -> None:  # R-OS-06
    codes = Codes.of("1234", "4321")
    assert [codes.which(spoken) for spoken in ("1234", "4321", "0000", "")] == [Code.SAFE, Code.DURESS, None, None]
    assert b"1234" not in codes.salt + codes.safe + codes.duress
    assert Codes.of("1234", "4321").safe != codes.safe


def test_who_carries_a_radio() -> None:  # R-OS-04
    known = Carriers()
    device_id = naming.device_id(FORCE, "2341001")
    assert known.carrier(FORCE, "2341001") == Carrier(device_id, Duty.UNKNOWN_DEVICE)
    off_duty = Carrier(device_id, Duty.OFF, callsign="W21")
    known.learn([Known(FORCE, "2341001", off_duty, Codes.of("1234", "4321"))])
    assert known.carrier(FORCE, "2341001") == off_duty
    assert known.codes(device_id) is not None
    assert known.carrier("greater-manchester", "2341001").duty is Duty.UNKNOWN_DEVICE
