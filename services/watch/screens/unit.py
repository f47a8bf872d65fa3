"""A unit's terminal: where to go, and what to know before arriving."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from peel.dispatch.v1 import types_pb2 as types
from services.layout import a_table
from services.watch.screens.board import hazard_words, marker_word
from services.watch.screens.words import LOUD, QUIET, WARNING, age, moment, place, point, word
from services.watch.terminal import Terminal

_GRAVE = (types.HAZARD_SEVERITY_HIGHEST, types.HAZARD_SEVERITY_NORMAL)


def unit_screen(terminal: Terminal, now: datetime) -> RenderableType:
    """Who needs help nearby, then the open assignment with its hazards, the newest first."""
    open_ones = [one for one in terminal.assignments.values() if one.state != types.ASSIGNMENT_STATE_ENDED]
    open_ones.sort(key=lambda one: -one.assigned_at.ToMicroseconds())
    parts: list[RenderableType] = [_unit(terminal.unit, now)]
    nearby = sorted(terminal.nearby.values(), key=lambda one: one.distance_metres)
    parts += [_nearby(one, now) for one in nearby]
    parts += [_assignment(one, now) for one in open_ones] or [Panel(Text("not assigned", QUIET, justify="center"))]
    return Group(*parts)


def _unit(unit: types.Unit | None, now: datetime) -> RenderableType:
    if unit is None:
        return Panel(Text("waiting for word of the unit", QUIET))
    status = word(types.UnitStatus.Name(unit.status), "UNIT_STATUS_")
    line = Text(f"{unit.callsign}  {status} for {age(moment(unit, 'status_since'), now)}", "bold")
    if unit.emergency:
        line = Text(f"{unit.callsign}  EMERGENCY", LOUD)
    return Panel(line)


def _nearby(one: types.EmergencyNearby, now: datetime) -> Panel:
    whose = one.callsign or "an officer whose unit nobody knows"
    since = age(moment(one, "raised_at"), now)
    line = f"EMERGENCY NEARBY: {whose}, {one.distance_metres:,.0f} m away at {point(one.point)}, for {since}"
    return Panel(Text(line, LOUD), border_style="red")


def _assignment(one: types.Assignment, now: datetime) -> RenderableType:
    head = Table.grid(padding=(0, 2))
    head.add_row("grade", Text(one.grade, "bold"), "sent", f"{age(moment(one, 'assigned_at'), now)} ago")
    head.add_row("to", Text(place(one.place), "bold"), "hazards", hazard_words(one))
    parts: list[RenderableType] = [head]
    if one.hazard.hazards:
        parts.append(_hazards(one.hazard))
    unknown = one.hazard_acknowledged < one.hazard.version
    keys = "a: acknowledge" if unknown or one.state == types.ASSIGNMENT_STATE_SENT else "acknowledged"
    return Panel(Group(*parts), subtitle=keys, border_style="red" if unknown else "green")


def _hazards(answer: types.HazardAnswer) -> Table:
    table = a_table("marker", "who or what", "how it concerns this", "what to do", expand=True)
    for hazard in answer.hazards:
        gone = hazard.expired or hazard.withdrawn
        ways = ", ".join(word(types.MatchedBy.Name(way), "MATCHED_BY_") for way in hazard.matched_by)
        certainty = word(types.Certainty.Name(hazard.certainty), "CERTAINTY_")
        style = QUIET if gone else LOUD if hazard.severity in _GRAVE else WARNING
        told = (hazard.subject_description, f"{ways} ({certainty})", _todo(hazard))
        table.add_row(
            Text(marker_word(hazard), style), *(Text(text, QUIET if hazard.withdrawn else "") for text in told)
        )
    return table


def _todo(hazard: types.Hazard) -> str:
    """What the marker asks of the crew: nothing any more, where it was taken back."""
    if hazard.withdrawn:
        return "this warning was taken back"
    return hazard.handling_instruction or (f"ask {hazard.contact_point}" if hazard.restricted else "")
