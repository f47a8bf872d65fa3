"""The whole platform on this machine: PostgreSQL, Kafka, migrations, and the processes of all services."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from deploy.local.authority import FORCES, Authority, role_names, short_role
from deploy.local.environment import Surroundings, write_env_file
from deploy.local.faults import LocalFault
from deploy.local.files import write_private
from deploy.local.home import Home
from deploy.local.kafka import LocalKafka
from deploy.local.launch import run_step
from deploy.local.orders import Orders
from deploy.local.ports import fixed_ports, free_ports, require_free
from deploy.local.postgres import LocalPostgres
from deploy.local.processes import Command, Process, Supervisor
from deploy.local.ready import http_ready
from deploy.local.roster import ROSTER, Planned
from services.kernel.clock import set_rehearsal_clock
from services.table import SERVICES

_ROOT = Path(__file__).resolve().parents[2]
# All that a platform makes in its home, and therefore all that one which starts clean removes. Not the clock, which
# belongs to whoever rehearses; nor the authority, so that a token that somebody noted down goes on working.
_MADE = ("postgres", "kafka", "spool", "log", "tokens", "peel.env")
# A platform rehearses when it is told to, not when the shell it was started from did; and where nothing may keep what
# Python compiled, each start of a process takes twice as long.
_NOT_INHERITED = ("PEEL_REHEARSAL", "PEEL_CLOCK_FILE", "PYTHONDONTWRITEBYTECODE")
_TOKEN_HOURS = 24 * 14


class Platform:
    """One platform in one folder. Everything that dies comes back, until down().

    up() and down() block: from asyncio, call them by asyncio.to_thread. A process that ends without down(), even by
    SIGKILL, takes everything with it (processes.py says how).
    """

    def __init__(
        self,
        home: Path,
        *,
        rehearsal: bool = False,
        clock_starts: datetime | None = None,
        keep: bool = False,
        port_base: int | None = None,
        force: str = "west-yorkshire",
        console: Console | None = None,
        cli: tuple[str, ...] = (sys.executable, "-m", "services.cli"),
    ) -> None:
        """`keep` goes on with the data that are there; otherwise they are removed first. `port_base` gives fixed ports
        (7100: intake's api on 7101), none free ones. `force` is that of the tokens; `cli` runs the command line `peel`.

        In a rehearsal all processes run on the clock in `clock_file`. up() sets it to `clock_starts`, unless data are
        kept that have a clock already; without `clock_starts`, the caller has to set it before up().
        """
        self.home = home.absolute()
        self.ports = free_ports(ROSTER) if port_base is None else fixed_ports(port_base, ROSTER)
        self.clock_file = self.home / "clock"
        self.authority = Authority(self.home / "authority", {force, *FORCES})
        self.supervisor = Supervisor()
        self._orders = Orders(self.home, self.supervisor)
        self._clock_starts = clock_starts
        self._rehearsal, self._keep, self._force, self._cli = rehearsal, keep, force, cli
        self._console = console or Console(stderr=True)
        self._folder = Home(self.home, _MADE)
        pids = self._folder.pids
        self.postgres = LocalPostgres(
            self.home / "postgres", self.ports.postgres, restart=True, pid_file=pids / "postgres.pid"
        )
        self.kafka = LocalKafka(
            self.home / "kafka",
            self.ports.kafka,
            self.ports.kafka_controller,
            restart=True,
            # A press is shown without it.
            yields=True,
            pid_file=pids / "kafka.pid",
            console=self._console,
        )

    @property
    def addresses(self) -> dict[str, str]:
        """Where clients find what serves (intake, …), with TLS by `authority.ca`; replicas separated by commas."""
        return self._surroundings().addresses

    @property
    def listening(self) -> dict[str, str]:
        """The gRPC address of each process that serves: intake-api, …"""
        return self._surroundings().listening

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of what runs at this moment: postgres, kafka, intake-api, intake-worker, …"""
        return self.supervisor.pids

    @property
    def env_file(self) -> Path:
        """The settings file for the command line; `peel` looks for it in var/run where PEEL_ENV_FILE names no other."""
        return self.home / "peel.env"

    def token_file(self, role: str) -> Path:
        """The file with the token of a synthetic holder of that role: "crime_recorder"."""
        return self.home / "tokens" / f"{role}.jwt"

    def env(self, name: str) -> dict[str, str]:
        """The whole environment of one process, by its name: the caller's, and Peel's settings over it."""
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        # So that the processes run this checkout, wherever it was started from and whatever else is installed.
        paths = [str(_ROOT), str(_ROOT / "protos" / "gen"), *filter(None, [os.environ.get("PYTHONPATH")])]
        # Two heaps are enough: by itself the C library keeps one for each thread that ever allocates.
        heaps = {"MALLOC_ARENA_MAX": "2"}
        own = {"PYTHONPATH": os.pathsep.join(paths), "PEEL_ENV_FILE": str(self.env_file), **heaps}
        planned = next(one for one in ROSTER if one.name == name)
        return inherited | own | self._surroundings().of_process(planned)

    def log(self, name: str) -> Path:
        """The log of a process: intake-api, intake-worker, intake-migrate, …"""
        return self.home / "log" / f"{name}.log"

    def up(self) -> None:
        """Starts everything; returns once every process says that it is ready.

        Raises LocalFault, with nothing left running, where something stands in the way or fails to start.
        """
        with ExitStack() as undo:
            undo.callback(self.down)
            self._prepare()
            self._start_engines()
            self._migrate_all()
            self._start_services()
            self._orders.open()
            undo.pop_all()

    def down(self) -> None:
        """Stops everything, the last started first; returns once the last process is gone. Twice does no harm."""
        self._orders.close()
        self.supervisor.stop()
        # Its process is gone by now; it has a folder outside the home to take away.
        self.postgres.stop()
        self._folder.release()

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            database=self.postgres.dsn("{service}"),
            kafka=self.kafka.bootstrap,
            processes=ROSTER,
            ports=self.ports,
            authority=self.authority,
            token_file=self.token_file("auditor"),
            peer_token_file=self.token_file("service"),
            spools=self.home / "spool",
            clock_file=self.clock_file if self._rehearsal else None,
        )

    def _prepare(self) -> None:
        for name in self._folder.claim():
            self._console.print(f"ended [bold]{name}[/], left behind by a run that was killed")
        # Only now that the folder is ours: the clock of a rehearsal that runs in it must not jump.
        if self._clock_starts and not (self._keep and self.clock_file.exists()):
            set_rehearsal_clock(self.clock_file, self._clock_starts)
        if self._rehearsal and not self.clock_file.exists():
            raise LocalFault(f"a rehearsal needs its clock: set {self.clock_file} before up()")
        require_free(self.ports.named())
        if not self._keep:
            self.postgres.wipe()
            self._folder.wipe()
        self.authority.ensure()
        (self.home / "tokens").mkdir(exist_ok=True)
        for role in map(short_role, role_names()):
            subject = f"local-{role.replace('_', '-')}"
            token = self.authority.token([role], self._force, subject, _TOKEN_HOURS)
            write_private(self.token_file(role), token.encode())
        write_env_file(self.env_file, self._surroundings().shared())

    def _start_engines(self) -> None:
        began = time.monotonic()
        # Kafka first: it takes the longest to be ready, and needs nobody for it.
        self.supervisor.adopt(self.kafka.start())
        self.supervisor.adopt(self.postgres.start())
        for service in SERVICES:
            self.postgres.create_database(service)
        self._say("PostgreSQL", self.postgres.port, began)
        self.kafka.wait_ready()
        self._say("Kafka", self.kafka.port, began)

    def _migrate_all(self) -> None:
        began = time.monotonic()
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            list(pool.map(self._migrate, SERVICES))
        self._console.print(f"{'migrations':<18} applied  [dim]{time.monotonic() - began:.1f} s[/]")

    def _migrate(self, service: str) -> None:
        log = self.log(f"{service}-migrate")
        log.parent.mkdir(exist_ok=True)
        argv = (*self._cli, service, "migrate")
        run_step(f"peel {service} migrate", argv, log, env=self.env(f"{service}-worker"), cwd=_ROOT)

    def _start_services(self) -> None:
        began = time.monotonic()
        started = [self.supervisor.start(Process(self._command(planned), restart=True)) for planned in ROSTER]
        for process in started:
            process.wait_ready()
            self._say(process.name.replace("-", " "), self._port_of(process.name), began)

    def _command(self, planned: Planned) -> Command:
        name = planned.name
        return Command(
            name=name,
            argv=(*self._cli, *planned.argv),
            env=self.env(name),
            log=self.log(name),
            ready=http_ready(self.ports.metrics[name]),
            cwd=_ROOT,
            pid_file=self._folder.pids / f"{name}.pid",
            yields=not planned.urgent,
        )

    def _port_of(self, name: str) -> int:
        return self.ports.grpc.get(name) or self.ports.metrics[name]

    def _say(self, what: str, port: int, began: float) -> None:
        self._console.print(f"{what:<18} ready on 127.0.0.1:{port}  [dim]{time.monotonic() - began:.1f} s[/]")
