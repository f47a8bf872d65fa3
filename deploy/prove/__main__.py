"""Does it work? Brings the platform up, makes it fail as iOPS failed, and says what came of it."""

import asyncio
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from deploy.local.faults import LocalFault
from deploy.local.platform import Platform
from deploy.prove.backlog import backlog
from deploy.prove.firearms import firearms
from deploy.prove.panic import panic
from deploy.prove.reports import reports
from deploy.prove.silence import silence
from deploy.prove.stage import FORCE, open_stage
from deploy.prove.verdict import Experiment, Verdict, line_of, table_of, write_report
from deploy.prove.victims import victims
from services.kernel.clock import SystemClock

EXPERIMENTS = (
    Experiment("reports", "Is any report lost or doubled while processes are killed?", reports),
    Experiment("firearms", "Is anybody sent without being told of the hazards?", firearms),
    Experiment("panic", "Is every press of a panic button seen, whatever is down?", panic),
    Experiment("silence", "Does a press that nobody answers escalate on time?", silence),
    Experiment("backlog", "Is a backlog seen, with its size, age and owner?", backlog),
    Experiment("victims", "Is a report that nobody decides overdue in public at 24 h?", victims, rehearsal=True),
)
_WIDTH = 200

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


@app.command(help=__doc__)
def prove(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Only these: {', '.join(one.name for one in EXPERIMENTS)}.")
    ] = None,
    home: Annotated[Path, typer.Option(help="Folder of data, logs, tokens and the report.")] = Path("var/prove"),
    port_base: Annotated[int, typer.Option(help="Fixed ports are counted from here; 0 takes free ones.")] = 0,
) -> None:
    console = Console(stderr=True)
    if not console.is_terminal:
        console.width = _WIDTH
    began = time.monotonic()
    wanted = _wanted(names)
    verdicts: dict[Experiment, Verdict] = {}
    for rehearsal in (False, True):
        chosen = [one for one in wanted if one.rehearsal is rehearsal]
        if chosen:
            verdicts |= _review(chosen, home, port_base, console)
    write_report(home / "report.json", verdicts, time.monotonic() - began)
    console.print(table_of(verdicts))
    passed = all(verdict.passed for verdict in verdicts.values())
    seconds = f"{time.monotonic() - began:.0f} s"
    console.print(f"[bold green]IT WORKS[/] ({seconds})" if passed else f"[bold red]IT DOES NOT WORK[/] ({seconds})")
    console.print(f"written: {home / 'report.json'}", highlight=False)
    raise typer.Exit(0 if passed else 1)


def _wanted(names: Sequence[str] | None) -> list[Experiment]:
    known = {one.name: one for one in EXPERIMENTS}
    if unknown := sorted(set(names or ()) - known.keys()):
        raise typer.BadParameter(f"no experiment {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(EXPERIMENTS)


def _review(
    experiments: Sequence[Experiment], home: Path, port_base: int, console: Console
) -> dict[Experiment, Verdict]:
    """Runs experiments one after the other on one platform."""
    rehearsal = experiments[0].rehearsal
    platform = Platform(
        home / ("rehearsal" if rehearsal else "run"),
        rehearsal=rehearsal,
        clock_starts=SystemClock().now() if rehearsal else None,
        port_base=port_base or None,
        force=FORCE,
        console=console,
    )
    with platform:
        return uvloop.run(_run(experiments, platform, console))


async def _run(experiments: Sequence[Experiment], platform: Platform, console: Console) -> dict[Experiment, Verdict]:
    verdicts = {}
    async with open_stage(platform) as stage:
        for one in experiments:
            began = time.monotonic()
            verdicts[one] = await one.run(stage)
            console.print(line_of(one, verdicts[one], time.monotonic() - began), highlight=False)
            for fault in verdicts[one].faults:
                console.print(f"       [red]{fault}[/]", highlight=False)
            await stage.ready()
    return verdicts


def main() -> None:
    """Runs the command line. What a person can mend is said without a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except LocalFault as fault:
        raise SystemExit(str(fault)) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise SystemExit("stopped before the verdict") from None


if __name__ == "__main__":
    main()
