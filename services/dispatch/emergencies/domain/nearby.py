"""Which units are told of an emergency that nobody has taken (R-OS-03)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import cos, degrees, radians
from uuid import UUID

from services.dispatch.domain.records import EmergencyNearby, Point, Unit
from services.dispatch.domain.terms import UnitStatus
from services.dispatch.domain.travel import EARTH_METRES, metres_between


@dataclass(frozen=True, slots=True)
class NearbyRules:
    """A force's rules: the nearest units on duty, at most so many and so far away."""

    metres: float
    most_units: int


@dataclass(frozen=True, slots=True)
class Need:
    """An emergency that needs help: where it is, and whose, where that is known."""

    emergency_id: UUID
    point: Point
    raised_at: datetime
    unit_id: UUID | None
    callsign: str


def tell_nearby(need: Need, units: Iterable[Unit], rules: NearbyRules) -> list[EmergencyNearby]:
    """Whom to tell, the nearest first: nobody who is in need themselves, off duty, or nobody knows where."""
    there = (
        (metres_between(unit.position.point, need.point), unit)
        for unit in units
        if unit.position is not None
        and unit.status is not UnitStatus.OFF_DUTY
        and unit.id != need.unit_id
        and not unit.emergencies
    )
    near = sorted(((metres, unit) for metres, unit in there if metres <= rules.metres), key=lambda one: one[0])
    return [
        EmergencyNearby(need.emergency_id, unit.id, unit.force, need.callsign, need.point, metres, need.raised_at)
        for metres, unit in near[: rules.most_units]
    ]


def box(point: Point, metres: float) -> tuple[float, float, float, float]:
    """Degrees south, north, west and east that hold every point so near: to ask for no more units than may matter."""
    north = degrees(metres / EARTH_METRES)
    east = min(180.0, north / max(0.01, cos(radians(point.latitude))))
    return point.latitude - north, point.latitude + north, point.longitude - east, point.longitude + east
