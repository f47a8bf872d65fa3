"""The platform on this machine: bring it up, make tokens for it, fetch Kafka for it."""

import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.authority import Authority
from deploy.local.faults import LocalFault
from deploy.local.jars import LOCK, ensure_jars, read_lock, write_lock
from deploy.local.kafka import prepare_kafka
from deploy.local.orders import order
from deploy.local.platform import Platform

DEFAULT_HOME = Path("var/run")
DEFAULT_PORTS = 7100

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
_Home = Annotated[Path, typer.Option("--home", help="Folder of the platform's data, logs, keys and tokens.")]


@app.command()
def up(
    home: _Home = DEFAULT_HOME,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with the data that are there.")] = False,
    port_base: Annotated[
        int, typer.Option(help="Fixed ports are counted from here; 0 takes free ones.")
    ] = DEFAULT_PORTS,
) -> None:
    """Bring the platform up, and keep it up until Ctrl-C or SIGTERM."""
    # One way down for both: what Ctrl-C raises unwinds through the platform, which stops everything in order. Whoever
    # presses it twice leaves at once, and the processes end as after a kill.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True)
    try:
        with Platform(home, keep=keep, port_base=port_base or None, console=console) as platform:
            console.print(_processes(platform))
            console.print(
                f"tokens in {platform.home / 'tokens'}, settings in {platform.env_file}; Ctrl-C stops everything"
            )
            while True:
                signal.pause()
    except KeyboardInterrupt:
        console.print("stopped")


_Names = Annotated[list[str], typer.Argument(help="Processes, such as kafka, postgres, crime-worker.")]


@app.command()
def stop(names: _Names, home: _Home = DEFAULT_HOME) -> None:
    """Stop processes of the platform that is up in that folder, and keep them down."""
    for name in names:
        order(home, "stop", name)


@app.command()
def start(names: _Names, home: _Home = DEFAULT_HOME) -> None:
    """Start again what was stopped."""
    for name in names:
        order(home, "start", name)


@app.command()
def token(
    role: Annotated[list[str], typer.Option(help="Role, such as crime_recorder; may be given more than once.")],
    force: Annotated[str, typer.Option(help="Force, by its data.police.uk name.")] = "west-yorkshire",
    subject: Annotated[str, typer.Option(help="Who it is, for the audit.")] = "local-person",
    hours: Annotated[float, typer.Option(help="How long it is good for.")] = 12.0,
    home: _Home = DEFAULT_HOME,
) -> None:
    """Print a token of a synthetic person, as the platform in that folder accepts it."""
    authority = Authority(home / "authority")
    authority.ensure()
    try:
        typer.echo(authority.token(role, force, subject, hours))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def download() -> None:
    """Fetch Kafka's jars where this machine has not got them, and prepare its starts: once on a machine."""
    console = Console(stderr=True)
    console.print(f"Kafka's jars are in {ensure_jars(read_lock(), console)}")
    try:
        prepare_kafka(console)
    except (LocalFault, OSError) as fault:
        console.print(f"Kafka's starts will take longer, for they could not be prepared: {fault}")


@app.command()
def lock(
    coordinates: Annotated[
        list[str] | None, typer.Argument(help="Maven coordinates; without any, the present ones.")
    ] = None,
) -> None:
    """Make the list of Kafka's jars and their sums anew, for another version of Kafka."""
    # Only here: see ensure_jars.
    from deploy.local.download import make_lock

    write_lock(make_lock(tuple(coordinates or read_lock().roots)))
    typer.echo(f"wrote {LOCK}")


def _processes(platform: Platform) -> Table:
    table = Table("process", "pid", "address", box=None)
    addresses = {"postgres": platform.postgres.dsn("{service}"), "kafka": platform.kafka.bootstrap}
    addresses |= platform.listening
    for name, pid in platform.pids.items():
        table.add_row(name, str(pid), addresses.get(name, ""))
    return table


def main() -> None:
    """Runs the command line. What a person can mend is said without a traceback."""
    try:
        app()
    except LocalFault as fault:
        raise SystemExit(str(fault)) from None


if __name__ == "__main__":
    main()
