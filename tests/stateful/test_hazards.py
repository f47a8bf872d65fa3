"""Whatever happens to incidents, units, assignments and markers, nobody is left unwarned (I3)."""

import uuid
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar
from unittest.mock import patch
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deploy.local.postgres import LocalPostgres
from peel.safety.v1 import types_pb2 as safety
from peel.type.v1.person_pb2 import Person
from services.dispatch.domain.hazard_answer import to_acknowledge
from services.dispatch.domain.records import Assignment, Incident, Task
from services.dispatch.domain.terms import AssignmentState, DispatchState, HazardOutcome, NotCheckedReason, TaskKind
from services.dispatch.markers import replica
from services.dispatch.markers.domain import MarkerIndex
from services.dispatch.markers.domain.hazards import concerns_of
from services.dispatch.markers.messages import stored_marker
from services.dispatch.reference.short_forms import short_forms
from services.kernel.errors import PeelError
from services.kernel.settings import Settings
from tests.integration.dispatch.desk import HERE, Desk, at
from tests.stateful.ledgers import Ledgers
from tests.stateful.stories import STORY

Seen = TypeVar("Seen")
PICK = st.integers(0, 10_000)
# Mostly the same, so that markers and incidents often meet.
ADDRESSES = ("", *(HERE,) * 3, "2 Elsewhere Road, Exampleford LS2 9XY")
NAMES = ((), *((("Zephyrine", "Quillfeather"),),) * 2, (("Barnaby", "Thistlewick"),))
# Never confirmed at all, or so many seconds ago.
CALL = st.tuples(st.sampled_from(["1", "2", "3"]), st.sampled_from(ADDRESSES), st.sampled_from(NAMES))
USUALLY = st.sampled_from([True, True, False])
MARKER = st.tuples(
    st.integers(1, 4), st.sampled_from(ADDRESSES), st.sampled_from(NAMES), st.sampled_from([False, False, True])
)
AGES = st.sampled_from([0.0, 0.0, 31.0])


def happening(**strategies: Any) -> Callable[[Callable[..., None]], Any]:
    """A rule, after which everything may look otherwise."""

    def declare(act: Callable[..., None]) -> Any:
        @wraps(act)
        def happen(story: "Unwarned", *given: Any, **drawn: Any) -> None:
            act(story, *given, **drawn)
            story.seen.clear()

        made: Any = rule(**strategies)
        return made(happen)

    return declare


class Unwarned(RuleBasedStateMachine):
    """A control room in which anything may happen, in any order."""

    def __init__(self, ledgers: Ledgers) -> None:
        super().__init__()
        self.desk = Desk(ledgers)
        self.incidents: list[UUID] = []
        self.units = [self.desk.unit(f"WY{number}") for number in range(1, 5)]
        self.versions: dict[int, int] = {}
        # What was looked at since the last step.
        self.seen: dict[str, Any] = {}

    def teardown(self) -> None:
        self.desk.close()

    # What happens.

    @initialize(fresh=USUALLY, calls=st.lists(CALL, min_size=2, max_size=3), markers=st.lists(MARKER, max_size=2))
    def begin(self, calls: list[tuple[Any, ...]], markers: list[tuple[Any, ...]], *, fresh: bool) -> None:
        """A shift is never begun with an empty board."""
        if fresh:
            self.desk.confirm()
        for marker in markers:
            self.tell_of_a_marker(marker, 0)
        for unit, call in enumerate(calls):
            self.call(call, unit, confirm=False, send=True)

    @happening(call=CALL, unit=PICK, confirm=st.booleans(), send=USUALLY)
    def call(self, call: tuple[Any, ...], unit: int, *, confirm: bool, send: bool) -> None:
        """A contact is graded, and mostly somebody is sent."""
        grade, address, names = call
        people = tuple(Person(given_name=given, family_name=family) for given, family in names)
        self.incidents.append(self.desk.grade(grade, address, people))
        if send:
            self.assign(len(self.incidents) - 1, unit, confirm=confirm)

    @precondition(lambda self: self.queued())
    @happening(incident=PICK, unit=PICK, confirm=st.booleans())
    def resource(self, incident: int, unit: int, *, confirm: bool) -> None:
        """Somebody is sent to what has waited."""
        waiting = [self.incidents.index(one) for one in self.queued()]
        self.assign(waiting[incident % len(waiting)], unit, confirm=confirm)

    def assign(self, incident: int, unit: int, *, confirm: bool) -> None:
        incident_id, unit_id = self.incidents[incident % len(self.incidents)], self.units[unit % len(self.units)]
        self._attempt(lambda: self.desk.assign(incident_id, unit_id, confirm=confirm))

    @precondition(lambda self: self.incidents)
    @happening(incident=PICK)
    def result(self, incident: int) -> None:
        self._attempt(lambda: self.desk.result(self.incidents[incident % len(self.incidents)]))

    @precondition(lambda self: self.incidents)
    @happening(incident=PICK)
    def close_by_intake(self, incident: int) -> None:
        self.desk.close_incident(self.incidents[incident % len(self.incidents)])

    @precondition(lambda self: self.open())
    @happening(which=PICK, incident=PICK)
    def move(self, which: int, incident: int) -> None:
        assignment = self.pick(which)
        other = self.incidents[incident % len(self.incidents)]
        self._attempt(lambda: self.desk.reassign(assignment.id, other))

    @precondition(lambda self: self.open())
    @happening(which=PICK)
    def stand_down(self, which: int) -> None:
        self.desk.stand_down(self.pick(which).id)

    @precondition(lambda self: self.open())
    @happening(which=PICK)
    def acknowledge(self, which: int) -> None:
        assignment = self.pick(which)
        self.desk.acknowledge(assignment.id, f"officer-{assignment.callsign}")

    @precondition(lambda self: self.open())
    @happening(which=PICK)
    def know_the_hazards(self, which: int) -> None:
        assignment = self.pick(which)
        self.desk.acknowledge_hazard(assignment.id, assignment.hazard.version, f"officer-{assignment.callsign}")

    @precondition(lambda self: self.open())
    @happening(which=PICK)
    def arrive(self, which: int) -> None:
        self.desk.arrive(self.pick(which))

    @happening(marker=MARKER, late=st.sampled_from([0, 0, 1]))
    def tell_of_a_marker(self, marker: tuple[Any, ...], late: int) -> None:
        """Newer, or one that was overtaken on its way."""
        number, address, names, withdrawn = marker
        version = self.versions.get(number, 0) + 1 - late
        if version < 1:
            return
        self.versions[number] = max(self.versions.get(number, 0), version)
        given, family = names[0] if names else ("", "")
        subject = safety.MarkerSubject(
            kind=safety.SUBJECT_KIND_PERSON,
            given_name=given,
            family_name=family,
            addresses=[at(address)] if address else [],
        )
        state = safety.MARKER_STATE_WITHDRAWN if withdrawn else safety.MARKER_STATE_ACTIVE
        self.desk.marker(number, version, subject=subject, state=state, code=f"C{version}")

    @precondition(lambda self: any(one.hazard.hazards for one in self.open()))
    @happening(which=PICK, address=st.sampled_from(ADDRESSES), withdrawn=st.booleans())
    def change_what_a_crew_was_told(self, which: int, address: str, *, withdrawn: bool) -> None:
        told = [hazard.marker_id.int for one in self.open() for hazard in one.hazard.hazards]
        self.tell_of_a_marker((told[which % len(told)], address, (), withdrawn), 0)

    @precondition(lambda self: any(one.place for one in self.open()))
    @happening(which=PICK, grade=st.sampled_from(["1", "3"]), names=st.sampled_from(NAMES))
    def call_again_from_where_a_crew_is(self, which: int, grade: str, names: tuple[tuple[str, str], ...]) -> None:
        addresses = [one.place.address for one in self.open() if one.place]
        self.call((grade, addresses[which % len(addresses)], names), 0, confirm=False, send=False)

    @happening(seconds_ago=AGES, lost=st.sampled_from([0, 0, 1]))
    def confirm(self, seconds_ago: float, lost: int) -> None:
        """The replica is fresh, stale, or lacks a marker."""
        (held,) = self.desk.rows("select held_markers from marker_replica")
        self.desk.confirm(seconds_ago, held["held_markers"] + lost)

    @happening()
    def the_replica_ages(self) -> None:
        self.desk.rows("update marker_replica set as_of = as_of - interval '31 s'")

    @happening(call=CALL, unit=PICK)
    def send_while_the_look_breaks(self, call: tuple[Any, ...], unit: int) -> None:
        with patch.object(replica.MarkerReplica, "catch_up", side_effect=ZeroDivisionError):
            self.call(call, unit, confirm=True, send=True)

    @happening(seconds=st.sampled_from([0, 5, 15, 60, 2400]))
    def time_passes(self, seconds: int) -> None:
        self.desk.later(seconds=seconds)

    def _attempt(self, act: Any) -> None:
        """Something that a rule may forbid."""
        try:
            act()
        except PeelError as error:
            assert error.reason not in ("NOT_FOUND", "INVALID_INPUT")  # noqa: PT017 - most reasons are as good as success

    # What is.

    def board(self) -> list[tuple[Incident, list[Assignment]]]:
        return self._look("board", lambda: [self.desk.incident(incident_id) for incident_id in self.incidents])

    def tasks(self) -> list[Task]:
        return self._look("tasks", self.desk.tasks)

    def timers(self, subject: UUID) -> set[str]:
        rows = self._look("timers", lambda: self.desk.rows("select kind, subject from timer where state = 'WAITING'"))
        return {row["kind"] for row in rows if row["subject"] == subject}

    def _look(self, name: str, ask: Callable[[], Seen]) -> Seen:
        if name not in self.seen:
            self.seen[name] = ask()
        seen: Seen = self.seen[name]
        return seen

    def every(self) -> list[tuple[Incident, Assignment]]:
        return [(incident, assignment) for incident, assignments in self.board() for assignment in assignments]

    def open(self) -> list[Assignment]:
        return [one for _, one in self.every() if one.state is not AssignmentState.ENDED]

    def queued(self) -> list[UUID]:
        return [incident.id for incident, _ in self.board() if incident.state is DispatchState.QUEUED]

    def pick(self, which: int) -> Assignment:
        return self.open()[which % len(self.open())]

    def waiting(self) -> set[tuple[UUID, TaskKind]]:
        return {(task.assignment_id, task.kind) for task in self.tasks() if task.assignment_id}

    # What must always be.

    @invariant()
    def no_open_assignment_is_without_an_answer(self) -> None:
        rows = self.desk.rows("select * from assignment where hazard_outcome not in (1, 2, 3) or hazard_version < 1")
        assert rows == []

    @invariant()
    def every_marker_that_has_come_is_in_the_newest_answer_or_the_look_is_made_again(self) -> None:
        now = self.desk.clock.now()
        markers = [stored_marker(row["body"]) for row in self.desk.rows("select body from marker where not gone")]
        for incident, assignment in self.every():
            if assignment.state is AssignmentState.ENDED:
                continue
            answer = assignment.hazard
            told = {hazard.marker_id: hazard for hazard in answer.hazards}
            again = "HAZARD_RECHECK" in self.timers(assignment.id)
            for marker in markers:
                match = MarkerIndex(marker.force, [marker], short_forms=short_forms()).find(concerns_of(incident), now)
                hazard = told.get(marker.id)
                if match:
                    assert again or (hazard is not None and not hazard.withdrawn and hazard.code == marker.code)
                elif hazard is not None:
                    assert again or hazard.withdrawn
            checkable = answer.reason is not NotCheckedReason.NOTHING_TO_CHECK
            assert again or answer.outcome is not HazardOutcome.NOT_CHECKED or not checkable

    @invariant()
    def what_is_not_acknowledged_is_on_somebodys_clock_or_tray(self) -> None:
        waiting = self.waiting()
        for _, assignment in self.every():
            running = self.timers(assignment.id)
            if assignment.state is AssignmentState.ENDED:
                assert running == set()
                assert not any(subject == assignment.id for subject, _ in waiting)
                continue
            if to_acknowledge(assignment):
                assert "HAZARD_ACK_VOICE" in running or (assignment.id, TaskKind.VOICE_HAZARD) in waiting
                there = assignment.state is AssignmentState.AT_SCENE
                assert not there or (assignment.id, TaskKind.HAZARD_UNKNOWN_AT_SCENE) in waiting
            if assignment.state is AssignmentState.SENT:
                voiced = (assignment.id, TaskKind.VOICE_ASSIGNMENT) in waiting
                assert voiced or "ACK_VOICE" in running

    @invariant()
    def an_incident_stands_as_its_assignments_do(self) -> None:
        for incident, assignments in self.board():
            states = {one.state for one in assignments if one.state is not AssignmentState.ENDED}
            if incident.state is DispatchState.RESULTED:
                assert states == set()
            elif AssignmentState.AT_SCENE in states:
                assert incident.state is DispatchState.AT_SCENE
            else:
                assert incident.state is (DispatchState.ASSIGNED if states else DispatchState.QUEUED)

    @invariant()
    def nobody_sent_is_somebodys_clock_or_tray(self) -> None:  # R-DP-01
        told = {task.incident_id for task in self.tasks() if task.kind is TaskKind.UNRESOURCED}
        for incident, _ in self.board():
            open_now = incident.id in told
            if incident.state is DispatchState.QUEUED and incident.urgency <= 2:
                assert "UNRESOURCED" in self.timers(incident.id)
                assert open_now or incident.urgency == 2
            if incident.state is not DispatchState.QUEUED:
                assert not open_now
                assert "UNRESOURCED" not in self.timers(incident.id)

    @invariant()
    def events_count_from_one_without_gap_or_double(self) -> None:
        for subject in {row["subject"] for row in self.desk.rows("select distinct subject from outbox")}:
            self.desk.told(UUID(subject))

    @invariant()
    def the_board_shows_what_is(self) -> None:
        newest = {one.assignment.assignment_id: one.assignment for one in self.desk.shown("assignment")}
        for _, assignment in self.every():
            shown = newest[str(assignment.id)]
            assert shown.hazard.version == assignment.hazard.version
            assert shown.state == int(assignment.state)


@pytest.fixture
def ledgers(postgres: LocalPostgres) -> Iterator[Ledgers]:
    name = f"t{uuid.uuid4().hex[:10]}"
    postgres.create_database(f"dispatch_{name}")
    ledgers = Ledgers(Settings(database=postgres.dsn(f"{{service}}_{name}")), "dispatch")
    yield ledgers
    ledgers.close()


# It takes a while; a failure takes longer, until the shortest story that fails is found.
@pytest.mark.timeout(600)
def test_nobody_is_left_unwarned(ledgers: Ledgers) -> None:  # I3
    run_state_machine_as_test(lambda: Unwarned(ledgers), settings=STORY)  # type: ignore[arg-type]  # any maker will do
