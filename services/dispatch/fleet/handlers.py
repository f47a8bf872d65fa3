"""Which units could go to an incident, best first, each with why (domain facts 4.2)."""

from dataclasses import dataclass
from uuid import UUID

from services.dispatch.domain.records import Unit
from services.dispatch.fleet.domain.cost import Cost, CostRules, why
from services.dispatch.fleet.domain.recommend import Recommended, Wish, recommend
from services.dispatch.fleet.memory import Fleet, ForceUnits
from services.dispatch.incidents import store as incident_store
from services.dispatch.reference.fleet import cost_rules, deployment_rules
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RecommendUnits:
    incident_id: UUID
    skills: frozenset[str]
    limit: int


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A unit that could go, what that costs, and why in words."""

    unit: Unit
    cost: Cost
    pre_empts: bool
    why: str


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Units, best first, and how many were left out, by the reason."""

    found: list[Recommendation]
    left_out: dict[str, int]


async def recommend_units(command: RecommendUnits, tx: Transaction) -> Recommendations:
    return await units_for(command, tx.caller.force, tx)


async def units_for(command: RecommendUnits, force: str, tx: Transaction) -> Recommendations:
    """The units of a force that could go to one of its incidents, whoever wants to know. Raises NotFound."""
    incident = await incident_store.incident(tx, command.incident_id, force)
    units = tx.kept(Fleet).of(incident.force)
    await units.catch_up(tx)
    today = local_date(tx.now)
    costs = cost_rules(incident.force, today)
    wish = Wish(
        point=None if incident.place is None else incident.place.point,
        urgency=incident.urgency,
        skills=units.mask(command.skills),
        rows_there=units.rows_on(incident.id),
        limit=command.limit,
    )
    rules, size = deployment_rules(incident.force, today), len(units.units)
    best = recommend(units.columns, size, wish, rules, costs, tx.now.timestamp())
    return as_recommendations(units, best, costs)


def as_recommendations(units: ForceUnits, best: Recommended, costs: CostRules) -> Recommendations:
    """What was found by its rows, as units with their reasons."""
    found = []
    for one in best.candidates:
        unit = units.at_present(one.row)
        words = why(
            one.cost, unit.status, current_urgency=unit.incident_urgency, margin_seconds=costs.shift_margin_seconds
        )
        found.append(Recommendation(unit, one.cost, one.pre_empts, words))
    return Recommendations(found, best.left_out)
