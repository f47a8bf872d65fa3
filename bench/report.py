"""The figures that a bench takes, judged against their targets, printed and written."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


class Report:
    """The figures with their targets, in the order they were taken."""

    def __init__(self) -> None:
        self.figures: dict[str, Any] = {}
        self.missed: list[str] = []
        self._table = Table("figure", "seen", "target", "", title="Bench: ratios of one run, medians")

    def note(self, name: str, value: float, unit: str = "") -> None:
        """A figure without a target."""
        self._add(name, value, f"{value:,.2f}{unit}", "", "")

    def judge(self, name: str, value: float, target: float, *, at_least: bool, unit: str = "") -> None:
        """A figure with a target that it has to reach, or to stay below."""
        met = value >= target if at_least else value <= target
        if not met:
            self.missed.append(name)
        sign = "≥" if at_least else "≤"
        verdict = "[green]met[/green]" if met else "[red]missed[/red]"
        self._add(name, value, f"{value:,.2f}{unit}", f"{sign} {target:g}{unit}", verdict)

    def _add(self, name: str, value: float, seen: str, target: str, verdict: str) -> None:
        self.figures[name] = round(value, 3)
        self._table.add_row(name, seen, target, verdict)

    def finish(self, file: Path, console: Console) -> None:
        """Prints the table and writes the file."""
        console.print(self._table)
        file.write_text(json.dumps({"figures": self.figures, "missed": self.missed}, indent=2) + "\n")
