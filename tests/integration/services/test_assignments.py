"""Incidents and assignments through the public API, with officer safety's markers coming over the real broker (I3)."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import grpc
import pytest

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as unit_api
from peel.safety.v1 import types_pb2 as safety
from peel.type.v1.place_pb2 import Place
from tests.integration.services.incidents import (
    EXPLANATION,
    acknowledging,
    assigning,
    completing,
    graded,
    knowing,
    looked_at,
    reassigning,
    resulting,
    sent,
    sharing,
    somewhere,
    standing_down,
    tasks_of,
)
from tests.integration.services.markers import made, revising, withdrawing
from tests.integration.services.running import ROOT, SHARED_FORCE, Running
from tests.integration.services.telling import request_id
from tests.integration.services.units import on_patrol
from tests.integration.services.waiting import found
from tests.integration.services.watching import watching

FOUND, NONE = types.HAZARD_OUTCOME_MARKERS_FOUND, types.HAZARD_OUTCOME_NONE_FOUND
NOT_CHECKED = types.HAZARD_OUTCOME_NOT_CHECKED
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


def marked(running: Running, place: Place, **parts: Any) -> safety.Marker:
    """A marker on an address, once dispatch has it."""
    subject = safety.MarkerSubject(
        kind=safety.SUBJECT_KIND_ADDRESS,
        addresses=[safety.MarkedAddress(uprn=place.uprn, address=place.address)],
    )
    marker = made(running, SHARED_FORCE, subject=subject, **parts)
    held(running, marker)
    return marker


def held(running: Running, marker: safety.Marker) -> None:
    """Returns once dispatch's replica has this version of a marker."""
    sql = "select id from marker where id = $1::text::uuid and version >= $2"
    found(lambda: running.rows("dispatch", sql, marker.marker_id, marker.version))


def fresh(running: Running) -> None:
    """Returns once dispatch's replica is fresh."""
    sql = "select as_of from marker_replica where as_of > clock_timestamp() - interval '10 s'"
    found(lambda: running.rows("dispatch", sql), 40)


def answered(
    running: Running, assignment: types.Assignment, outcome: types.HazardOutcome.ValueType
) -> types.HazardAnswer:
    """The newest answer of an assignment, once it is so."""

    def ask() -> list[types.HazardAnswer]:
        every = looked_at(running, assignment.incident_id).assignments
        newest = [one.hazard for one in every if one.assignment_id == assignment.assignment_id]
        return [answer for answer in newest if answer.outcome == outcome]

    return found(ask, 40)


def test_a_marker_is_inside_the_assignment_wherever_it_is_seen(running: Running) -> None:  # I3, R-MK-02
    fresh(running)
    place = somewhere()
    marker = marked(running, place)
    incident_id, unit = graded(running, place=place), on_patrol(running, SHARED_FORCE)
    assignment = sent(running, incident_id, unit.unit_id)
    assert assignment.hazard.outcome == FOUND
    (hazard,) = assignment.hazard.hazards
    assert (hazard.marker_id, hazard.code) == (marker.marker_id, "FI")
    assert hazard.handling_instruction == marker.handling_instruction
    assert types.MATCHED_BY_ADDRESS in hazard.matched_by
    assert looked_at(running, incident_id).assignments[0] == assignment
    terminal = running.person("officer")
    request = unit_api.WatchUnitRequest(unit_id=unit.unit_id)
    with watching(terminal, running.units.WatchUnit, request) as stream:
        shown = stream.until(lambda reply: reply.HasField("assignment"))[-1]
    assert (shown.assignment, shown.acknowledge_hazard) == (assignment, True)


def test_a_marker_that_comes_later_reaches_the_terminal_of_whoever_was_sent(running: Running) -> None:  # I3
    fresh(running)
    place, unit = somewhere(), on_patrol(running, SHARED_FORCE)
    assignment = sent(running, graded(running, place=place), unit.unit_id)
    assert assignment.hazard.outcome == NONE
    request = unit_api.WatchUnitRequest(unit_id=unit.unit_id)
    officer, analyst = running.person("officer"), running.person("intelligence")
    with watching(officer, running.units.WatchUnit, request) as stream:
        stream.until(lambda reply: reply.snapshot_ends)
        marker = marked(running, place)
        pushed = stream.until(lambda reply: reply.assignment.hazard.version == 2)[-1]
        assert (pushed.assignment.hazard.outcome, pushed.acknowledge_hazard) == (FOUND, True)
        officer.ask(running.units.AcknowledgeHazard, knowing(assignment.assignment_id, 2))
        stream.until(lambda reply: reply.assignment.hazard_acknowledged == 2)
        marker = analyst.ask(running.markers.ReviseMarker, revising(running, marker, code="VI")).marker
        pushed = stream.until(lambda reply: reply.assignment.hazard.version == 3)[-1]
        assert [hazard.code for hazard in pushed.assignment.hazard.hazards] == ["VI"]
        assert pushed.acknowledge_hazard
        analyst.ask(running.markers.WithdrawMarker, withdrawing(marker.marker_id))
        pushed = stream.until(lambda reply: reply.assignment.hazard.version == 4)[-1]
        assert [hazard.withdrawn for hazard in pushed.assignment.hazard.hazards] == [True]


@contextmanager
def worker_away(running: Running) -> Iterator[None]:
    """Dispatch has no worker: its replica of markers ages."""
    (worker,) = [process for process in running.supervisor if process.name == "dispatch-worker"]
    worker.stop()
    try:
        yield
    finally:
        worker.start()
        worker.wait_ready()


def test_without_its_worker_dispatch_says_that_nobody_looked_and_answers_when_it_is_back(running: Running) -> None:
    """I3, domain facts 4.3: dispatch proceeds, says so, looks again, and what it finds is pushed."""
    fresh(running)
    place, unit = somewhere(), on_patrol(running, SHARED_FORCE)
    incident_id = graded(running, place=place)
    with worker_away(running):
        # As if the worker had been away for a minute.
        running.rows("dispatch", "update marker_replica set as_of = as_of - interval '1 min'")
        subject = safety.MarkerSubject(
            kind=safety.SUBJECT_KIND_ADDRESS, addresses=[safety.MarkedAddress(uprn=place.uprn, address=place.address)]
        )
        marker = made(running, SHARED_FORCE, subject=subject)
        assignment = sent(running, incident_id, unit.unit_id)
        answer = assignment.hazard
        assert (answer.outcome, answer.reason) == (NOT_CHECKED, types.NOT_CHECKED_REASON_REPLICA_STALE)
        assert answer.replica_staleness_seconds > 30
    answer = answered(running, assignment, FOUND)
    assert [hazard.marker_id for hazard in answer.hazards] == [marker.marker_id]
    told = running.rows("dispatch", "select type from outbox where subject = $1 order by id", assignment.assignment_id)
    assert told[0]["type"].endswith(".UnitAssigned")
    assert told[-1]["type"].endswith(".HazardUpdated")


def test_of_two_dispatchers_who_send_one_unit_at_once_one_does(running: Running) -> None:
    unit = on_patrol(running, SHARED_FORCE)
    incidents = [graded(running) for _ in range(4)]

    def assign(incident_id: str) -> str:
        try:
            return sent(running, incident_id, unit.unit_id).assignment_id
        except grpc.RpcError as error:
            assert error.code() is PRECONDITION  # noqa: PT017 - the other outcome is as good
            return ""

    with ThreadPoolExecutor(len(incidents)) as at_once:
        assigned = list(at_once.map(assign, incidents))
    assert sum(map(bool, assigned)) == 1
    assert running.count("dispatch", "from assignment where unit_id = $1::text::uuid", unit.unit_id) == 1


def test_a_dispatcher_of_another_force_sees_nothing_until_it_is_shared(running: Running) -> None:
    other = running.invented_force()
    incident_id, unit = graded(running, "1"), on_patrol(running, SHARED_FORCE)
    assignment = sent(running, incident_id, unit.unit_id)
    stranger = running.person("dispatcher", force=other)
    seen = api.GetDispatchIncidentRequest(incident_id=incident_id)
    for method, request in (
        (running.dispatch.GetDispatchIncident, seen),
        (running.dispatch.AssignUnit, assigning(incident_id, unit.unit_id)),
        (running.dispatch.ResultIncident, resulting(incident_id)),
        (running.dispatch.StandDownUnit, standing_down(assignment.assignment_id)),
        (running.dispatch.ReassignUnit, reassigning(assignment.assignment_id, incident_id)),
        (running.units.AcknowledgeAssignment, acknowledging(assignment.assignment_id)),
        (running.units.AcknowledgeHazard, knowing(assignment.assignment_id, 1)),
    ):
        assert stranger.refused(method, request).told == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    assert tasks_of(running, incident_id, other) == []
    foreign = api.ListTasksRequest(force=SHARED_FORCE)
    assert stranger.refused(running.dispatch.ListTasks, foreign).code is grpc.StatusCode.PERMISSION_DENIED
    running.person("dispatcher").ask(running.dispatch.ShareIncident, sharing(incident_id, other))
    shared = stranger.ask(running.dispatch.GetDispatchIncident, seen)
    assert [one.assignment_id for one in shared.assignments] == [assignment.assignment_id]


def test_refusals_say_what_is_in_the_way(running: Running) -> None:
    dispatcher, unit = running.person("dispatcher"), on_patrol(running, SHARED_FORCE)
    incident_id = graded(running)
    refusal = dispatcher.refused(running.dispatch.AssignUnit, assigning(incident_id, unit.unit_id, "AFO"))
    assert refusal.told == (PRECONDITION, "SKILL_MISSING")
    sent(running, incident_id, unit.unit_id)
    refusal = dispatcher.refused(running.dispatch.AssignUnit, assigning(incident_id, unit.unit_id))
    assert refusal.told == (PRECONDITION, "ALREADY_ASSIGNED")
    urgent = graded(running, "1")
    refusal = dispatcher.refused(running.dispatch.AssignUnit, assigning(urgent, unit.unit_id, confirm=True))
    assert refusal.told == (PRECONDITION, "PRE_EMPTION_REFUSED")
    refusal = running.person("call_handler").refused(running.dispatch.AssignUnit, assigning(urgent, unit.unit_id))
    assert refusal.code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("rpc", "request_of", "fields"),
    [
        ("AssignUnit", api.AssignUnitRequest(incident_id="x", unit_id="y", skills=["no such"]),
         {"incident_id", "unit_id", "skills[0]"}),
        ("ReassignUnit", api.ReassignUnitRequest(), {"assignment_id", "incident_id", "explanation"}),
        ("StandDownUnit", api.StandDownUnitRequest(explanation="x" * 1001), {"assignment_id", "explanation"}),
        ("ResultIncident", api.ResultIncidentRequest(result="gone home"), {"incident_id", "result"}),
        ("ShareIncident", api.ShareIncidentRequest(with_force="*"), {"incident_id", "with_force"}),
        ("CompleteTask", api.CompleteTaskRequest(), {"task_id", "note"}),
    ],
)  # fmt: skip
def test_every_bad_field_is_named(running: Running, rpc: str, request_of: Any, fields: set[str]) -> None:
    request_of.request_id = request_id()
    refusal = running.person("dispatcher").refused(getattr(running.dispatch, rpc), request_of)
    assert refusal.fields.keys() == fields


def test_an_escalation_is_ended_by_a_supervisor_with_a_note(running: Running) -> None:  # R-DP-01
    incident_id = graded(running, "1")
    (task,) = tasks_of(running, incident_id)
    assert (task.kind, task.owner) == (types.TASK_KIND_UNRESOURCED, "duty inspector")
    refusal = running.person("dispatcher").refused(running.dispatch.CompleteTask, completing(task.task_id))
    assert refusal.told == (grpc.StatusCode.PERMISSION_DENIED, "SUPERVISOR_NEEDED")
    done = running.person("supervisor").ask(running.dispatch.CompleteTask, completing(task.task_id)).task
    assert (done.done_by, bool(done.note)) == ("test-supervisor", True)


def test_grade_2_is_escalated_by_the_durable_timer(running: Running) -> None:  # R-DP-01
    incident_id = graded(running, "2")
    assert tasks_of(running, incident_id) == []
    running.advance(timedelta(minutes=40))
    (task,) = found(lambda: [tasks for tasks in [tasks_of(running, incident_id)] if tasks])
    assert (task.kind, task.owner) == (types.TASK_KIND_UNRESOURCED, "duty sergeant")


def test_why_a_unit_was_taken_off_is_on_record(running: Running) -> None:
    unit = on_patrol(running, SHARED_FORCE)
    assignment = sent(running, graded(running), unit.unit_id)
    dispatcher = running.person("dispatcher")
    dispatcher.ask(running.dispatch.StandDownUnit, standing_down(assignment.assignment_id))
    (row,) = running.rows(
        "dispatch", "select explanation from assignment where id = $1::text::uuid", assignment.assignment_id
    )
    assert row["explanation"] == EXPLANATION


def test_the_replica_is_rebuilt_from_the_topic_while_the_service_goes_on(running: Running) -> None:
    """Issue 4, section 1: counts before and after, and what differed."""
    fresh(running)
    lost, old, spoilt = (somewhere() for _ in range(3))
    markers = [marked(running, place) for place in (lost, old, spoilt)]
    assignment = sent(running, graded(running, place=lost), on_patrol(running, SHARED_FORCE).unit_id)
    ids = [marker.marker_id for marker in markers]
    running.rows("dispatch", "delete from marker where id = $1::text::uuid", ids[0])
    running.rows("dispatch", "update marker set version = 0 where id = $1::text::uuid", ids[1])
    running.rows("dispatch", "update marker set body = '' where id = $1::text::uuid", ids[2])
    # One that officer safety never made.
    running.rows(
        "dispatch",
        "insert into marker select gen_random_uuid(), force, version, body, false, -changed from marker "
        "order by changed desc limit 1",
    )
    argv = [sys.executable, "-m", "services.cli", "dispatch", "rebuild-replica"]
    done = subprocess.run(argv, env=running.environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = {
        line.split("│")[1].strip(): line.split("│")[2].strip() for line in done.stdout.splitlines() if "│" in line
    }
    assert counts["missing: added"] == "1"
    assert counts["outdated: brought up to date"] == "1"
    assert counts["different: replaced"] == "1"
    assert counts["unknown to the topic: dropped"] == "1"
    assert counts["held after"] == counts["told by the topic"]
    # The ledger says how many there are every few seconds, and may not have said so since these were made.
    found(lambda: running.rows("dispatch", "select true from marker_replica where held_markers = ledger_markers"))
    for place in (lost, old, spoilt):
        again = sent(running, graded(running, place=place), on_patrol(running, SHARED_FORCE).unit_id)
        assert again.hazard.outcome == FOUND
    assert looked_at(running, assignment.incident_id).assignments[0].hazard.outcome == FOUND
