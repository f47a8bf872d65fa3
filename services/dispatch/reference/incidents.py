"""How incidents wait and end, as the force gives it: grades, escalation, shifts and results.

A table has a force's own lines or, where it has none, the common ones (`*`). A table that breaks its own rules raises
ValueError or KeyError.
"""

from datetime import date, time, timedelta
from functools import cache

from services.dispatch.incidents.domain.escalation import EscalationPlan, Step
from services.dispatch.reference import lines

_SHIFT_CHANGE = "shift change"
# A grade that nobody can rank waits where somebody looks first: at the top of the queue.
_UNRANKED = 1


@cache
def _urgencies(force: str, on: date) -> dict[str, int]:
    return {line["grade"]: int(line["urgency"]) for line in lines("grades", force, on)}


def urgency(force: str, grade: str, on: date) -> int:
    """How urgent a grade is, 1 first. A grade that the table does not know is as urgent as any."""
    return _urgencies(force, on).get(grade, _UNRANKED)


@cache
def escalation_plan(force: str, on: date) -> EscalationPlan:
    """Whom the force tells that nobody is sent, and when (R-DP-01)."""
    steps: dict[int, list[Step]] = {}
    shift_owners = {}
    for line in lines("escalation", force, on):
        graded = int(line["urgency"])
        if line["when"] == _SHIFT_CHANGE:
            shift_owners[graded] = line["owner"]
        else:
            steps.setdefault(graded, []).append(Step(timedelta(minutes=int(line["when"])), line["owner"]))
    starts = tuple(time.fromisoformat(line["starts"]) for line in lines("shifts", force, on))
    return EscalationPlan({graded: tuple(told) for graded, told in steps.items()}, shift_owners, starts)


@cache
def results(force: str, on: date) -> frozenset[str]:
    """The codes with which an incident may be resulted."""
    return frozenset(line["result"] for line in lines("results", force, on))
