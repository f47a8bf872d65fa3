"""How far it is, and how long the way takes (domain facts 4.2). Metres, seconds, degrees WGS84."""

from dataclasses import dataclass
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt

from services.dispatch.domain.records import Point

EARTH_METRES = 6_371_000.0


@dataclass(frozen=True, slots=True)
class TravelRules:
    """A force's reckoning: roads are longer than the crow flies by this factor, and this is how fast units move."""

    road_factor: float
    # With blue lights, which go to the most urgent grade.
    urgent_metres_per_second: float
    metres_per_second: float
    urgent_most: int

    def speed(self, urgency: int) -> float:
        """Metres a second to an incident of that urgency, 1 the most urgent."""
        return self.urgent_metres_per_second if urgency <= self.urgent_most else self.metres_per_second


def metres_between(one: Point, other: Point) -> float:
    """As the crow flies (haversine)."""
    north, south = radians(one.latitude), radians(other.latitude)
    east = radians(other.longitude - one.longitude)
    half = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(east / 2) ** 2
    return 2 * EARTH_METRES * asin(sqrt(min(1.0, half)))


def travel_time(start: Point | None, end: Point | None, urgency: int, rules: TravelRules) -> timedelta | None:
    """How long the way is thought to take; None where nobody knows one of its ends."""
    if start is None or end is None:
        return None
    return timedelta(seconds=metres_between(start, end) * rules.road_factor / rules.speed(urgency))
