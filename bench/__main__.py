"""Measures, prints and judges: `make bench`. The figures are also in var/bench/report.json."""

import json
import os
import time
from pathlib import Path
from statistics import median

import typer
from rich.console import Console

from bench import hazards
from bench.control_room import measure_control_room
from bench.receiver import traces_endpoint
from bench.report import Report
from bench.stage import PROCESSES, Stage
from deploy.local.platform import Platform

_HOME = Path("var/bench")
_MONTH = Path("var/run/report.json")
_ROUNDS, _SECONDS = 3, 4
_CALLS = 10_000
_TO_ECHO, _TO_PGBENCH, _MEMORY_MB, _START_SECONDS = 0.6, 0.45, 120.0, 3.0

_console = Console()


def _weigh(stage: Stage, report: Report) -> None:
    """Memory of every process, after ten thousand reports went through all of them."""
    stage.call(stage.platform.addresses["intake"], seconds=120, calls=_CALLS)
    stage.settle(_CALLS)
    for name, megabytes in stage.memory().items():
        report.judge(f"memory of {name} after {_CALLS:,} calls", megabytes, _MEMORY_MB, at_least=False, unit=" MB")


def _start(stage: Stage, report: Report) -> None:
    for name in PROCESSES:
        report.judge(f"start of {name} to ready", stage.restart(name), _START_SECONDS, at_least=False, unit=" s")


def _compare(stage: Stage, report: Report) -> None:
    """Durable calls against echoes and plain SQL, in turns, with nothing else at work on the machine."""
    for name in ("intake-worker", "crime-api", "crime-worker"):
        stage.platform.supervisor[name].stop()
    stage.echo.start()
    stage.echo.wait_ready()
    try:
        intake = stage.platform.addresses["intake"]
        seen: dict[str, list[float]] = {name: [] for name in ("durable", "door", "bare", "pgbench", "p99")}
        for turn in range(_ROUNDS + 1):
            durable = stage.call(intake, seconds=_SECONDS)
            echoes = {kind: stage.call(stage.echo_address[kind], seconds=_SECONDS) for kind in ("door", "bare")}
            plain = stage.plain_sql(_SECONDS)
            # The first turn warms everything up.
            if turn:
                seen["durable"].append(durable.per_second)
                seen["p99"].append(durable.p99_ms)
                seen["door"].append(echoes["door"].per_second)
                seen["bare"].append(echoes["bare"].per_second)
                seen["pgbench"].append(plain)
    finally:
        stage.echo.stop()
    ratios = {
        kind: median(a / b for a, b in zip(seen["durable"], seen[kind], strict=True))
        for kind in ("door", "bare", "pgbench")
    }
    report.judge("OpenContact ÷ gRPC echo in the same process shape", ratios["door"], _TO_ECHO, at_least=True)
    report.judge("OpenContact ÷ pgbench of the equal transaction", ratios["pgbench"], _TO_PGBENCH, at_least=True)
    report.note("OpenContact ÷ echo without the door", ratios["bare"])
    for name in ("durable", "door", "bare", "pgbench"):
        report.note(f"{name} calls/s", median(seen[name]))
    report.note("durable p99", median(seen["p99"]), " ms")


def _month(report: Report) -> None:
    """Quotes the last month that was replayed on this machine, if one was."""
    if not _MONTH.is_file():
        return
    month = json.loads(_MONTH.read_text())
    report.note(f"the month ({month['received']:,} rows)", month["seconds"], " s")
    total = sum(month["cpu_seconds"].values())
    for name, seconds in month["cpu_seconds"].items():
        report.note(f"the month: share of {name}", 100 * seconds / total, " %")


def _hazards(report: Report) -> None:
    """Which markers concern an incident, among a million nominals: how surely, and how fast."""
    figures = hazards.Bench().measure(hazards.PER_KIND)
    for aim in hazards.aims(figures):
        report.judge(aim.name, aim.value, aim.aim, at_least=aim.at_least, unit=aim.unit)
    for name, value, unit in hazards.notes(figures):
        report.note(name, value, unit)


def main() -> None:
    """Measures everything; status 1 where a target was missed."""
    began = time.monotonic()
    report = Report()
    with traces_endpoint() as endpoint:
        os.environ["PEEL_OTLP_ENDPOINT"] = endpoint
        with Platform(_HOME, console=_console) as platform:
            stage = Stage(platform)
            _weigh(stage, report)
            _start(stage, report)
            _compare(stage, report)
        # Anew: the one before has ten thousand reports in it and half of its processes stopped.
        with Platform(_HOME, console=_console) as platform:
            measure_control_room(platform, report)
    _hazards(report)
    _month(report)
    report.finish(_HOME / "report.json", _console)
    _console.print(f"{time.monotonic() - began:.0f} s")
    raise typer.Exit(1 if report.missed else 0)


if __name__ == "__main__":
    typer.run(main)
