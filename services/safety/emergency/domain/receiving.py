"""A press arrives. Nothing about it is a reason to turn it away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.safety.emergency.domain import naming
from services.safety.emergency.domain.folding import Emergency, EmergencyState
from services.safety.emergency.domain.signals import Carrier, Press, Signal, SignalKind

# No try of a press comes after so long: devices count from 1 again when they are switched on.
SAME_PRESS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a press came: when, in whose name, and a name for it where the device gave none."""

    force: str
    at: datetime
    by: str
    request_id: UUID


def receive(press: Press, carrier: Carrier, arrival: Arrival, known: Iterable[Emergency]) -> Signal:
    """The signal of a press, given the emergencies of its radio that are known.

    Another try of a press is the same signal: a gateway sends the same message again, so press id and device's time are
    the same. Another press of the radio joins its open emergency (R-OS-05), and where that was taken already, it
    escalates anew; after a clear it begins another. A synthetic press, and one of a radio that could not be read, stay
    apart.
    """
    of_radio = [] if _apart(press) else [one for one in known if one.radio == press.radio and not one.synthetic]
    before = _newest_alike(press, of_radio)
    if before is not None and arrival.at - before.at <= SAME_PRESS and _is_tried_again(press, before, of_radio):
        return before
    emergency_id = _emergency(press, arrival, of_radio)
    name = naming.press_name(press.press_id or str(arrival.request_id), press.pressed_at)
    return Signal(
        id=naming.press_id(emergency_id, press.radio, name, before.id if before else None),
        emergency_id=emergency_id,
        force=arrival.force,
        kind=SignalKind.PRESSED,
        at=arrival.at,
        by=arrival.by,
        press=press,
        carrier=carrier,
        synthetic=press.synthetic,
    )


def _apart(press: Press) -> bool:
    return press.synthetic or not press.radio


def _newest_alike(press: Press, of_radio: Iterable[Emergency]) -> Signal | None:
    """The newest press that this one may be another try of: of that press id, and of no other time by the device."""
    if not press.press_id:
        return None
    alike = [
        signal
        for emergency in of_radio
        for signal in emergency.of(SignalKind.PRESSED)
        if signal.press is not None and signal.press.press_id == press.press_id and _may_be_of_one_time(press, signal)
    ]
    return max(alike, key=lambda signal: (signal.at, signal.id), default=None)


def _may_be_of_one_time(press: Press, signal: Signal) -> bool:
    other = signal.press.pressed_at if signal.press is not None else None
    return press.pressed_at is None or other is None or press.pressed_at == other


def _is_tried_again(press: Press, before: Signal, of_radio: Iterable[Emergency]) -> bool:
    """Where a device does not say when it was pressed, a press that was cleared is not taken for the one that comes:
    shown twice is better than not at all (I4)."""
    said = press.pressed_at is not None and before.press is not None and before.press.pressed_at is not None
    return said or any(before in one.open_alarms for one in of_radio)


def _emergency(press: Press, arrival: Arrival, of_radio: list[Emergency]) -> UUID:
    if _apart(press):
        return naming.apart_id(arrival.force, f"{press.site}/{press.press_id or arrival.request_id}")
    unended = [one for one in of_radio if one.state in (EmergencyState.OPEN, EmergencyState.ACKNOWLEDGED)]
    if unended:
        return min(unended, key=lambda one: (one.alarms[0].at, one.id)).id
    clears = [one.cleared for one in of_radio if one.cleared is not None]
    last = max(clears, key=lambda clear: (clear.at, clear.id), default=None)
    return naming.emergency_id(arrival.force, press.radio, last.id if last else None, arrival.at)
