"""Rules and code tables of dispatch, with validity dates and a source a line; README.md says how sure each is."""

from collections.abc import Iterator
from datetime import date

from services.kernel.reference import read_table, valid_from, valid_to

_EVERY_FORCE = "*"


def lines(table: str, force: str, on: date) -> Iterator[dict[str, str]]:
    """The lines of a table that hold for a force on a day: its own where it has any, else the common ones ("*")."""
    found = [line for line in read_table(__name__, f"{table}.csv") if valid_from(line) <= on <= valid_to(line)]
    own = [line for line in found if line["force"] == force]
    yield from own or (line for line in found if line["force"] == _EVERY_FORCE)


def values(table: str, force: str, on: date) -> dict[str, float]:
    """The figures of a table, by name, that hold for a force on a day."""
    return {line["name"]: float(line["value"]) for line in lines(table, force, on)}
