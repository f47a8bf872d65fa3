"""Who is told, and when, that nobody is sent to an incident (R-DP-01, domain facts 3.4).

The clock of an incident starts when it is graded and never starts anew: not when a unit is sent, not when that unit is
taken away again. What fell due in between is due at once when the incident waits again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.dispatch.domain.records import Incident

_LOCAL = ZoneInfo("Europe/London")
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Step:
    """So long after the grading, this post is told."""

    after: timedelta
    owner: str


@dataclass(frozen=True, slots=True)
class EscalationPlan:
    """A force's own data. `steps` and `shift_owners` are by urgency; `shift_starts` are local times of day.

    An incident that waits past its target is told of at every change of shift, to the post that `shift_owners` names:
    whoever comes on duty does not know what the last shift was told.
    """

    steps: Mapping[int, tuple[Step, ...]]
    shift_owners: Mapping[int, str]
    shift_starts: tuple[time, ...]


def owners_due(
    incident: Incident, plan: EscalationPlan, until: datetime, since: datetime | None = None
) -> tuple[str, ...]:
    """The posts to be told by what falls due from `since` (the beginning where left out) to `until`, both included.

    Each once, in the order in which they fall due.
    """
    due = [
        (incident.graded_at + step.after, step.owner)
        for step in plan.steps.get(incident.urgency, ())
        if (since is None or since <= incident.graded_at + step.after) and incident.graded_at + step.after <= until
    ]
    change = _shift_change_over_target(incident, plan, since and since - _MOMENT)
    if change is not None and change <= until:
        due.append((change, plan.shift_owners[incident.urgency]))
    return tuple(dict.fromkeys(owner for _, owner in sorted(due)))


def next_due(incident: Incident, plan: EscalationPlan, after: datetime) -> datetime | None:
    """When somebody is to be told next, later than `after`; None where nobody ever is."""
    steps = [incident.graded_at + step.after for step in plan.steps.get(incident.urgency, ())]
    change = _shift_change_over_target(incident, plan, after)
    return min((due for due in (*steps, change) if due is not None and due > after), default=None)


def _shift_change_over_target(incident: Incident, plan: EscalationPlan, after: datetime | None) -> datetime | None:
    """The first change of shift after this moment at which the incident is past its target."""
    target = _target(incident, plan)
    if target is None or incident.urgency not in plan.shift_owners:
        return None
    return shift_change(plan.shift_starts, target if after is None else max(target, after))


def _target(incident: Incident, plan: EscalationPlan) -> datetime | None:
    """When somebody should have been sent: the first step, or the promised attendance, whichever is first."""
    steps = [incident.graded_at + step.after for step in plan.steps.get(incident.urgency, ())]
    return min((moment for moment in (*steps, incident.attend_by) if moment is not None), default=None)


def shift_change(starts: tuple[time, ...], after: datetime) -> datetime | None:
    """The next change of shift: by local time, so an hour earlier in UTC while summer time is kept."""
    today = after.astimezone(_LOCAL).date()
    changes = (
        datetime.combine(today + timedelta(days=days), start, _LOCAL).astimezone(after.tzinfo)
        for days in (0, 1)
        for start in starts
    )
    return min((change for change in changes if change > after), default=None)
