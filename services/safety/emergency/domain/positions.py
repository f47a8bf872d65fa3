"""Where an emergency is, by the best that is known (R-OS-04)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from services.safety.emergency.domain.signals import Point, Signal


class PositionSource(IntEnum):
    """Best first."""

    UNSPECIFIED = 0
    PRESS = 1
    LAST_KNOWN = 2
    INCIDENT = 3
    NONE = 4


@dataclass(frozen=True, slots=True)
class Position:
    """A position, where it comes from and when it was true. Of an incident's address nobody has a point."""

    source: PositionSource
    point: Point | None = None
    at: datetime | None = None


def position_of(signals: Sequence[Signal]) -> Position:
    """The newest press's own point, else where its device was last heard, else the same of the press before it; then
    the address of the incident its unit was sent to. Signals are given oldest first."""
    pressed = [signal for signal in reversed(signals) if signal.press is not None]
    for signal in pressed:
        position = _point_at(signal)
        if position is not None:
            return position
    addressed = any(signal.carrier and signal.carrier.incident_address for signal in pressed)
    return Position(PositionSource.INCIDENT if addressed else PositionSource.NONE)


def _point_at(signal: Signal) -> Position | None:
    press, carrier = signal.press, signal.carrier
    if press is not None and press.point is not None:
        return Position(PositionSource.PRESS, press.point, press.position_at or signal.at)
    if carrier is not None and carrier.last_point is not None:
        return Position(PositionSource.LAST_KNOWN, carrier.last_point, carrier.last_point_at)
    return None
