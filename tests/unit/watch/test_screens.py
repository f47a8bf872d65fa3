"""What people see: whatever nobody has taken, and whatever was not checked, cannot be overlooked (R-MK-02, R-OS-04)."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import cast

from rich.console import Console as Paper
from rich.console import RenderableType

from peel.dispatch.v1 import types_pb2 as dispatch
from peel.safety.v1 import emergency_types_pb2 as safety
from services.kernel.wire import stamp
from services.watch.board import Board
from services.watch.console import Console
from services.watch.replicas import Replicas
from services.watch.screens.board import board_screen
from services.watch.screens.emergencies import emergencies_screen
from services.watch.screens.unit import unit_screen
from services.watch.terminal import Terminal

NOW = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)
NOBODY = cast(Replicas, None)


def drawn(screen: RenderableType) -> str:
    paper = Paper(width=200, file=StringIO(), record=True)
    paper.print(screen)
    return paper.export_text()


class Screen(Console):
    """A console that is told what to show, and says nothing to anybody."""

    def __init__(self, *emergencies: safety.Emergency) -> None:
        self.emergencies = {one.emergency_id: one for one in emergencies}
        self.alarms = {}


def an_emergency(**more: object) -> safety.Emergency:
    press = safety.Press(radio="radio-7", trigger=safety.TRIGGER_BUTTON)
    raised = stamp(NOW - timedelta(seconds=75))
    kept = {"emergency_id": "e", "state": safety.EMERGENCY_STATE_OPEN, "raised_at": raised, "presses": [press]}
    return safety.Emergency(**{**kept, **more})  # type: ignore[arg-type]


def test_an_emergency_that_nobody_has_taken_is_loud() -> None:
    shown = drawn(emergencies_screen(Screen(an_emergency()), NOW))
    assert "1 EMERGENCY NOT TAKEN" in shown
    assert "1:15" in shown
    assert "POSITION UNKNOWN" in shown
    assert "NOBODY" in shown
    assert "NOT STORED" in shown


def test_who_was_told_grows_with_the_level() -> None:  # R-OS-03
    level = safety.ESCALATION_LEVEL_UNITS_NEARBY
    assert "ALL UNITS NEARBY" in drawn(emergencies_screen(Screen(an_emergency(level=level)), NOW))


def test_a_position_says_where_it_comes_from_and_how_old_it_is() -> None:  # R-OS-04
    one = an_emergency(position_source=safety.POSITION_SOURCE_LAST_KNOWN, position_at=stamp(NOW - timedelta(minutes=3)))
    one.point.latitude, one.point.longitude = 53.8, -1.55
    assert "last known, 3:00 ago" in drawn(emergencies_screen(Screen(one), NOW))
    known = safety.Carrier(incident_address="9001 Review Street")
    two = an_emergency(position_source=safety.POSITION_SOURCE_INCIDENT, carrier=known)
    assert "9001 Review Street (incident)" in drawn(emergencies_screen(Screen(two), NOW))


def test_duress_shows_on_the_console() -> None:  # R-OS-06
    assert "DURESS CODE GIVEN" in drawn(emergencies_screen(Screen(an_emergency(gravity=safety.GRAVITY_DURESS)), NOW))


def test_a_cleared_emergency_leaves_the_screen_and_an_unproven_path_comes_onto_it() -> None:  # R-OS-07
    screen = Screen(an_emergency(state=safety.EMERGENCY_STATE_CLEARED))
    screen.alarms["site-1"] = safety.PathAlarm(site="site-1", last_proven_at=stamp(NOW - timedelta(minutes=4)))
    shown = drawn(emergencies_screen(screen, NOW))
    assert "no emergency waits" in shown
    assert "PATH NOT PROVEN at site-1: last success 4:00 ago" in shown


def an_assignment(hazard: dispatch.HazardAnswer, acknowledged: int = 0) -> dispatch.Assignment:
    return dispatch.Assignment(
        assignment_id="a",
        incident_id="i",
        unit_id="u",
        callsign="BD12",
        state=dispatch.ASSIGNMENT_STATE_ACKNOWLEDGED,
        assigned_at=stamp(NOW),
        grade="1",
        hazard=hazard,
        hazard_acknowledged=acknowledged,
    )


def a_board(hazard: dispatch.HazardAnswer, acknowledged: int = 0) -> Board:
    board = Board("force", NOBODY)
    board.incidents["i"] = dispatch.DispatchIncident(
        incident_id="i", grade="1", first_contact_at=stamp(NOW - timedelta(minutes=20)), attend_by=stamp(NOW)
    )
    board.assignments["a"] = an_assignment(hazard, acknowledged)
    return board


FIREARMS = dispatch.HazardAnswer(
    outcome=dispatch.HAZARD_OUTCOME_MARKERS_FOUND,
    version=1,
    hazards=[
        dispatch.Hazard(code="FI", severity=dispatch.HAZARD_SEVERITY_HIGHEST, handling_instruction="wait for ARV"),
        dispatch.Hazard(restricted=True, contact_point="the duty inspector", severity=dispatch.HAZARD_SEVERITY_NORMAL),
    ],
)


def test_what_was_not_checked_is_said_as_loudly_as_firearms() -> None:  # R-MK-02
    reason = dispatch.NOT_CHECKED_REASON_REPLICA_STALE
    blind = dispatch.HazardAnswer(outcome=dispatch.HAZARD_OUTCOME_NOT_CHECKED, reason=reason, version=1)
    assert "NOT CHECKED: replica stale" in drawn(board_screen(a_board(blind), NOW))
    assert "FI, RESTRICTED NOT ACKNOWLEDGED" in drawn(board_screen(a_board(FIREARMS), NOW))
    assert "NOT ACKNOWLEDGED" not in drawn(board_screen(a_board(FIREARMS, acknowledged=1), NOW))


def test_no_answer_at_all_would_show_as_not_checked() -> None:  # I3: never as silence
    assert "NOT CHECKED" in drawn(board_screen(a_board(dispatch.HazardAnswer()), NOW))


def test_a_task_stands_at_the_top_with_its_owner() -> None:  # R-DP-01
    board = a_board(FIREARMS)
    board.tasks["t"] = dispatch.Task(
        task_id="t", kind=dispatch.TASK_KIND_UNRESOURCED, owner="duty inspector", raised_at=stamp(NOW)
    )
    shown = drawn(board_screen(board, NOW))
    assert shown.index("duty inspector") < shown.index("Incidents (1)")


def test_a_terminal_tells_the_crew_what_to_do_about_each_marker() -> None:  # R-MK-03
    terminal = Terminal("u", NOBODY)
    terminal.assignments["a"] = an_assignment(FIREARMS)
    shown = drawn(unit_screen(terminal, NOW))
    assert "wait for ARV" in shown
    assert "ask the duty inspector" in shown
    assert "a: acknowledge" in shown
