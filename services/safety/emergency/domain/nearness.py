"""A second officer's press in the same place: one of two who both need help is graver than either (R-OS-05)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

from services.safety.emergency.domain.folding import Emergency, EmergencyState, Gravity
from services.safety.emergency.domain.signals import Point

_EARTH_METRES = 6_371_008.8
_DEGREE_METRES = _EARTH_METRES * radians(1)


@dataclass(frozen=True, slots=True)
class Nearness:
    """How close in place and time two presses are near each other."""

    metres: float
    within: timedelta


def near(emergency: Emergency, others: Iterable[Emergency], rule: Nearness) -> tuple[UUID, ...]:
    """Other open emergencies of the force near an open one, by id: near by their points, or at the same incident."""
    if not _counts(emergency):
        return ()
    return tuple(sorted(other.id for other in others if _counts(other) and _are_near(emergency, other, rule)))


def gravity_of(emergency: Emergency, nearby: Iterable[UUID]) -> Gravity:
    """Its own gravity, raised by those nearby."""
    return max(emergency.gravity, Gravity.SEVERAL_OFFICERS if any(nearby) else Gravity.EMERGENCY)


def _counts(emergency: Emergency) -> bool:
    open_now = emergency.state in (EmergencyState.OPEN, EmergencyState.ACKNOWLEDGED)
    return open_now and not emergency.synthetic


def _are_near(one: Emergency, other: Emergency, rule: Nearness) -> bool:
    if one.id == other.id or one.force != other.force or (one.radio and one.radio == other.radio):
        return False
    if not (_same_incident(one, other) or _within(one, other, rule.metres)):
        return False
    return min(abs(a.at - b.at) for a in one.open_alarms for b in other.open_alarms) <= rule.within


def _same_incident(one: Emergency, other: Emergency) -> bool:
    a, b = one.carrier, other.carrier
    return a is not None and b is not None and a.incident_id is not None and a.incident_id == b.incident_id


def _within(one: Emergency, other: Emergency, metres: float) -> bool:
    a, b = one.position.point, other.position.point
    if a is None or b is None:
        return False
    # Cheap, and enough to rule out most: from north to south alone it is too far.
    return abs(a.latitude - b.latitude) * _DEGREE_METRES <= metres and distance(a, b) <= metres


def distance(a: Point, b: Point) -> float:
    """Metres along the surface of a sphere of the earth's mean radius."""
    up = radians(b.latitude - a.latitude)
    across = radians(b.longitude - a.longitude)
    half = sin(up / 2) ** 2 + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(across / 2) ** 2
    return 2 * _EARTH_METRES * asin(min(1.0, sqrt(half)))
