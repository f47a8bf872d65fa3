"""A press arrives. Nothing about it is a reason to turn it away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.safety.emergency.domain import naming
from services.safety.emergency.domain.folding import Emergency, EmergencyState
from services.safety.emergency.domain.signals import Carrier, Press, Signal, SignalKind

# The same press id after so long is another press: devices count from 1 again when they are switched on.
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

    Another try of a press is the same signal. Another press of the radio joins its open emergency (R-OS-05), and where
    that was taken already, it escalates anew. A synthetic press, and one of a radio that could not be read, stay apart.
    """
    of_radio = [] if _apart(press) else [one for one in known if one.radio == press.radio and not one.synthetic]
    before = _same_press(press, of_radio)
    if before is not None and arrival.at - before.at <= SAME_PRESS:
        return before
    emergency_id = _emergency(press, arrival, of_radio)
    name = press.press_id or str(arrival.request_id)
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


def _same_press(press: Press, of_radio: Iterable[Emergency]) -> Signal | None:
    """The newest press of that name."""
    if not press.press_id:
        return None
    same = [
        signal
        for emergency in of_radio
        for signal in emergency.of(SignalKind.PRESSED)
        if signal.press is not None and signal.press.press_id == press.press_id
    ]
    return max(same, key=lambda signal: (signal.at, signal.id), default=None)


def _emergency(press: Press, arrival: Arrival, of_radio: list[Emergency]) -> UUID:
    if _apart(press):
        return naming.apart_id(arrival.force, f"{press.site}/{press.press_id or arrival.request_id}")
    unended = [one for one in of_radio if one.state in (EmergencyState.OPEN, EmergencyState.ACKNOWLEDGED)]
    if unended:
        return min(unended, key=lambda one: (one.alarms[0].at, one.id)).id
    clears = [one.cleared for one in of_radio if one.cleared is not None]
    last = max(clears, key=lambda clear: (clear.at, clear.id), default=None)
    return naming.emergency_id(arrival.force, press.radio, last.id if last else None, arrival.at)
