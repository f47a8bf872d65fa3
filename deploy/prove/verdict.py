"""What an experiment came to, and what is left of all of them: a table, and report.json."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from rich.table import Table

from deploy.prove.stage import Stage

Figure: TypeAlias = int | float | str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`figures` by name, with units in the names; `faults` in words, none where it passed."""

    figures: Mapping[str, Figure]
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Experiment:
    """One line of the review. `rehearsal` says that it needs a clock it can step."""

    name: str
    question: str
    run: Callable[[Stage], Awaitable[Verdict]]
    rehearsal: bool = False


def line_of(experiment: Experiment, verdict: Verdict, seconds: float) -> str:
    """One line on the screen."""
    mark = "[bold green]PASSED[/]" if verdict.passed else "[bold red]FAILED[/]"
    figures = ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in verdict.figures.items())
    return f"{mark} [bold]{experiment.name}[/] ({seconds:.0f} s): {figures}"


def table_of(verdicts: Mapping[Experiment, Verdict]) -> Table:
    """The review at a glance."""
    table = Table("experiment", "question", "verdict", title="Does it work?")
    for experiment, verdict in verdicts.items():
        table.add_row(experiment.name, experiment.question, "[green]yes[/]" if verdict.passed else "[red]NO[/]")
    return table


def write_report(file: Path, verdicts: Mapping[Experiment, Verdict], seconds: float) -> None:
    """Writes report.json: per experiment whether it passed, its figures and faults."""
    file.parent.mkdir(parents=True, exist_ok=True)
    contents = {
        "passed": all(verdict.passed for verdict in verdicts.values()),
        "seconds": round(seconds, 1),
        "experiments": {
            experiment.name: {
                "passed": verdict.passed,
                "figures": dict(verdict.figures),
                "faults": list(verdict.faults),
            }
            for experiment, verdict in verdicts.items()
        },
    }
    file.write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")


def _shown(value: Figure) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
