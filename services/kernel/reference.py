"""Code tables that ship as CSV files in a service's `reference` package, with validity dates and a source a line."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from importlib.resources import files
from io import StringIO
from zoneinfo import ZoneInfo


def read_table(package: str, name: str) -> Iterator[dict[str, str]]:
    """The lines of a table, by column name."""
    yield from csv.DictReader(StringIO((files(package) / name).read_text(encoding="utf-8")))


def local_date(at: datetime) -> date:
    """The day of an aware moment where the forces are: validity is counted in their days, summer time observed."""
    return at.astimezone(ZoneInfo("Europe/London")).date()


def valid_from(line: dict[str, str]) -> date:
    """First day on which the line holds; the beginning of time where none is given."""
    return date.fromisoformat(line["valid_from"]) if line["valid_from"] else date.min


def valid_to(line: dict[str, str]) -> date:
    """Last day on which the line holds; the end of time where none is given."""
    return date.fromisoformat(line["valid_to"]) if line["valid_to"] else date.max
