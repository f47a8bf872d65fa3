"""Rehearse a real month: bring the platform up, replay the month through its public API, and count.

All parts are real, PostgreSQL and Kafka included. The month is a public file; the people in it are synthetic.
"""

import asyncio
import gc
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from deploy.local.faults import LocalFault
from deploy.local.platform import Platform
from deploy.rehearsal.addresses import addresses, calls_to_try
from deploy.rehearsal.kills import Kill
from deploy.rehearsal.rehearsal import Plan, Rehearsal, Result, known_words, plan
from deploy.rehearsal.results import report, table, write_report, write_set_aside, write_street_file
from deploy.rehearsal.street import StreetFile, StreetFileFault, read_street
from deploy.rehearsal.stuck import RehearsalStuck

MONTH = Path(__file__).parent / "data" / "street-2018-07-west-yorkshire.csv.gz"
_STOPPED = 130
_LOG_WIDTH = 200

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


@app.command(help=__doc__)
def rehearse(
    month: Annotated[Path, typer.Option(help="A street-level file of data.police.uk, plain or gzipped.")] = MONTH,
    rows: Annotated[int | None, typer.Option(min=1, help="Only so many of its first rows.")] = None,
    kill: Annotated[
        Kill | None, typer.Option(help="Kill -9 in the middle of the month; all must come out the same.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with the data of the last run.")] = False,
    leave: Annotated[
        bool, typer.Option("--exit", help="Stop after the verdict; status 1 where anything differs.")
    ] = False,
    home: Annotated[Path, typer.Option(help="Folder of data, logs, tokens and reports.")] = Path("var/run"),
    port_base: Annotated[int, typer.Option(help="Fixed ports are counted from here; 0 takes free ones.")] = 7100,
) -> None:
    console = _console()
    began = time.monotonic()
    file = _read(month, rows)
    todo = plan(file)
    # The plan is a million objects that live to the end: no collection needs to look at them again.
    gc.freeze()
    _announce(console, month, todo)
    platform = Platform(
        home,
        rehearsal=True,
        clock_starts=todo.span.start,
        keep=keep,
        port_base=port_base or None,
        force=file.force,
        console=console,
    )
    with platform:
        starting = time.monotonic() - began
        rehearsal = Rehearsal(platform, todo, kill, console)
        result = uvloop.run(_until_stopped(rehearsal, console))
        faults = _report(console, home, todo, result, starting, rehearsal)
        if not leave:
            _stay(console, platform, file, result)
    raise typer.Exit(1 if faults else 0)


def _console() -> Console:
    """On a log, lines are as long as they are."""
    console = Console(stderr=True)
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    return console


def _read(month: Path, rows: int | None) -> StreetFile:
    try:
        return read_street(month, known_words(), rows)
    except StreetFileFault as fault:
        raise typer.BadParameter(str(fault), param_hint="--month") from fault


def _announce(console: Console, month: Path, todo: Plan) -> None:
    file = todo.file
    console.print(
        f"REHEARSAL of {file.month}, {file.force}: {len(file.rows):,} rows of {month.name} as {len(todo.contacts):,} "
        f"contacts; {len(file.set_aside):,} rows set aside. People are synthetic; no real duty is being timed.",
        highlight=False,
    )
    for one in file.set_aside[:10]:
        console.print(f"  line {one.line}: {one.field} {one.problem}", highlight=False)


async def _until_stopped(rehearsal: Rehearsal, console: Console) -> Result:
    """The rehearsal; Ctrl-C and SIGTERM end it where it is, and everything under it."""
    loop, work = asyncio.get_running_loop(), asyncio.create_task(rehearsal.run())

    def stop(number: signal.Signals) -> None:
        console.print(f"{number.name}: stopping")
        work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        return await work
    except* RehearsalStuck as stuck:
        raise LocalFault("; ".join(map(str, stuck.exceptions))) from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _report(
    console: Console, home: Path, todo: Plan, result: Result, starting: float, rehearsal: Rehearsal
) -> Sequence[str]:
    found, progress = result.found, rehearsal.progress
    more = {
        "month": todo.file.month,
        "force": todo.file.force,
        "start_seconds": round(starting, 1),
        "calls": progress.calls,
        "calls_per_second": round(result.rate),
        "retries": progress.retries,
        "held_seconds": round(progress.held_seconds, 1),
        "decisions": progress.decisions,
        "outcomes": progress.outcomes,
        "incidents_closed": progress.closed,
        "kills": progress.kills,
        "going_out": asdict(result.going_out),
        "cpu_seconds": result.cpu,
        "cpus": os.cpu_count(),
    }
    write_report(home / "report.json", report(found, result.seconds, more))
    write_street_file(home / "street.csv", result.export)
    write_set_aside(home / "set-aside.csv", todo.file.set_aside)
    console.print(table(found))
    console.print(
        f"{found.contacts:,} contacts, {progress.decisions:,} decided by people, {len(found.late_named):,} overdue as "
        f"{len(found.late_expected):,} were meant to be, {progress.outcomes:,} outcomes; {result.seconds:.0f} s, "
        f"{result.rate:,.0f} calls/s, held back {progress.held_seconds:.0f} s, {progress.retries:,} calls made again",
        highlight=False,
    )
    for words in result.going_out.words:
        console.print(words, highlight=False)
    used = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in result.cpu.items())
    console.print(f"processor time: {used}", highlight=False)
    faults = [*found.faults, *result.going_out.faults]
    for fault in faults:
        console.print(f"[bold red]DIFFERS[/] {fault}", highlight=False)
    if not faults:
        console.print("[bold green]NOTHING LOST[/]: every row received, decided and published as in the file")
    console.print(f"written: {home / 'report.json'}, {home / 'street.csv'}, {home / 'set-aside.csv'}", highlight=False)
    return faults


def _stay(console: Console, platform: Platform, file: StreetFile, result: Result) -> None:
    """Leaves everything up, until Ctrl-C or SIGTERM."""
    console.print(addresses(platform))
    for what, command in calls_to_try(platform, file.force, result.a_contact):
        console.print(f"\n[bold]{what}[/]")
        console.print(command, soft_wrap=True, highlight=False, markup=False)
    console.print("\nCtrl-C stops everything")
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        console.print("stopping")


def main() -> None:
    """Runs the command line. What a person can mend is said without a traceback."""
    # One way out for both signals: it unwinds through the platform, which stops everything in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except LocalFault as fault:
        raise SystemExit(str(fault)) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("stopped before the count", err=True)
        raise SystemExit(_STOPPED) from None


if __name__ == "__main__":
    main()
