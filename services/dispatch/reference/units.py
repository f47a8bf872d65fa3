"""The rules of units, read once a process and force and day. A table that breaks its own rules raises KeyError or
ValueError: no unit is judged by half a table."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from services.dispatch.domain.terms import UnitStatus
from services.dispatch.domain.travel import TravelRules
from services.dispatch.reference import lines, values
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
def duty_rules(force: str, on: date) -> DutyRules:
    """What holds when a crew comes on duty."""
    found = values("duty", force, on)
    return DutyRules(timedelta(minutes=found["device_test_minutes"]), timedelta(hours=found["longest_shift_hours"]))


@cache
def travel_rules(force: str, on: date) -> TravelRules:
    """How long ways take."""
    found = values("travel", force, on)
    return TravelRules(
        road_factor=found["road_factor"],
        urgent_metres_per_second=found["urgent_kmh"] / _KMH,
        metres_per_second=found["kmh"] / _KMH,
        urgent_most=int(found["urgent_most"]),
    )


@cache
def skill_codes(force: str, on: date) -> frozenset[str]:
    """The skills that there are."""
    return frozenset(row["code"] for row in lines("skills", force, on))
