"""What is asked of recommendations, and what they are, as the contract writes them."""

from datetime import datetime

from peel.dispatch.v1 import api_pb2 as api
from services.dispatch.fleet.handlers import Recommendation, Recommendations, RecommendUnits
from services.dispatch.messages import unit_message
from services.dispatch.reference.units import skill_codes
from services.kernel.reference import local_date
from services.kernel.validation import Check

_USUAL, _MOST = 5, 50
_MOST_SKILLS = 20


def recommend_from(request: api.RecommendUnitsRequest, force: str, now: datetime) -> RecommendUnits:
    """Raises Invalid naming every field that breaks a rule."""
    check = Check(now)
    incident_id = check.uuid("incident_id", request.incident_id)
    known = skill_codes(force, local_date(now))
    if len(request.skills) > _MOST_SKILLS:
        check.violation("skills", f"must have at most {_MOST_SKILLS} entries")
    for number, code in enumerate(request.skills[:_MOST_SKILLS]):
        if code not in known:
            check.violation(f"skills[{number}]", "is not a code of the table of skills", "CODE_UNKNOWN")
    limit = check.size("limit", request.limit, default=_USUAL, most=_MOST)
    check.done()
    return RecommendUnits(incident_id, frozenset(request.skills), limit)


def recommendations_message(recommendations: Recommendations, now: datetime) -> api.RecommendUnitsResponse:
    """Units, best first, each with why. What nobody knows of a position is left at 0."""
    return api.RecommendUnitsResponse(
        recommendations=[_recommendation(one, now) for one in recommendations.found],
        left_out=recommendations.left_out,
    )


def _recommendation(one: Recommendation, now: datetime) -> api.Recommendation:
    cost = one.cost
    return api.Recommendation(
        unit=unit_message(one.unit, local_date(now)),
        cost_seconds=cost.seconds,
        distance_metres=cost.distance_metres or 0.0,
        position_staleness_seconds=cost.position_age_seconds or 0.0,
        accuracy_metres=cost.accuracy_metres,
        travel_seconds=cost.travel_seconds,
        status_penalty_seconds=cost.status_seconds,
        position_penalty_seconds=cost.position_seconds,
        shift_penalty_seconds=cost.shift_seconds,
        pre_empts=one.pre_empts,
        why=one.why,
    )
