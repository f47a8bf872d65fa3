"""A unit's terminal: where to go, and what to know before arriving."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from peel.dispatch.v1 import types_pb2 as types
from services.watch.screens.board import hazard_words
from services.watch.screens.words import LOUD, QUIET, WARNING, age, moment, place, word
from services.watch.terminal import Terminal

_GRAVE = (types.HAZARD_SEVERITY_HIGHEST, types.HAZARD_SEVERITY_NORMAL)


def unit_screen(terminal: Terminal, now: datetime) -> RenderableType:
    """The open assignment with its hazards, the newest first."""
    open_ones = [one for one in terminal.assignments.values() if one.state != types.ASSIGNMENT_STATE_ENDED]
    open_ones.sort(key=lambda one: -one.assigned_at.ToMicroseconds())
    parts: list[RenderableType] = [_unit(terminal.unit, now)]
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
    table = Table("marker", "who or what", "how it concerns this", "what to do", expand=True)
    for hazard in answer.hazards:
        name = hazard.code or "RESTRICTED"
        if hazard.expired:
            name += " (expired, unverified)"
        ways = ", ".join(word(types.MatchedBy.Name(way), "MATCHED_BY_") for way in hazard.matched_by)
        certainty = word(types.Certainty.Name(hazard.certainty), "CERTAINTY_")
        todo = hazard.handling_instruction or (f"ask {hazard.contact_point}" if hazard.restricted else "")
        style = QUIET if hazard.expired else LOUD if hazard.severity in _GRAVE else WARNING
        table.add_row(Text(name, style), hazard.subject_description, f"{ways} ({certainty})", todo)
    return table
