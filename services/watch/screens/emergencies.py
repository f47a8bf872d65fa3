"""Emergencies on a console: whatever nobody has taken stands at the top and is loud."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from peel.safety.v1 import emergency_types_pb2 as types
from services.layout import a_table
from services.watch.console import Console
from services.watch.screens.words import LOUD, QUIET, WARNING, age, moment, point, word

_LEVELS = {
    types.ESCALATION_LEVEL_SUPERVISOR: "supervisor",
    types.ESCALATION_LEVEL_ALL_POSITIONS: "ALL POSITIONS, duty inspector",
    types.ESCALATION_LEVEL_UNITS_NEARBY: "ALL UNITS NEARBY, talkgroup",
    types.ESCALATION_LEVEL_NEIGHBOURING_FORCE: "NEIGHBOURING FORCE, force duty officer",
}
_DUTY = {types.DUTY_OFF: "off duty", types.DUTY_UNKNOWN_DEVICE: "unknown device"}


def emergencies_screen(console: Console, now: datetime) -> RenderableType:
    """Open ones first, the oldest at the top; cleared ones are left out."""
    open_ones = [one for one in console.emergencies.values() if one.state != types.EMERGENCY_STATE_CLEARED]
    open_ones.sort(key=lambda one: (one.synthetic, one.state, one.raised_at.ToMicroseconds()))
    untaken = sum(one.state == types.EMERGENCY_STATE_OPEN and not one.synthetic for one in open_ones)
    parts: list[RenderableType] = [_banner(untaken)]
    parts += [_alarm(alarm, now) for alarm in console.alarms.values() if not alarm.over]
    table = a_table("state", "for", "who", "what", "where", "told to", "on screen at", "safe", expand=True)
    for one in open_ones:
        table.add_row(*_cells(one, console.force, now))
    return Group(*parts, table)


def _banner(untaken: int) -> RenderableType:
    if untaken:
        return Panel(Text(f"{untaken} EMERGENC{'Y' if untaken == 1 else 'IES'} NOT TAKEN", LOUD, justify="center"))
    return Panel(Text("no emergency waits", "green", justify="center"))


def _alarm(alarm: types.PathAlarm, now: datetime) -> Text:
    proven = age(moment(alarm, "last_proven_at"), now)
    return Text(f"PATH NOT PROVEN at {alarm.site}: last success {proven} ago", LOUD)


def _cells(one: types.Emergency, force: str, now: datetime) -> list[RenderableType]:
    carrier = one.carrier
    who = carrier.callsign or (one.presses[0].radio if one.presses else "") or "nobody known"
    crew = ", ".join(carrier.crew)
    duty = _DUTY.get(carrier.duty, "")
    # Next door's, which nobody there took.
    elsewhere = "" if one.force == force else f"of {one.force}"
    trigger = word(types.Trigger.Name(one.presses[0].trigger), "TRIGGER_") if one.presses else ""
    presses = f", {len(one.presses)} presses" if len(one.presses) > 1 else ""
    return [
        _state(one),
        age(moment(one, "raised_at"), now),
        Text("\n".join(filter(None, (who, elsewhere, crew, duty))), WARNING if duty or elsewhere else ""),
        Text("\n".join(filter(None, (f"{trigger}{presses}", _gravity(one)))), "bold"),
        _where(one, now),
        Text(_LEVELS.get(one.level, "positions"), WARNING if one.level else ""),
        ", ".join(shown.console for shown in one.shown) or Text("NOBODY", LOUD),
        _durability(one),
    ]


def _state(one: types.Emergency) -> Text:
    if one.state == types.EMERGENCY_STATE_OPEN:
        return Text("test" if one.synthetic else "NOT TAKEN", QUIET if one.synthetic else LOUD)
    if one.codes_locked:
        return Text(f"taken by {one.acknowledged_by}, CODES LOCKED: a supervisor clears", WARNING)
    code = ", safe code given" if one.safe_code_given else ""
    code = code or (f", {one.codes_wrong} wrong codes" if one.codes_wrong else "")
    return Text(f"taken by {one.acknowledged_by}{code}", "green")


def _gravity(one: types.Emergency) -> str:
    names = {types.GRAVITY_SEVERAL_OFFICERS: "SEVERAL OFFICERS", types.GRAVITY_DURESS: "DURESS CODE GIVEN"}
    return names.get(one.gravity, "")


def _where(one: types.Emergency, now: datetime) -> Text:
    if one.position_source == types.POSITION_SOURCE_INCIDENT:
        return Text(f"{one.carrier.incident_address} (incident)", WARNING)
    if not one.HasField("point"):
        return Text("POSITION UNKNOWN", LOUD)
    old = age(moment(one, "position_at"), now)
    source = "" if one.position_source == types.POSITION_SOURCE_PRESS else "last known, "
    return Text(f"{point(one.point)}\n{source}{old} ago", WARNING if source else "")


def _durability(one: types.Emergency) -> Text:
    if one.durability == types.DURABILITY_COMMITTED:
        return Text("stored", "green")
    if one.durability == types.DURABILITY_LOCAL:
        return Text("on disk", WARNING)
    return Text("NOT STORED", LOUD)
