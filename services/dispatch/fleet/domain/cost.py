"""What it costs to send a unit, in seconds, part by part, and in words (domain facts 4.2)."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.dispatch.domain.terms import UnitStatus
from services.dispatch.domain.travel import TravelRules

_WORDS = {
    UnitStatus.ON_DUTY: "on duty",
    UnitStatus.ON_PATROL: "on patrol",
    UnitStatus.AT_STATION: "at the station",
    UnitStatus.REFRESHMENTS: "at refreshments",
    UnitStatus.EN_ROUTE: "on its way to something else",
    UnitStatus.AT_SCENE: "at the scene of something else",
    UnitStatus.COMMITTED_DEPLOYABLE: "committed but deployable",
}
# Nobody needs to hear of an accuracy that a look around the corner makes up for.
_ACCURATE_METRES = 50.0


@dataclass(frozen=True, slots=True)
class CostRules:
    """A force's reckoning. `status`: seconds by status. Everything else is in its name's unit.

    A position that is old may be wrong by as far as the unit can have gone since, up to `most_drift_metres`.
    """

    travel: TravelRules
    status: Mapping[UnitStatus, float]
    drift_metres_per_second: float
    most_drift_metres: float
    # Where nobody knows where the unit is.
    unknown_position_seconds: float
    # A crew that has less than `shift_margin_seconds` left pays in proportion, up to `shift_seconds`.
    shift_margin_seconds: float
    shift_seconds: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What sending one unit costs. Distance and position are None where nobody knows them."""

    seconds: float
    distance_metres: float | None
    position_age_seconds: float | None
    accuracy_metres: float
    travel_seconds: float
    status_seconds: float
    position_seconds: float
    shift_seconds: float
    shift_left_seconds: float


def why(cost: Cost, status: UnitStatus, *, current_urgency: int, margin_seconds: float) -> str:
    """The cost in words: "1.2 km, on patrol, position 8 s old"."""
    words = [_distance(cost.distance_metres), _WORDS.get(status, status.name.lower().replace("_", " "))]
    if current_urgency:
        words.append(f"taken from urgency {current_urgency}")
    words.append(_position(cost))
    if cost.shift_left_seconds < margin_seconds:
        left = max(0, round(cost.shift_left_seconds / 60))
        words.append(f"shift ends in {left} min" if left else "shift is over")
    return ", ".join(words)


def _distance(metres: float | None) -> str:
    if metres is None:
        return "distance unknown"
    return f"{metres / 1000:.1f} km" if metres >= 950 else f"{metres:.0f} m"


def _position(cost: Cost) -> str:
    if cost.position_age_seconds is None:
        return "position unknown"
    age = cost.position_age_seconds
    told = f"position {age / 60:.0f} min old" if age >= 120 else f"position {age:.0f} s old"
    return f"{told} within {cost.accuracy_metres:.0f} m" if cost.accuracy_metres > _ACCURATE_METRES else told
