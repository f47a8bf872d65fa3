"""The board: what waits by grade and age, who is sent and what they were told, and what a person has to do."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from peel.dispatch.v1 import types_pb2 as types
from services.watch.board import Board
from services.watch.screens.words import LOUD, QUIET, WARNING, age, moment, place, until, word

_MOST = 25
_GOOD = "green"


def board_screen(board: Board, now: datetime) -> RenderableType:
    """Tasks first where there are any: they are what a person has to do now."""
    parts = [_tasks(board, now)] if board.tasks else []
    return Group(*parts, _incidents(board, now), _units(board, now))


def _tasks(board: Board, now: datetime) -> Table:
    table = Table("task", "for", "since", "about", title=f"To do ({len(board.tasks)})", expand=True)
    for task in sorted(board.tasks.values(), key=lambda one: one.raised_at.ToMicroseconds())[:_MOST]:
        about = board.units[task.unit_id].callsign if task.unit_id in board.units else task.incident_id[-6:]
        kind = word(types.TaskKind.Name(task.kind), "TASK_KIND_")
        table.add_row(Text(kind, WARNING), task.owner, age(moment(task, "raised_at"), now), about)
    return table


def _incidents(board: Board, now: datetime) -> Table:
    """Whoever nobody is sent to comes first, by urgency and age (domain facts 4.2)."""
    title = f"Incidents ({len(board.incidents)})"
    table = Table("grade", "for", "attend in", "where", "state", "units and hazards", title=title, expand=True)
    waiting = sorted(
        board.incidents.values(),
        key=lambda one: (
            one.state != types.DISPATCH_STATE_QUEUED,
            one.urgency,
            one.first_contact_at.ToMicroseconds(),
        ),
    )
    for one in waiting[:_MOST]:
        table.add_row(
            Text(one.grade, "bold"),
            age(moment(one, "first_contact_at"), now),
            until(moment(one, "attend_by"), now),
            place(one.place),
            _state(one),
            Text("\n").join(_sent(sent) for sent in board.assignments_of(one.incident_id)),
        )
    return table


def _state(one: types.DispatchIncident) -> Text:
    state = word(types.DispatchState.Name(one.state), "DISPATCH_STATE_")
    told = f", {one.escalated_to} told" if one.escalated_to else ""
    return Text(f"{state}{told}", WARNING if one.state == types.DISPATCH_STATE_QUEUED else "")


def _sent(one: types.Assignment) -> Text:
    taken = "" if one.state >= types.ASSIGNMENT_STATE_ACKNOWLEDGED else " (not acknowledged)"
    return Text(f"{one.callsign}{taken}: ").append_text(hazard_words(one))


def hazard_words(one: types.Assignment) -> Text:
    """The hazard answer in a line. What was not checked is as loud as firearms."""
    hazard = one.hazard
    if hazard.outcome == types.HAZARD_OUTCOME_NONE_FOUND:
        return Text("no markers", _GOOD)
    if hazard.outcome != types.HAZARD_OUTCOME_MARKERS_FOUND:
        reason = word(types.NotCheckedReason.Name(hazard.reason), "NOT_CHECKED_REASON_")
        return Text(f"NOT CHECKED: {reason}", LOUD)
    codes = ", ".join(sorted({found.code or "RESTRICTED" for found in hazard.hazards}))
    known = one.hazard_acknowledged >= hazard.version
    return Text(f"{codes}{'' if known else ' NOT ACKNOWLEDGED'}", WARNING if known else LOUD)


def _units(board: Board, now: datetime) -> Table:
    on_duty = [unit for unit in board.units.values() if unit.status != types.UNIT_STATUS_OFF_DUTY]
    title = f"Units on duty ({len(on_duty)})"
    table = Table("unit", "status", "for", "position", "radio", "skills", title=title, expand=True)
    for unit in sorted(on_duty, key=lambda one: (not one.emergency, one.status, one.callsign))[:_MOST]:
        status = word(types.UnitStatus.Name(unit.status), "UNIT_STATUS_")
        position = age(moment(unit, "position_at"), now)
        table.add_row(
            Text(unit.callsign, LOUD if unit.emergency else "bold"),
            Text(f"EMERGENCY, {status}" if unit.emergency else status, LOUD if unit.emergency else ""),
            age(moment(unit, "status_since"), now),
            f"{position} ago" if unit.HasField("position_at") else Text("none", QUIET),
            _radio(unit),
            ", ".join(unit.skills),
        )
    return table


def _radio(unit: types.Unit) -> Text:
    if unit.device_test == types.DEVICE_TEST_PASSED:
        return Text("tested", _GOOD)
    return Text(word(types.DeviceTest.Name(unit.device_test), "DEVICE_TEST_"), WARNING)
