"""How dispatch does, in figures: what each means, and what to do when it moves."""

from services.kernel.telemetry.metrics import counter, gauge, histogram

_STEPS = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0)

GRADED_TO_ASSIGNED = histogram(
    "peel_dispatch_graded_to_assigned_seconds",
    "From the grading of an incident to its first unit, by urgency (W3).",
    action="A rising tail of urgency 1: too few units are free; look at dispatch.queue and at who is committed.",
    labels=("urgency",),
    buckets=_STEPS,
)
ASSIGNED_TO_HAZARD_ACKNOWLEDGED = histogram(
    "peel_dispatch_assigned_to_hazard_acknowledged_seconds",
    "From the telling of hazards, with the assignment or later, to the crew's word that it knows them (W4).",
    action="Beyond 15 s: crews are told by voice; look at their terminals' streams.",
    buckets=_STEPS,
)
ASSIGNED_TO_ARRIVED = histogram(
    "peel_dispatch_assigned_to_arrived_seconds",
    "From the sending of a unit to its arrival, by urgency (W4).",
    action="A rising tail: units are sent from too far; look at positions and at what RecommendUnits says.",
    labels=("urgency",),
    buckets=_STEPS,
)
UNREAD_MARKERS = gauge(
    "peel_dispatch_markers_unread",
    "Markers that this process holds and could not read into memory.",
    action="Above 0: units of that force are told NOT_CHECKED. The log names the markers: revise them, mend the code.",
)
CHANGED_MARKERS_UNREAD = counter(
    "peel_dispatch_changed_markers_unread",
    "Changed markers that could not be read when crews were to be told of them.",
    action="Any: crews of that force are told NOT_CHECKED. The log names the markers: revise them, or mend the code.",
)
HAZARD_ANSWERS = counter(
    "peel_dispatch_hazard_answers",
    "Hazard answers, by outcome, reason (of NOT_CHECKED) and what they came from: assigned, recheck, marker.",
    action="NOT_CHECKED: the reason says why nobody looked; REPLICA_STALE: look at the worker and at officer safety.",
    labels=("outcome", "reason", "cause"),
)
HAZARD_SECONDS = histogram(
    "peel_dispatch_hazard_check_seconds",
    "How long a look for markers took, whatever came of it. The budget is 0.8 s.",
    action="Near the budget: the database is slow, or a large import of markers is being read.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1.0, 2.5),
)
MARKERS_PUSHED = counter(
    "peel_dispatch_late_hazards_pushed",
    "Answers that changed after the unit was sent and were pushed to its crew.",
    action="None by itself; compare with the backlog dispatch.hazards-unacknowledged.",
)
REPLICA_STALENESS = gauge(
    "peel_dispatch_marker_replica_staleness_seconds",
    "Age of the replica of markers when this process last looked.",
    action="Beyond 30 s every answer is NOT_CHECKED: see whether the worker runs and safety confirms its ledger.",
)
POSITIONS = counter(
    "peel_dispatch_positions",
    "Positions of units that radio gateways reported, whatever became of them.",
    action="Much fewer than units on duty report: a gateway is down, and recommendations say how old positions are.",
)
