"""The rules of units, read once a process and force and day. A table that breaks its own rules raises KeyError or
ValueError: no unit is judged by half a table."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from services.dispatch.domain.terms import UnitStatus
from services.dispatch.domain.travel import TravelRules
from services.dispatch.emergencies.domain.nearby import NearbyRules
from services.dispatch.fleet.domain.cost import CostRules
from services.dispatch.fleet.domain.deployment import Availability, DeploymentRules, PreEmption
from services.dispatch.reference import lines
from services.dispatch.units.domain.status import Need, StatusRules

_KMH = 3.6


@dataclass(frozen=True, slots=True)
class DutyRules:
    """How long before a booking-on a test of a radio counts for it, and how long a shift may be."""

    device_test: timedelta
    longest_shift: timedelta


@cache
def status_rules(force: str, on: date) -> StatusRules:
    """What transitions a force allows, and how long a unit may be in a status."""
    needs: dict[tuple[UnitStatus, UnitStatus], set[Need]] = {}
    for row in lines("transitions", force, on):
        for before in row["from"].split():
            needs.setdefault((UnitStatus[before], UnitStatus[row["to"]]), set()).add(Need(row["needs"]))
    overdue = {
        UnitStatus[row["status"]]: timedelta(minutes=int(row["overdue_minutes"]))
        for row in lines("statuses", force, on)
        if row["overdue_minutes"]
    }
    return StatusRules({pair: frozenset(found) for pair, found in needs.items()}, overdue)


@cache
def deployment_rules(force: str, on: date) -> DeploymentRules:
    """Which statuses leave a unit free, and what it may be taken from."""
    return DeploymentRules(
        availability={
            UnitStatus[row["status"]]: Availability(row["availability"]) for row in lines("statuses", force, on)
        },
        pre_emptions=tuple(
            PreEmption(
                UnitStatus[row["status"]],
                taker_most=int(row["taker_urgency_most"]),
                current_least=int(row["current_urgency_least"]),
                confirm={"yes": True, "no": False}[row["confirm"]],
            )
            for row in lines("pre_emption", force, on)
        ),
    )


@cache
def duty_rules(force: str, on: date) -> DutyRules:
    """What holds when a crew comes on duty."""
    values = _values("duty", force, on)
    return DutyRules(timedelta(minutes=values["device_test_minutes"]), timedelta(hours=values["longest_shift_hours"]))


@cache
def travel_rules(force: str, on: date) -> TravelRules:
    """How long ways take."""
    values = _values("travel", force, on)
    return TravelRules(
        road_factor=values["road_factor"],
        urgent_metres_per_second=values["urgent_kmh"] / _KMH,
        metres_per_second=values["kmh"] / _KMH,
        urgent_most=int(values["urgent_most"]),
    )


@cache
def cost_rules(force: str, on: date) -> CostRules:
    """What it costs to send a unit."""
    values = _values("travel", force, on)
    return CostRules(
        travel=travel_rules(force, on),
        status={UnitStatus[row["status"]]: float(row["penalty_seconds"]) for row in lines("statuses", force, on)},
        drift_metres_per_second=values["drift_metres_per_second"],
        most_drift_metres=values["most_drift_metres"],
        unknown_position_seconds=values["unknown_position_seconds"],
        shift_margin_seconds=60 * values["shift_margin_minutes"],
        shift_seconds=values["shift_penalty_seconds"],
    )


@cache
def nearby_rules(force: str, on: date) -> NearbyRules:
    """Which units are told of an emergency nearby."""
    values = _values("emergency", force, on)
    return NearbyRules(values["nearby_metres"], int(values["most_units"]))


@cache
def skill_codes(force: str, on: date) -> frozenset[str]:
    """The skills that there are."""
    return frozenset(row["code"] for row in lines("skills", force, on))


def _values(table: str, force: str, on: date) -> dict[str, float]:
    return {row["name"]: float(row["value"]) for row in lines(table, force, on)}
