"""Firearms: 500 units sent. At iOPS's force some were sent without being told (I3, R-MK-01, R-MK-02, F12, F14)."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import grpc

from deploy.people.line import reason_of
from deploy.people.waiting import until
from deploy.prove.crews import Crew, crews, set_status
from deploy.prove.stage import FORCE, Stage
from deploy.prove.stories import How, Story, When, stories
from deploy.prove.telling import graded
from deploy.prove.verdict import Verdict
from peel.dispatch.v1 import api_pb2 as dispatch
from peel.dispatch.v1 import types_pb2 as types
from peel.safety.v1 import api_pb2 as safety
from services.kernel.clock import SystemClock

ASSIGNMENTS, _CREWS = 500, 24
_EMERGENCY = "1"
_PUSHED_SECONDS = 20.0
_BLIND_SECONDS = 33.0
_REPLICA_SECONDS = 20.0
_RECALL = 0.98
_NOT_YET = "NOT_FOUND"


@dataclass(slots=True)
class Seen:
    """What came of the stories told so far.

    Late is what was marked while the unit was being sent, or after: a crew that is on its way has to hear of all of it,
    however the name was spelt.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    at_once: int = 0
    pushed: list[float] = field(default_factory=list)
    missed: Counter[How] = field(default_factory=Counter)
    late_missed: int = 0
    told: Counter[How] = field(default_factory=Counter)
    unacknowledged: int = 0
    false_alarms: int = 0
    never_answered: int = 0


async def firearms(stage: Stage) -> Verdict:
    """Sends units to incidents with and without markers, and for a while with the replica of markers standing still."""
    told = list(stories(ASSIGNMENTS, SystemClock().now()))
    seen = Seen()
    async with crews(stage, _CREWS, "FA") as on_duty:
        await _prepare(stage, told)
        normal, blind = told[_CREWS:], told[:_CREWS]
        free: asyncio.Queue[Crew] = asyncio.Queue()
        for crew in on_duty:
            free.put_nowait(crew)
        async with asyncio.TaskGroup() as group:
            for story in normal:
                group.create_task(_tell(stage, story, await free.get(), free, seen))
        await _tell_blind(stage, blind, on_duty, seen)
    return verdict_of(seen)


async def _prepare(stage: Stage, told: list[Story]) -> None:
    """What was there before: earlier calls from the same addresses, and most of the markers."""
    async with asyncio.TaskGroup() as group:
        for story in told:
            if story.earlier is not None:
                group.create_task(graded(stage.line, story.earlier, _EMERGENCY))
            if story.marker is not None and story.when is When.BEFORE:
                group.create_task(_mark(stage, story))


async def _mark(stage: Stage, story: Story) -> str:
    request = safety.CreateMarkerRequest(
        request_id=f"00000000-0000-7000-8000-{story.number:012d}", force=FORCE, content=story.marker
    )
    reply = await stage.line.ask(stage.line.markers.CreateMarker, request, "intelligence")
    return reply.marker.marker_id


async def _tell(stage: Stage, story: Story, crew: Crew, free: "asyncio.Queue[Crew]", seen: Seen) -> None:
    """One incident from the call to the result."""
    incident_id = await graded(stage.line, story.call, _EMERGENCY)
    during = asyncio.create_task(_mark(stage, story)) if story.marker and story.when is not When.AFTER else None
    assignment = await _assign(stage, incident_id, crew)
    seen.outcomes[types.HazardOutcome.Name(assignment.hazard.outcome)] += 1
    marker_id = await during if during else await _mark(stage, story) if story.marker else ""
    await _heard(crew, assignment, marker_id, story, seen)
    await _finish(stage, incident_id, crew)
    free.put_nowait(crew)


async def _tell_blind(stage: Stage, told: list[Story], on_duty: list[Crew], seen: Seen) -> None:
    """Units are sent while dispatch's worker stands still: its replica of markers grows old, and says so."""
    incidents = [await graded(stage.line, story.call, _EMERGENCY) for story in told]
    sent: list[tuple[types.Assignment, str]] = []
    half = len(told) // 2
    # All of them have to be on the queue before the worker stops.
    await until(lambda: _queued(stage, incidents), _REPLICA_SECONDS)
    async with stage.without("dispatch-worker"):
        for number, (story, crew) in enumerate(zip(told, on_duty, strict=True)):
            if number == half:
                await asyncio.sleep(_BLIND_SECONDS)
            marker_id = await _mark(stage, story) if story.marker else ""
            assignment = await _assign(stage, incidents[number], crew)
            seen.outcomes[types.HazardOutcome.Name(assignment.hazard.outcome)] += 1
            sent.append((assignment, marker_id))
    for story, crew, incident_id, (assignment, marker_id) in zip(told, on_duty, incidents, sent, strict=True):
        await _heard(crew, assignment, marker_id, story, seen)
        if not await until(partial(_answered, crew, assignment), _PUSHED_SECONDS):
            seen.never_answered += 1
        await _finish(stage, incident_id, crew)


async def _queued(stage: Stage, incidents: list[str]) -> bool:
    try:
        for incident_id in incidents:
            request = dispatch.GetDispatchIncidentRequest(incident_id=incident_id)
            await stage.line.ask(stage.line.dispatch.GetDispatchIncident, request, "dispatcher")
    except grpc.aio.AioRpcError as error:
        if reason_of(error) != _NOT_YET:
            raise
        return False
    return True


async def _assign(stage: Stage, incident_id: str, crew: Crew) -> types.Assignment:
    request = dispatch.AssignUnitRequest(
        request_id=str(uuid4()), incident_id=incident_id, unit_id=crew.unit_id, skills=["RESPONSE"]
    )

    async def attempt() -> types.Assignment | None:
        try:
            return (await stage.line.ask(stage.line.dispatch.AssignUnit, request, "dispatcher")).assignment
        except grpc.aio.AioRpcError as error:
            # Dispatch has not heard of the incident yet.
            if reason_of(error) != _NOT_YET:
                raise
            return None

    assignment = await until(attempt, _PUSHED_SECONDS)
    if assignment is None:
        raise RuntimeError("dispatch did not hear of an incident")
    return assignment


async def _heard(crew: Crew, assignment: types.Assignment, marker_id: str, story: Story, seen: Seen) -> None:
    """Waits until the crew has been told of the marker, at once or later, and has acknowledged all it was told."""
    began = time.monotonic()
    if story.marker is None:
        seen.false_alarms += bool(assignment.hazard.hazards)
    elif _names(assignment, marker_id):
        seen.at_once += 1
        seen.told[story.how] += 1
    elif await until(lambda: _told(crew, assignment, marker_id), _PUSHED_SECONDS):
        seen.pushed.append(time.monotonic() - began)
        seen.told[story.how] += 1
    else:
        seen.missed[story.how] += 1
        seen.late_missed += story.when is not When.BEFORE
    if not await until(lambda: _acknowledged(crew, assignment), _PUSHED_SECONDS):
        seen.unacknowledged += 1


def _names(assignment: types.Assignment, marker_id: str) -> bool:
    return any(hazard.marker_id == marker_id for hazard in assignment.hazard.hazards)


async def _told(crew: Crew, assignment: types.Assignment, marker_id: str) -> bool:
    told = crew.terminal.assignments.get(assignment.assignment_id)
    return told is not None and _names(told, marker_id)


async def _answered(crew: Crew, assignment: types.Assignment) -> bool:
    told = crew.terminal.assignments.get(assignment.assignment_id)
    return told is not None and told.hazard.outcome != types.HAZARD_OUTCOME_NOT_CHECKED


async def _acknowledged(crew: Crew, assignment: types.Assignment) -> bool:
    told = crew.terminal.assignments.get(assignment.assignment_id)
    return told is not None and told.hazard_acknowledged == told.hazard.version


async def _finish(stage: Stage, incident_id: str, crew: Crew) -> None:
    await set_status(stage, crew, types.UNIT_STATUS_EN_ROUTE)
    await set_status(stage, crew, types.UNIT_STATUS_AT_SCENE)
    request = dispatch.ResultIncidentRequest(request_id=str(uuid4()), incident_id=incident_id, result="ATTENDED")
    await stage.line.ask(stage.line.dispatch.ResultIncident, request, "dispatcher")
    await set_status(stage, crew, types.UNIT_STATUS_ON_PATROL)


def verdict_of(seen: Seen) -> Verdict:
    """Whether that was safe: no unit without an answer, no late marker kept from it, and hardly a misspelt one."""
    unanswered = seen.outcomes["HAZARD_OUTCOME_UNSPECIFIED"]
    names = seen.told[How.NAME] + seen.missed[How.NAME]
    blind = seen.outcomes["HAZARD_OUTCOME_NOT_CHECKED"]
    recall = seen.told[How.NAME] / names if names else 0.0
    missed_otherwise = sum(count for how, count in seen.missed.items() if how is not How.NAME)
    pushed = sorted(seen.pushed)
    faults = [
        f"{unanswered} units were sent without a hazard answer" if unanswered else "",
        f"{seen.late_missed} late markers were never pushed" if seen.late_missed else "",
        f"{missed_otherwise} markers were never told: {dict(seen.missed)}" if missed_otherwise else "",
        f"only {recall:.1%} of the markers by a misspelt name were told" if recall < _RECALL else "",
        f"{seen.unacknowledged} hazard answers were not acknowledged" if seen.unacknowledged else "",
        f"{seen.never_answered} units never heard more than NOT_CHECKED" if seen.never_answered else "",
        "no unit was told NOT_CHECKED while the replica stood still" if not blind else "",
    ]
    figures = {
        "assignments": seen.outcomes.total(),
        "without_an_answer": unanswered,
        "markers_found": seen.outcomes["HAZARD_OUTCOME_MARKERS_FOUND"],
        "none_found": seen.outcomes["HAZARD_OUTCOME_NONE_FOUND"],
        "not_checked_and_said_so": blind,
        "told_at_once": seen.at_once,
        "pushed_later": len(pushed),
        "late_markers_not_pushed": seen.late_missed,
        "markers_never_told": seen.missed.total(),
        "slowest_push_seconds": round(pushed[-1], 2) if pushed else 0.0,
        "recall_by_misspelt_name": round(recall, 4),
        "false_alarms_of_units_sent_to_nobody_marked": seen.false_alarms,
    }
    return Verdict(figures, tuple(filter(None, faults)))
