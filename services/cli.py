"""The `peel` command: the processes of each service, and what an operator looks at.

Each command imports what it needs when it runs: a process that serves should not carry what another command prints.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.kernel.errors import OperatorFault
from services.kernel.settings import load_settings
from services.table import SERVICES

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False, help="Peel: operational policing.")
dead_letters = typer.Typer(no_args_is_help=True, help="Events that could not be handled: look at them, replay them.")
app.add_typer(dead_letters, name="dlq")
audit = typer.Typer(no_args_is_help=True, help="The record of who did what to which record.")
app.add_typer(audit, name="audit")
watch = typer.Typer(no_args_is_help=True, help="Live views: the board, emergencies, a unit's terminal.")
app.add_typer(watch, name="watch")
_FORCE = "west-yorkshire"
_DAY = "%Y-%m-%d"

ServiceName = StrEnum("ServiceName", {name: name for name in SERVICES})  # type: ignore[misc]


class By(StrEnum):
    """What the sums of a reconciliation are kept apart by."""

    day = "day"
    category = "category"
    lsoa = "lsoa"


class Phase(StrEnum):
    """Which migrations: before the new code starts, or after the old one is gone."""

    pre = "pre"
    post = "post"
    all = "all"


@cache
def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr)


def _add_service(name: str) -> typer.Typer:
    service = typer.Typer(no_args_is_help=True, help=f"The processes of {name}.")

    @service.command(help=f"Serve the gRPC API of {name} until SIGTERM.")
    def api(
        only: Annotated[list[str], typer.Option(help="Serve this part alone; may be repeated.")] = [],  # noqa: B006
    ) -> None:
        from services.kernel.server import run_api

        raise typer.Exit(run_api(name, load_settings(), tuple(only)))

    @service.command(help=f"Run the worker of {name}: outbox relay, consumer and timers, until SIGTERM.")
    def worker() -> None:
        from services.kernel.worker import run_worker

        raise typer.Exit(run_worker(name, load_settings()))

    @service.command(help=f"Bring the database of {name} and its Kafka topics to what this version needs.")
    def migrate(phase: Annotated[Phase, typer.Option(help="pre before a rollout, post after it.")] = Phase.all) -> None:
        from services import operate

        applied = asyncio.run(operate.migrate(load_settings(), name, phase.value))
        _console().print(f"{name}: " + (", ".join(applied) if applied else "nothing to apply"))

    app.add_typer(service, name=name)
    return service


_services = {name: _add_service(name) for name in SERVICES}


@_services["dispatch"].command("rebuild-replica")
def rebuild_replica() -> None:
    """Put dispatch's replica of warning markers right by officer safety's topic, while the service goes on."""
    from services import operate

    _console().print(asyncio.run(operate.rebuild_replica(load_settings())))


@_services["safety"].command()
def probe() -> None:
    """Press synthetically for each site every minute, and see it arrive at every replica, until SIGTERM."""
    from services.safety.probe.process import run_probe

    raise typer.Exit(run_probe(load_settings()))


spool = typer.Typer(no_args_is_help=True, help="What a replica's spool set aside: look at it, give it back.")
_services["safety"].add_typer(spool, name="spool")


@spool.command("list")
def list_set_aside() -> None:
    """The files that the spool of this replica (PEEL_SPOOL) set aside for a person."""
    from services import operate

    _console().print(operate.list_set_aside(load_settings()), soft_wrap=True, markup=False)


@spool.command("show")
def show_set_aside(name: Annotated[str, typer.Argument(help="Name of a file that `spool list` shows.")]) -> None:
    """One file: its signal with personal data removed, or what can be made out, and whether the database has it."""
    from services import operate

    _console().print_json(asyncio.run(operate.show_set_aside(load_settings(), name)))


@spool.command("give-back")
def give_back_set_aside(
    names: Annotated[list[str], typer.Argument(help="Names of files that `spool list` shows.")],
) -> None:
    """Give refused signals to the database again, and take their files away; each is stored once, however often."""
    from services import operate

    asyncio.run(operate.give_back_set_aside(load_settings(), names))
    _console().print(f"given back {len(names)}")


_Force = Annotated[str, typer.Option(help="Force id, such as west-yorkshire.")]
_Token = Annotated[
    Path | None, typer.Option("--token-file", help="Bearer token; else the role's file beside PEEL_TOKEN_FILE.")
]


@watch.command("board")
def watch_board(force: _Force = _FORCE, token_file: _Token = None) -> None:
    """Incidents that wait, units, who is sent with which hazards, and what a person has to do."""
    from services.watch import commands

    commands.board(load_settings(), force, token_file)


@watch.command("emergencies")
def watch_emergencies(
    force: _Force = _FORCE,
    console: Annotated[str, typer.Option(help="Name of this console position.")] = "pod-1",
    replica: Annotated[int, typer.Option(min=1, help="Replica to begin with, counted from 1.")] = 1,
    token_file: _Token = None,
) -> None:
    """Every open emergency, as it happens; `a` takes the oldest that nobody has taken."""
    from services.watch import commands

    commands.emergencies(load_settings(), force, console, replica, token_file)


@watch.command("unit")
def watch_unit(
    unit_id: Annotated[str, typer.Argument(help="Id of the unit, as the board has it.")], token_file: _Token = None
) -> None:
    """A unit's terminal: its assignment, with every hazard; `a` acknowledges both."""
    from services.watch import commands

    commands.unit(load_settings(), unit_id, token_file)


@app.command()
def backlogs(as_json: Annotated[bool, typer.Option("--json", help="For programs, one object.")] = False) -> None:
    """Every queue, tray and clock: its owner, how many wait, and how old the oldest is."""
    from services import operate

    settings = load_settings()
    lines, unreachable = asyncio.run(operate.backlogs(settings))
    if as_json:
        measured = [asdict(line) for line in lines]
        sys.stdout.write(json.dumps({"backlogs": measured, "not_measured": unreachable}) + "\n")
    else:
        _console().print(operate.backlogs_table(settings, lines))
    if unreachable:
        told = _console(stderr=as_json)
        told.print(f"[red]not measured: {', '.join(unreachable)}[/red]")
        raise typer.Exit(1)


@app.command()
def reconcile(
    force: _Force = _FORCE,
    since: Annotated[datetime | None, typer.Option(formats=[_DAY], help="First day of first contact.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=[_DAY], help="Last day, all of it.")] = None,
    by: Annotated[list[By], typer.Option(help="Keep the sums apart by this; may be repeated.")] = [  # noqa: B006
        By.category
    ],
) -> None:
    """What was received, decided, recorded and not recorded, and what is undecided or overdue, from the crime ledger;
    and whether all that intake acknowledged has arrived there. Days are those of England and Wales.

    Exits with 1 where a report is undecided past its 24 hours, or has not arrived after some minutes.
    """
    from services import operate

    settings, kept_apart = load_settings(), [one.value for one in by]
    period = operate.days(since.date() if since else None, until.date() if until else None)
    table, undecided_overdue = asyncio.run(operate.reconcile(settings, force, *period, kept_apart))
    _console().print(table)
    found = asyncio.run(operate.arrival(settings, force, *period))
    _console().print(operate.arrival_table(settings, force, found))
    raise typer.Exit(1 if undecided_overdue or found.missing else 0)


@app.command()
def settings() -> None:
    """Every setting with its meaning and its value now; secrets are not shown."""
    from services import operate

    _console().print(operate.settings_table(load_settings()))


@dead_letters.command("list")
def list_dead_letters(
    service: ServiceName,
    after: Annotated[int, typer.Option(min=0, help="Begin behind this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Show so many at the most.")] = 100,
) -> None:
    """The dead letters of a service that wait for a replay, oldest first; says how many wait in all."""
    from services import operate

    _console().print(asyncio.run(operate.list_dead_letters(load_settings(), service.value, after, limit)))


@dead_letters.command("show")
def show_dead_letter(service: ServiceName, number: int) -> None:
    """One dead letter: where it came from, why it failed, and its content with personal data removed."""
    from services import operate

    _console().print_json(asyncio.run(operate.show_dead_letter(load_settings(), service.value, number)))


@dead_letters.command("replay")
def replay_dead_letters(
    service: ServiceName, numbers: Annotated[list[int], typer.Argument(help="Numbers that `dlq list` shows.")]
) -> None:
    """Give dead letters to the service again; each has its effect once, however often it is replayed."""
    from services import operate

    asyncio.run(operate.replay_dead_letters(load_settings(), service.value, numbers))
    _console().print(f"replayed {len(numbers)}")


@audit.command("verify")
def verify_audit(service: ServiceName) -> None:
    """Check every seal of a service's audit against its rows. Exits with 1 where a row was changed behind our back."""
    from services import operate

    verdict = asyncio.run(operate.verify_audit(load_settings(), service.value))
    _console().print(
        f"{verdict.seals} seals over {verdict.sealed_rows:,} rows, {verdict.waiting_rows:,} rows wait for the next: "
        + ("[green]whole[/green]" if verdict.broken is None else f"[red]seal {verdict.broken} is broken[/red]")
    )
    raise typer.Exit(0 if verdict.broken is None else 1)


def main() -> None:
    """Entry point. An error that an operator can act on is one line; anything else keeps its trace."""
    try:
        app()
    except OperatorFault as error:
        print(f"peel: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks on standard error
        sys.exit(1)


if __name__ == "__main__":
    main()
