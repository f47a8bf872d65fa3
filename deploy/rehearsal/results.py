"""What a rehearsal leaves behind: report.json, street.csv, set-aside.csv, and the table on the screen."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from deploy.rehearsal.reconciliation import CategoryCount, Reconciliation
from deploy.rehearsal.street import COLUMNS, SetAside
from peel.crime.v1 import api_pb2 as api

_SHOWN_DIFFERENCES = 20


def report(found: Reconciliation, seconds: float, more: Mapping[str, object]) -> dict[str, object]:
    """The report as it is written: counts of rows, `contacts`, `overdue` and `overdue_expected` of contacts."""
    total = found.total
    return {
        "rehearsal": True,
        "received": total.received,
        "recorded": total.recorded,
        "not_crime": total.not_crime,
        "undecided": total.undecided,
        "overdue": len(found.late_named),
        "overdue_expected": len(found.late_expected),
        "contacts": found.contacts,
        "set_aside": found.set_aside,
        "lost": total.lost,
        "export_equal": found.export_equal,
        "seconds": round(seconds, 1),
        "categories": {name: asdict(one) | {"lost": one.lost} for name, one in found.categories.items()},
        "faults": found.faults,
        "differences": [asdict(one) for one in found.differences[:_SHOWN_DIFFERENCES]],
        **more,
    }


def write_report(path: Path, contents: Mapping[str, object]) -> None:
    """Writes report.json."""
    path.write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")


def write_street_file(path: Path, rows: Iterable[api.ExportStreetCrimeResponse]) -> None:
    """Writes the export with the columns of the public file, in their order."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        # The contract numbers the fields in the order of the columns.
        names = [field.name for field in api.ExportStreetCrimeResponse.DESCRIPTOR.fields]
        writer.writerows([getattr(row, name) for name in names] for row in rows)


def write_set_aside(path: Path, rows: Iterable[SetAside]) -> None:
    """Writes the rows that could not be reported, each with its line number, field and fault."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("line", "field", "problem", "row"))
        writer.writerows((one.line, one.field, one.problem, one.text) for one in rows)


def table(found: Reconciliation) -> Table:
    """The reconciliation, a line a category."""
    columns = ("in the file", "received", "recorded", "not a crime", "undecided", "lost")
    shown = Table("crime type", title="Reconciliation (REHEARSAL: synthetic people)")
    for column in columns:
        shown.add_column(column, justify="right")
    for name, one in found.categories.items():
        shown.add_row(name, *_cells(one))
    shown.add_section()
    shown.add_row("[bold]all[/]", *(f"[bold]{cell}[/]" for cell in _cells(found.total)))
    return shown


def _cells(one: CategoryCount) -> list[str]:
    counts = (one.in_file, one.received, one.recorded, one.not_crime, one.undecided, one.lost)
    return [f"{count:,}" for count in counts]
