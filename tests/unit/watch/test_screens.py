"""What people see: whatever nobody has taken, and whatever was not checked, cannot be overlooked (R-MK-02, R-OS-04)."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import cast

from rich.console import Console as Paper
from rich.console import RenderableType

from peel.dispatch.v1 import api_pb2 as dispatch_api
from peel.dispatch.v1 import types_pb2 as dispatch
from peel.dispatch.v1 import unit_api_pb2 as unit_api
from peel.safety.v1 import emergency_api_pb2 as safety_api
from peel.safety.v1 import emergency_types_pb2 as safety
from services.kernel.wire import stamp
from services.watch.board import Board
from services.watch.console import Console
from services.watch.replicas import Replicas
from services.watch.screens.board import board_screen, hazard_words
from services.watch.screens.emergencies import emergencies_screen
from services.watch.screens.unit import unit_screen
from services.watch.screens.words import LOUD, QUIET, WARNING
from services.watch.terminal import Terminal

NOW = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)
NOBODY = cast(Replicas, None)


def drawn(screen: RenderableType, width: int = 200) -> str:
    paper = Paper(width=width, file=StringIO(), record=True)
    paper.print(screen)
    return paper.export_text()


class Screen(Console):
    """A console that is told what to show, and says nothing to anybody."""

    def __init__(self, *emergencies: safety.Emergency) -> None:
        self.force = "force"
        self.emergencies = {one.emergency_id: one for one in emergencies}
        self.alarms = {}


def an_emergency(**more: object) -> safety.Emergency:
    press = safety.Press(radio="radio-7", trigger=safety.TRIGGER_BUTTON)
    raised = stamp(NOW - timedelta(seconds=75))
    kept = {
        "emergency_id": "e",
        "force": "force",
        "state": safety.EMERGENCY_STATE_OPEN,
        "raised_at": raised,
        "presses": [press],
    }
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


def test_on_a_narrow_terminal_nothing_is_cut_off() -> None:
    shown = drawn(emergencies_screen(Screen(an_emergency(presses=[safety.Press(radio="radio-of-hers")])), NOW), 80)
    assert "…" not in shown


def test_next_doors_emergency_says_whose_it_is() -> None:  # R-OS-03
    assert "of elsewhere" in drawn(emergencies_screen(Screen(an_emergency(force="elsewhere")), NOW))


def test_guessed_codes_are_told() -> None:  # R-OS-06
    taken = safety.EMERGENCY_STATE_ACKNOWLEDGED
    assert "2 wrong codes" in drawn(emergencies_screen(Screen(an_emergency(state=taken, codes_wrong=2)), NOW))
    locked = an_emergency(state=taken, codes_wrong=3, codes_locked=True)
    assert "CODES LOCKED: a supervisor clears" in drawn(emergencies_screen(Screen(locked), NOW))


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


def taken_back(acknowledged: int = 0) -> dispatch.Assignment:
    """An assignment of which the crew was told of firearms, and then that there are none."""
    hazard = dispatch.HazardAnswer()
    hazard.CopyFrom(FIREARMS)
    hazard.version = 2
    for one in hazard.hazards:
        one.withdrawn = True
    return an_assignment(hazard, acknowledged)


def test_a_marker_that_was_withdrawn_is_not_drawn_as_if_it_stood() -> None:  # R-MK-02
    words = hazard_words(taken_back())
    assert words.plain == "FI (withdrawn), RESTRICTED (withdrawn) NOT ACKNOWLEDGED"
    assert words.style == WARNING
    assert hazard_words(taken_back(acknowledged=2)).style == QUIET
    assert hazard_words(an_assignment(FIREARMS)).style == LOUD
    terminal = Terminal("u", NOBODY)
    terminal.assignments["a"] = taken_back()
    shown = drawn(unit_screen(terminal, NOW))
    assert "FI (withdrawn)" in shown
    assert "this warning was taken back" in shown
    assert "wait for ARV" not in shown


def test_one_marker_is_withdrawn_and_another_stands() -> None:
    one = taken_back()
    one.hazard.hazards[1].withdrawn = False
    assert hazard_words(one).plain == "FI (withdrawn), RESTRICTED NOT ACKNOWLEDGED"
    assert hazard_words(one).style == LOUD


def test_what_a_stale_replica_knows_is_told_with_what_was_not_checked() -> None:  # I3
    blind = dispatch.HazardAnswer(
        outcome=dispatch.HAZARD_OUTCOME_NOT_CHECKED,
        reason=dispatch.NOT_CHECKED_REASON_REPLICA_STALE,
        hazards=[dispatch.Hazard(code="FI", expired=True)],
    )
    assert hazard_words(an_assignment(blind)).plain == "NOT CHECKED: replica stale; known: FI (expired, unverified)"


def an_emergency_nearby(unit_id: str, metres: float, *, over: bool = False) -> dispatch.EmergencyNearby:
    near = dispatch.EmergencyNearby(
        emergency_id="e",
        unit_id=unit_id,
        callsign="BD12",
        distance_metres=metres,
        raised_at=stamp(NOW - timedelta(seconds=40)),
        over=over,
    )
    near.point.latitude, near.point.longitude = 53.8, -1.55
    return near


def test_a_crew_is_shown_who_needs_help_nearby_until_it_is_over() -> None:  # R-OS-03
    terminal = Terminal("u", NOBODY)
    terminal.take(unit_api.WatchUnitResponse(sequence=5, emergency_nearby=an_emergency_nearby("u", 812)))
    shown = drawn(unit_screen(terminal, NOW))
    assert "EMERGENCY NEARBY: BD12, 812 m away at 53.8000, -1.5500, for 0:40" in shown
    terminal.take(unit_api.WatchUnitResponse(sequence=6, emergency_nearby=an_emergency_nearby("u", 812, over=True)))
    assert "EMERGENCY NEARBY" not in drawn(unit_screen(terminal, NOW))


def test_the_board_shows_which_units_were_told_of_an_emergency() -> None:  # R-OS-03
    board = Board("force", NOBODY)
    for sequence, (unit_id, metres) in enumerate((("u1", 2_400.0), ("u2", 800.0)), 1):
        unit = dispatch.Unit(unit_id=unit_id, callsign=unit_id.upper(), status=dispatch.UNIT_STATUS_ON_PATROL)
        told = dispatch.BoardChange(sequence=sequence, emergency_nearby=an_emergency_nearby(unit_id, metres), unit=unit)
        board.take(dispatch_api.WatchBoardResponse(change=told))
    shown = drawn(board_screen(board, NOW))
    assert "Emergencies of which units nearby were told (1)" in shown
    assert "U2 (800 m), U1 (2,400 m)" in shown
    for unit_id in ("u1", "u2"):
        over = dispatch.BoardChange(emergency_nearby=an_emergency_nearby(unit_id, 0, over=True))
        board.take(dispatch_api.WatchBoardResponse(change=over))
    assert "nearby" not in drawn(board_screen(board, NOW))
    board.nearby["e/u1"] = an_emergency_nearby("u1", 1)
    board.take(dispatch_api.WatchBoardResponse(snapshot_begins=True))
    assert board.nearby == {}


def test_a_terminal_that_begins_anew_forgets_what_ended_meanwhile() -> None:
    terminal = Terminal("u", NOBODY)
    terminal.take(unit_api.WatchUnitResponse(sequence=1, assignment=an_assignment(FIREARMS)))
    terminal.take(unit_api.WatchUnitResponse(sequence=2, emergency_nearby=an_emergency_nearby("u", 812)))
    terminal.take(unit_api.WatchUnitResponse(snapshot_begins=True))
    terminal.take(unit_api.WatchUnitResponse(sequence=9, unit=dispatch.Unit(unit_id="u", callsign="BD12")))
    terminal.take(unit_api.WatchUnitResponse(snapshot_ends=True))
    shown = drawn(unit_screen(terminal, NOW))
    assert "not assigned" in shown
    assert "EMERGENCY NEARBY" not in shown


def test_an_alarm_that_ended_meanwhile_goes_with_the_snapshot() -> None:  # R-OS-07
    console = Console("pod-1", "force", NOBODY)
    console.take(safety_api.WatchEmergenciesResponse(path_alarm=safety.PathAlarm(site="site-1")))
    assert "PATH NOT PROVEN at site-1" in drawn(emergencies_screen(console, NOW))
    console.take(safety_api.WatchEmergenciesResponse(snapshot_begins=True))
    assert "PATH NOT PROVEN" not in drawn(emergencies_screen(console, NOW))
