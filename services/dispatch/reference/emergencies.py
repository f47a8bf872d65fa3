"""Who is told of an emergency, as the force gives it."""

from datetime import date
from functools import cache

from services.dispatch.emergencies.domain.nearby import NearbyRules
from services.dispatch.reference import values


@cache
def nearby_rules(force: str, on: date) -> NearbyRules:
    """Which units are told of an emergency nearby."""
    found = values("emergency", force, on)
    return NearbyRules(found["nearby_metres"], int(found["most_units"]))
