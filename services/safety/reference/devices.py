"""How long somebody may be at a scene without a word, and how long a device may be silent, by force and day.

A force without lines of its own has those of `*`: nobody is forgotten for want of a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from services.kernel.reference import read_table, valid_from, valid_to
from services.safety.devices.domain.welfare import Rule
from services.safety.reference.emergency import ANY_FORCE, lines


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a device on duty may be unheard: everybody's, and what a force has instead."""

    usual: timedelta
    of_force: Mapping[str, timedelta]

    def of(self, force: str) -> timedelta:
        return self.of_force.get(force, self.usual)


@cache
def welfare_rules(force: str, on: date) -> tuple[Rule, ...]:
    """The force's own rules, else everybody's."""
    return tuple(Rule(line["grade"], line["code"], int(line["minutes"])) for line in lines("welfare.csv", force, on))


@cache
def silence(on: date) -> Silence:
    """Of all forces on a day."""
    allowed = {
        line["force"]: timedelta(seconds=float(line["after_seconds"]))
        for line in read_table(__package__, "silence.csv")
        if valid_from(line) <= on <= valid_to(line)
    }
    return Silence(allowed.pop(ANY_FORCE), allowed)
