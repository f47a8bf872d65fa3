"""Which units may be sent and what that costs, as the force gives it. A table that breaks its own rules raises KeyError
or ValueError: no unit is judged by half a table."""

from datetime import date
from functools import cache

from services.dispatch.domain.terms import UnitStatus
from services.dispatch.fleet.domain.cost import CostRules
from services.dispatch.fleet.domain.deployment import Availability, DeploymentRules, PreEmption
from services.dispatch.reference import lines, values
from services.dispatch.reference.units import travel_rules


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
def cost_rules(force: str, on: date) -> CostRules:
    """What it costs to send a unit."""
    found = values("travel", force, on)
    return CostRules(
        travel=travel_rules(force, on),
        status={UnitStatus[row["status"]]: float(row["penalty_seconds"]) for row in lines("statuses", force, on)},
        drift_metres_per_second=found["drift_metres_per_second"],
        most_drift_metres=found["most_drift_metres"],
        unknown_position_seconds=found["unknown_position_seconds"],
        shift_margin_seconds=60 * found["shift_margin_minutes"],
        shift_seconds=found["shift_penalty_seconds"],
    )
