"""Signals and presses as the contract writes them, and back.

The way in from a radio is tolerant: what cannot be used is left out and the press is marked, for a press is never
refused for what it says (I4). The way in from another replica or from the disk is strict: it is our own writing.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.type.v1.place_pb2 import Point as PointMessage
from services.kernel.wire import optional_moment, optional_stamp, stamp
from services.safety.emergency.domain.signals import (
    Carrier,
    Duty,
    EscalationLevel,
    Point,
    Press,
    Signal,
    SignalKind,
    Trigger,
)

_RADIO_LONGEST = 64
_PRESS_ID_LONGEST = 128
_SITE_LONGEST = 64
# Only the platform itself says so: by mistake it would keep a press from anybody's radio.
_BY_US = (types.TRIGGER_SYNTHETIC, types.TRIGGER_WELFARE)


class _Taking:
    """Reads fields of a press, and notes whether one of them could not be used as it was."""

    def __init__(self) -> None:
        self.whole = True

    def text(self, value: str, longest: int) -> str:
        usable = value.replace("\x00", "")[:longest]
        self.whole &= usable == value
        return usable

    def moment(self, value: Timestamp, *, given: bool) -> datetime | None:
        if not given:
            return None
        try:
            return optional_moment(api.PressEmergencyRequest(pressed_at=value), "pressed_at")
        except (ValueError, OverflowError):
            self.whole = False
            return None

    def point(self, value: PointMessage, *, given: bool) -> Point | None:
        if not given:
            return None
        point = point_from(value)
        self.whole &= point is not None
        return point

    def trigger(self, value: int, *, ours: bool) -> Trigger:
        known = value in types.Trigger.values() and (ours or value not in _BY_US)
        self.whole &= known
        return (Trigger(value) if known else None) or Trigger.BUTTON


def point_from(message: PointMessage) -> Point | None:
    """The point that somebody else wrote; None where there is no such place."""
    point = Point(message.latitude, message.longitude, message.accuracy_metres)
    both = message.HasField("latitude") and message.HasField("longitude")
    accurate = 0 <= point.accuracy_metres <= 1_000_000
    return point if both and accurate and abs(point.latitude) <= 90 and abs(point.longitude) <= 180 else None


def press_from(request: api.PressEmergencyRequest, *, salvaged: bool, token_expired: bool, ours: bool) -> Press:
    """The press in a request, as far as it can be used. `ours`: the platform itself says it."""
    take = _Taking()
    trigger = take.trigger(request.trigger, ours=ours)
    press = Press(
        radio=take.text(request.radio, _RADIO_LONGEST),
        press_id=take.text(request.press_id, _PRESS_ID_LONGEST),
        trigger=trigger,
        point=take.point(request.point, given=request.HasField("point")),
        position_at=take.moment(request.position_at, given=request.HasField("position_at")),
        pressed_at=take.moment(request.pressed_at, given=request.HasField("pressed_at")),
        token_expired=token_expired,
        site=take.text(request.site, _SITE_LONGEST) if trigger is Trigger.SYNTHETIC else "",
        salvaged=salvaged,
    )
    return press if take.whole else replace(press, salvaged=True)


def point_message(point: Point | None) -> PointMessage | None:
    """A point as the contract writes it."""
    if point is None:
        return None
    return PointMessage(latitude=point.latitude, longitude=point.longitude, accuracy_metres=point.accuracy_metres)


def press_message(press: Press) -> types.Press:
    """A press as the contract writes it."""
    return types.Press(
        radio=press.radio,
        press_id=press.press_id,
        trigger=types.Trigger.ValueType(press.trigger),
        point=point_message(press.point),
        position_at=optional_stamp(press.position_at),
        pressed_at=optional_stamp(press.pressed_at),
        salvaged=press.salvaged,
        token_expired=press.token_expired,
        site=press.site,
    )


def carrier_message(carrier: Carrier) -> types.Carrier:
    """A carrier as the contract writes it."""
    return types.Carrier(
        device_id=str(carrier.device_id),
        duty=types.Duty.ValueType(carrier.duty),
        unit_id=_text(carrier.unit_id),
        callsign=carrier.callsign,
        crew=carrier.crew,
        incident_id=_text(carrier.incident_id),
        incident_address=carrier.incident_address,
        last_point=point_message(carrier.last_point),
        last_point_at=optional_stamp(carrier.last_point_at),
    )


def signal_message(signal: Signal) -> types.Signal:
    """A signal as the contract writes it: all of it, so that it can be read back."""
    return types.Signal(
        signal_id=str(signal.id),
        emergency_id=str(signal.emergency_id),
        force=signal.force,
        kind=types.SignalKind.ValueType(signal.kind),
        at=stamp(signal.at),
        by=signal.by,
        press=None if signal.press is None else press_message(signal.press),
        carrier=None if signal.carrier is None else carrier_message(signal.carrier),
        console=signal.console,
        level=types.EscalationLevel.ValueType(signal.level),
        explanation=signal.explanation,
        covered_signal_ids=sorted(str(one) for one in signal.covers),
        synthetic=signal.synthetic,
    )


def signal_from(message: types.Signal) -> Signal:
    """The signal that signal_message wrote. Raises ValueError for anything else."""
    return Signal(
        id=UUID(message.signal_id),
        emergency_id=UUID(message.emergency_id),
        force=message.force,
        kind=SignalKind(message.kind),
        at=_moment(message, "at"),
        by=message.by,
        press=_press(message.press) if message.HasField("press") else None,
        carrier=_carrier(message.carrier) if message.HasField("carrier") else None,
        console=message.console,
        level=EscalationLevel(message.level),
        explanation=message.explanation,
        covers=frozenset(UUID(one) for one in message.covered_signal_ids),
        synthetic=message.synthetic,
    )


def _press(message: types.Press) -> Press:
    return Press(
        radio=message.radio,
        press_id=message.press_id,
        trigger=Trigger(message.trigger),
        point=_point(message.point) if message.HasField("point") else None,
        position_at=optional_moment(message, "position_at"),
        pressed_at=optional_moment(message, "pressed_at"),
        salvaged=message.salvaged,
        token_expired=message.token_expired,
        site=message.site,
    )


def _carrier(message: types.Carrier) -> Carrier:
    return Carrier(
        device_id=UUID(message.device_id),
        duty=Duty(message.duty),
        unit_id=_id(message.unit_id),
        callsign=message.callsign,
        crew=tuple(message.crew),
        incident_id=_id(message.incident_id),
        incident_address=message.incident_address,
        last_point=_point(message.last_point) if message.HasField("last_point") else None,
        last_point_at=optional_moment(message, "last_point_at"),
    )


def _point(message: PointMessage) -> Point:
    return Point(message.latitude, message.longitude, message.accuracy_metres)


def _moment(message: types.Signal, field: str) -> datetime:
    moment = optional_moment(message, field)
    if moment is None:
        raise ValueError(f"a signal without {field}")
    return moment


def _id(text: str) -> UUID | None:
    return UUID(text) if text else None


def _text(found: UUID | None) -> str:
    return "" if found is None else str(found)
