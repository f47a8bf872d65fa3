"""Which units could go, best first: hard filters, then cost, over all units of a force at once (domain facts 4.2).

The filters are those of deployment.py, in its order; a test holds both against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.dispatch.domain.records import Point
from services.dispatch.domain.terms import UnitStatus
from services.dispatch.domain.travel import EARTH_METRES
from services.dispatch.fleet.domain.cost import Cost, CostRules
from services.dispatch.fleet.domain.deployment import DeploymentRules, Obstacle, by_status

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_MOST_URGENCY = 16


@dataclass(slots=True)
class Columns:
    """The units of a force, a row each. Times are seconds since 1970, nan where unknown; degrees WGS84."""

    # The status that counts for deployment, and the urgency of the incident it is on, 0 for none.
    status: NDArray[np.int64]
    urgency: NDArray[np.int64]
    emergency: Flags
    tested: Flags
    # A bit for each skill that holds today.
    skills: NDArray[np.uint64]
    shift_ends_at: Floats
    latitude: Floats
    longitude: Floats
    accuracy: Floats
    position_at: Floats


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for. `rows_there` are of units that are on the incident already."""

    point: Point | None
    urgency: int
    skills: int
    rows_there: Sequence[int]
    limit: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that could go, by its row."""

    row: int
    cost: Cost
    pre_empts: bool


@dataclass(frozen=True, slots=True)
class Recommended:
    """Who could go, best first, and how many could not, by the reason."""

    candidates: list[Candidate] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)


def recommend(
    columns: Columns, size: int, wish: Wish, deployment: DeploymentRules, costs: CostRules, now: float
) -> Recommended:
    """The `wish.limit` units of the first `size` rows that cost least."""
    verdicts = _Verdicts(columns, size, wish, deployment)
    rows = np.flatnonzero(verdicts.fit)
    parts = _Parts(columns, rows, wish, costs, now)
    best = _cheapest(parts.total, wish.limit)
    candidates = [Candidate(int(rows[at]), parts.cost(at), bool(verdicts.pre_empts[rows[at]])) for at in best]
    return Recommended(candidates, verdicts.left_out)


def _cheapest(total: Floats, limit: int) -> list[int]:
    """Where the least are, in order; the earlier row where two cost the same."""
    if limit < len(total):
        within = np.flatnonzero(total <= np.partition(total, limit - 1)[limit - 1])
    else:
        within = np.arange(len(total))
    return [int(at) for at in within[np.argsort(total[within], kind="stable")][:limit]]


class _Verdicts:
    """Who is fit, and what stands against the others: the first obstacle in the order of deployment.fitness."""

    def __init__(self, columns: Columns, size: int, wish: Wish, rules: DeploymentRules) -> None:
        status, urgency = columns.status[:size], np.minimum(columns.urgency[:size], _MOST_URGENCY - 1)
        refused, pre_empts = _by_status(wish.urgency, rules)
        there = np.zeros(size, dtype=np.bool_)
        there[list(wish.rows_there)] = True
        wanted = np.uint64(wish.skills)
        committed = refused[status, urgency]
        against = (
            (Obstacle.OFF_DUTY, status == UnitStatus.OFF_DUTY),
            (Obstacle.IN_EMERGENCY, columns.emergency[:size]),
            (Obstacle.ASSIGNED_HERE, there),
            (Obstacle.UNTESTED, ~columns.tested[:size]),
            (Obstacle.SKILL_MISSING, (columns.skills[:size] & wanted) != wanted),
            (Obstacle.NOT_DEPLOYABLE, committed == _CODES[Obstacle.NOT_DEPLOYABLE]),
            (Obstacle.PRE_EMPTION_REFUSED, committed == _CODES[Obstacle.PRE_EMPTION_REFUSED]),
        )
        self.fit: Flags = np.ones(size, dtype=np.bool_)
        self.left_out: dict[str, int] = {}
        for obstacle, stands in against:
            count = int(np.count_nonzero(self.fit & stands))
            if count:
                self.left_out[obstacle.value] = count
            self.fit &= ~stands
        self.pre_empts: Flags = pre_empts[status, urgency]


_CODES = {None: 0, Obstacle.NOT_DEPLOYABLE: 1, Obstacle.PRE_EMPTION_REFUSED: 2}


@lru_cache(maxsize=256)
def _by_status(urgency: int, rules: DeploymentRules) -> tuple[NDArray[np.int8], Flags]:
    """Obstacle and pre-emption by status and the urgency of what a unit is on."""
    shape = (max(UnitStatus) + 1, _MOST_URGENCY)
    refused, pre_empts = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.bool_)
    for status in rules.availability:
        for current in range(_MOST_URGENCY):
            found = by_status(status, current, urgency, rules)
            refused[status, current] = _CODES[found.obstacle]
            pre_empts[status, current] = found.pre_empts
    return refused, pre_empts


class _Parts:
    """The parts of the cost of those rows."""

    def __init__(self, columns: Columns, rows: NDArray[np.int64], wish: Wish, rules: CostRules, now: float) -> None:
        speed = rules.travel.speed(wish.urgency)
        self.age = np.maximum(0.0, now - columns.position_at[rows])
        self.accuracy = columns.accuracy[rows]
        self.distance = _metres(columns, rows, wish.point)
        unknown = np.isnan(self.distance)
        travel = self.distance * rules.travel.road_factor / speed
        drift = np.minimum(rules.most_drift_metres, self.age * rules.drift_metres_per_second) + self.accuracy
        placed = 0.0 if wish.point is None else rules.unknown_position_seconds
        self.travel = np.where(unknown, placed, travel)
        self.position = np.where(unknown, 0.0, drift / speed)
        by_status = np.zeros(max(UnitStatus) + 1)
        for status, seconds in rules.status.items():
            by_status[status] = seconds
        self.status = by_status[columns.status[rows]]
        self.left = np.nan_to_num(columns.shift_ends_at[rows] - now, nan=np.inf)
        short = np.clip(1.0 - self.left / rules.shift_margin_seconds, 0.0, 1.0)
        self.shift = short * rules.shift_seconds
        self.total = self.travel + self.position + self.status + self.shift

    def cost(self, at: int) -> Cost:
        """The parts of one of them."""
        distance, age = float(self.distance[at]), float(self.age[at])
        return Cost(
            seconds=float(self.total[at]),
            distance_metres=None if np.isnan(distance) else distance,
            position_age_seconds=None if np.isnan(age) else age,
            accuracy_metres=float(self.accuracy[at]),
            travel_seconds=float(self.travel[at]),
            status_seconds=float(self.status[at]),
            position_seconds=float(self.position[at]),
            shift_seconds=float(self.shift[at]),
            shift_left_seconds=float(self.left[at]),
        )


def _metres(columns: Columns, rows: NDArray[np.int64], point: Point | None) -> Floats:
    """As the crow flies (haversine); nan where nobody knows one of the ends."""
    if point is None:
        return np.full(len(rows), np.nan)
    north, there = np.radians(columns.latitude[rows]), np.radians(point.latitude)
    east = np.radians(columns.longitude[rows] - point.longitude)
    half = np.sin((there - north) / 2) ** 2 + np.cos(north) * np.cos(there) * np.sin(east / 2) ** 2
    metres: Floats = 2 * EARTH_METRES * np.arcsin(np.sqrt(np.minimum(1.0, half)))
    return metres
