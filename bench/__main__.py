"""Measures, prints and judges: `make bench`. The figures are also in var/bench/report.json."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import typer
from rich.console import Console

from bench import hazards
from bench.control_room import measure_control_room
from bench.receiver import traces_endpoint
from bench.report import Report
from bench.stage import PROCESSES, Load, Stage
from deploy.local.platform import Platform

_HOME = Path("var/bench")
_MONTH = Path("var/run/report.json")
_ROUNDS, _SECONDS = 5, 3.0
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
    for name in PROCESSES:
        stage.platform.supervisor[name].stop()
    beside = (stage.echo, *stage.replicas.values())
    for process in beside:
        process.start()
        process.wait_ready()
    one, both = next(iter(stage.replicas)), ",".join(stage.replicas)
    loads: dict[str, Callable[[], Load]] = {
        "durable": lambda: stage.call(one, seconds=_SECONDS),
        "durable, a process on each core": lambda: stage.call(both, seconds=_SECONDS),
        "echo behind the door": lambda: stage.call(stage.echo_address["door"], seconds=_SECONDS),
        "echo without a door": lambda: stage.call(stage.echo_address["bare"], seconds=_SECONDS),
        "pgbench": lambda: stage.plain_sql(_SECONDS),
        "pgbench that wakes": lambda: stage.plain_sql(_SECONDS, waking=True),
    }
    seen: dict[str, list[Load]] = {name: [] for name in loads}
    try:
        for turn in range(_ROUNDS + 1):
            for name, load in loads.items():
                told = load()
                # The first turn warms everything up.
                if turn:
                    seen[name].append(told)
    finally:
        for process in beside:
            process.stop()
    _judge(seen, report)


def _judge(seen: dict[str, list[Load]], report: Report) -> None:
    def ratio(name: str, durable: str = "durable") -> float:
        return median(a.per_second / b.per_second for a, b in zip(seen[durable], seen[name], strict=True))

    shape = "OpenContact ÷ gRPC echo in the same process shape"
    report.judge(shape, ratio("echo behind the door"), _TO_ECHO, at_least=True)
    # pgbench's sixty-four backends have both cores; one Python process has one, so it is replicas that are compared.
    whole = ratio("pgbench", "durable, a process on each core")
    report.judge("OpenContact ÷ pgbench of the equal transaction, both on two cores", whole, _TO_PGBENCH, at_least=True)
    report.note("OpenContact ÷ pgbench, by one process on one core", ratio("pgbench"))
    report.note("OpenContact ÷ pgbench that wakes the relay each time", ratio("pgbench that wakes"))
    report.note("OpenContact ÷ echo without a door", ratio("echo without a door"))
    for name, loads in seen.items():
        report.note(f"{name}, calls/s", median(load.per_second for load in loads))
    report.note("durable p99", median(load.p99_ms for load in seen["durable"]), " ms")


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
