"""How an emergency escalates, and what is near, by force and day. A force without lines of its own has those of `*`:
an emergency never fails for want of a table (R-OS-06)."""

from datetime import date, timedelta
from functools import cache

from services.kernel.reference import read_table, valid_from, valid_to
from services.safety.emergency.domain.ladder import Ladder, Rung
from services.safety.emergency.domain.nearness import Nearness
from services.safety.emergency.domain.signals import EscalationLevel

ANY_FORCE = "*"


@cache
def ladder(force: str, on: date) -> Ladder:
    """The levels of escalation, first one first."""
    rungs = [
        Rung(
            EscalationLevel[line["level"]],
            timedelta(seconds=float(line["after_seconds"])),
            line["told"],
            float(line["within_metres"] or 0),
        )
        for line in lines("escalation.csv", force, on)
    ]
    return tuple(sorted(rungs, key=lambda rung: rung.after))


@cache
def nearness(force: str, on: date) -> Nearness:
    """How close two presses are near each other."""
    (line,) = lines("nearness.csv", force, on)
    return Nearness(float(line["metres"]), timedelta(minutes=float(line["minutes"])))


@cache
def neighbours(force: str, on: date) -> frozenset[str]:
    """The forces whose control rooms see an emergency of this one from the last level on (R-OS-03)."""
    return frozenset(line["neighbour"] for line in lines("neighbours.csv", force, on))


@cache
def sites(on: date) -> dict[tuple[str, str], timedelta]:
    """How long the path of each site, by force and name, may stay unproven (R-OS-07)."""
    return {
        (line["force"], line["site"]): timedelta(seconds=float(line["within_seconds"]))
        for line in read_table(__package__, "sites.csv")
        if valid_from(line) <= on <= valid_to(line)
    }


def lines(table: str, force: str, on: date) -> list[dict[str, str]]:
    """The force's own lines on that day, else everybody's."""
    valid = [line for line in read_table(__package__, table) if valid_from(line) <= on <= valid_to(line)]
    return [line for line in valid if line["force"] == force] or [line for line in valid if line["force"] == ANY_FORCE]
