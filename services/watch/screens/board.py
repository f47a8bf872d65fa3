"""The board: what waits by grade and age, who is sent and what they were told, and what a person has to do."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from peel.dispatch.v1 import types_pb2 as types
from services.layout import a_table
from services.watch.board import Board
from services.watch.screens.words import LOUD, QUIET, WARNING, age, moment, place, point, until, word

_MOST = 25
_GOOD = "green"


def board_screen(board: Board, now: datetime) -> RenderableType:
    """Emergencies and tasks first where there are any: they are what a person has to do now."""
    parts = [_nearby(board, now)] if board.nearby else []
    parts += [_tasks(board, now)] if board.tasks else []
    return Group(*parts, _incidents(board, now), _units(board, now))


def _nearby(board: Board, now: datetime) -> Table:
    """Emergencies that nobody has taken, and which units were told of them (R-OS-03)."""
    emergencies: dict[str, list[types.EmergencyNearby]] = {}
    for one in sorted(board.nearby.values(), key=lambda told: told.distance_metres):
        emergencies.setdefault(one.emergency_id, []).append(one)
    title = f"Emergencies of which units nearby were told ({len(emergencies)})"
    table = a_table("who", "for", "where", "units told", title=title, expand=True)
    for told in sorted(emergencies.values(), key=lambda every: every[0].raised_at.ToMicroseconds()):
        units = ", ".join(f"{_callsign(board, one.unit_id)} ({one.distance_metres:,.0f} m)" for one in told)
        whose = Text(told[0].callsign or "unit not known", LOUD)
        table.add_row(whose, age(moment(told[0], "raised_at"), now), point(told[0].point), units)
    return table


def _callsign(board: Board, unit_id: str) -> str:
    return board.units[unit_id].callsign if unit_id in board.units else unit_id[-6:]


def _tasks(board: Board, now: datetime) -> Table:
    table = a_table("task", "for", "since", "about", title=f"To do ({len(board.tasks)})", expand=True)
    for task in sorted(board.tasks.values(), key=lambda one: one.raised_at.ToMicroseconds())[:_MOST]:
        who = _callsign(board, task.unit_id) if task.unit_id else task.incident_id[-6:]
        about = ", radio ".join(filter(None, (who, task.radio))) if who else task.radio
        kind = word(types.TaskKind.Name(task.kind), "TASK_KIND_")
        table.add_row(Text(kind, WARNING), task.owner, age(moment(task, "raised_at"), now), about)
    return table


def _incidents(board: Board, now: datetime) -> Table:
    """Whoever nobody is sent to comes first, by urgency and age (domain facts 4.2)."""
    title = f"Incidents ({len(board.incidents)})"
    table = a_table("grade", "for", "attend in", "where", "state", "units and hazards", title=title, expand=True)
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
    markers = ", ".join(sorted({marker_word(found) for found in hazard.hazards}))
    if hazard.outcome != types.HAZARD_OUTCOME_MARKERS_FOUND:
        reason = word(types.NotCheckedReason.Name(hazard.reason), "NOT_CHECKED_REASON_")
        return Text(f"NOT CHECKED: {reason}{f'; known: {markers}' if markers else ''}", LOUD)
    known = one.hazard_acknowledged >= hazard.version
    stands = any(not found.withdrawn for found in hazard.hazards)
    # That a warning is gone has to be acknowledged too, and is no warning.
    styles = (QUIET, WARNING) if not stands else (WARNING, LOUD)
    return Text(f"{markers}{'' if known else ' NOT ACKNOWLEDGED'}", styles[not known])


def marker_word(found: types.Hazard) -> str:
    """A marker's code, and that it does not stand any more or that nobody has verified it since it expired."""
    name = found.code or "RESTRICTED"
    if found.withdrawn:
        return f"{name} (withdrawn)"
    return f"{name} (expired, unverified)" if found.expired else name


def _units(board: Board, now: datetime) -> Table:
    on_duty = [unit for unit in board.units.values() if unit.emergency or unit.status != types.UNIT_STATUS_OFF_DUTY]
    title = f"Units on duty ({len(on_duty)})"
    table = a_table("unit", "status", "for", "position", "radio", "skills", title=title, expand=True)
    for unit in sorted(on_duty, key=lambda one: (not one.emergency, one.status, one.callsign))[:_MOST]:
        status = word(types.UnitStatus.Name(unit.status), "UNIT_STATUS_")
        position = age(moment(unit, "position_at"), now)
        table.add_row(
            Text(unit.callsign, LOUD if unit.emergency else "bold"),
            Text(f"{_emergency(unit)}{status}", LOUD if unit.emergency else ""),
            age(moment(unit, "status_since"), now),
            f"{position} ago" if unit.HasField("position_at") else Text("none", QUIET),
            _radio(unit),
            ", ".join(unit.skills),
        )
    return table


def _emergency(unit: types.Unit) -> str:
    return "EMERGENCY UNDER DURESS, " if unit.duress else "EMERGENCY, " if unit.emergency else ""


def _radio(unit: types.Unit) -> Text:
    if unit.device_test == types.DEVICE_TEST_PASSED:
        return Text("tested", _GOOD)
    return Text(word(types.DeviceTest.Name(unit.device_test), "DEVICE_TEST_"), WARNING)
