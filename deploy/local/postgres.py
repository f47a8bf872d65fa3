"""A real PostgreSQL: the programs come from a wheel, the server is a child of ours like any other."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

from deploy.local.account import server_account
from deploy.local.faults import LocalFault
from deploy.local.launch import bare_environment, run_step
from deploy.local.pidfile import descendants, end, runs
from deploy.local.ports import LOOPBACK, require_free
from deploy.local.postgres_wheel import place_for, programs, remove_shelter
from deploy.local.processes import Command, Process

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_STEP_SECONDS = 60

_CLUSTER = (
    *("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"),
    # The locale that PostgreSQL brings itself, so that order and case are the same on every machine.
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
# Durable as in production: what is measured and killed here is what has to hold there.
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}
# Services are an ordinary role, as they are in production; only who may enter the socket's folder is superuser.
_WHO_MAY_CONNECT = """\
local all all trust
host all peel 127.0.0.1/32 trust
"""
_ROLE = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'peel') then
        create role peel login createdb;
        grant pg_monitor to peel;
    end if;
end $$
"""


class LocalPostgres:
    """One PostgreSQL server on loopback. Services connect as `peel`, without a password, over TCP."""

    def __init__(self, home: Path, port: int, *, restart: bool = False, pid_file: Path | None = None) -> None:
        """`home` is the server's own folder. With `restart`, the server comes back when it dies."""
        self.home = home.absolute()
        self.port = port
        self.log = self.home / "postgres.log"
        self._account = server_account()
        self._restart, self._pid_file = restart, pid_file
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the postmaster; None while it does not run."""
        return self._process.pid if self._process else None

    @property
    def sockets(self) -> Path:
        """Folder of the Unix socket, for the server's user only; short, as a socket's path has 107 bytes at most."""
        mark = sha256(str(self.home).encode()).hexdigest()[:10]
        return Path(tempfile.gettempdir()) / f"peel-{os.getuid()}-{mark}"

    def dsn(self, name: str) -> str:
        """The address of a database, as asyncpg and psql understand it."""
        return f"postgresql://peel@{LOOPBACK}:{self.port}/{name}"

    def start(self, seconds: float = 60.0) -> Process:
        """Starts the server on its data, making them first where there are none; returns once it takes connections.

        After kill() it recovers what was committed. Raises LocalFault where the port is taken or the server fails.
        """
        require_free({self.port: "PostgreSQL"})
        self.home.mkdir(parents=True, exist_ok=True)
        place = place_for(self._account, self.home)
        if not (place / "data" / "pg_hba.conf").exists():
            self._make_cluster(place)
        _forget_dead_postmaster(place / "data" / "postmaster.pid")
        self._make_socket_folder()
        self._process = Process(self._command(place), restart=self._restart)
        with ExitStack() as undo:
            undo.callback(self.stop)
            self._process.start()
            self._process.wait_ready(seconds)
            self._sql(_ROLE)
            undo.pop_all()
        return self._process

    def create_database(self, name: str) -> None:
        """Makes an empty database that `peel` owns, unless there is one. Raises ValueError for a bad name."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a database name")
        if not self._sql(f"select 1 from pg_database where datname = '{name}'"):
            self._sql(f"create database {name} owner peel")

    def stop(self) -> None:
        """Ends the server: running transactions are cut off, everything is written down."""
        if self._process is not None:
            self._process.stop()
            shutil.rmtree(self.sockets, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL to the postmaster and every server process, as when the machine fails; returns once they are gone."""
        if self._process is not None and (postmaster := self._process.pid):
            backends = descendants(postmaster)
            self._process.kill()
            end(backends, grace_seconds=0)

    def wipe(self) -> None:
        """Removes the data and all else that this server ever made. It has to be stopped."""
        remove_shelter(self.home)
        shutil.rmtree(self.sockets, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def _make_cluster(self, place: Path) -> None:
        data = place / "data"
        # Left by an initdb that was killed half-way.
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        if self._account:
            os.chown(data, self._account.uid, self._account.gid)
        argv = (str(programs(place) / "initdb"), "-D", str(data), *_CLUSTER)
        run_step(
            "making PostgreSQL's data", argv, self.log, env=bare_environment(), cwd=Path("/"), account=self._account
        )
        (data / "pg_hba.conf").write_text(_WHO_MAY_CONNECT)

    def _make_socket_folder(self) -> None:
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        mine = {os.getuid(), self._account.uid} if self._account else {os.getuid()}
        if self.sockets.is_symlink() or self.sockets.stat().st_uid not in mine:
            raise LocalFault(f"{self.sockets} belongs to somebody else: remove it, or set TMPDIR to another folder")
        if self._account:
            os.chown(self.sockets, self._account.uid, self._account.gid)

    def _command(self, place: Path) -> Command:
        settings = {"port": str(self.port), "unix_socket_directories": str(self.sockets), **_SETTINGS}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        ask = [str(programs() / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port), "-U", "peel", "-t", "1"]
        return Command(
            name="postgres",
            argv=(str(programs(place) / "postgres"), "-D", str(place / "data"), *options),
            env=bare_environment(),
            log=self.log,
            ready=lambda: _run(ask).returncode == 0,
            cwd=Path("/"),
            account=self._account,
            pid_file=self._pid_file,
            # Fast shutdown: SIGTERM would wait for clients to leave of themselves.
            stop_signal=signal.SIGINT,
            # Immediate shutdown: unlike SIGKILL it reaches the server processes too, and frees the shared memory.
            death_signal=signal.SIGQUIT,
        )

    def _sql(self, statement: str) -> str:
        """Runs a statement as superuser. Raises LocalFault with the server's answer."""
        psql = [str(programs() / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres"]
        psql += ["-h", str(self.sockets), "-p", str(self.port), "-c", statement]
        done = _run(psql)
        if done.returncode != 0:
            raise LocalFault(f"PostgreSQL refused: {done.stderr.strip()}")
        return done.stdout.strip()


def _run(argv: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        argv, check=False, env=bare_environment(), capture_output=True, text=True, timeout=_STEP_SECONDS
    )


def _forget_dead_postmaster(lock: Path) -> None:
    """Removes a killed server's lock file where its process id is by now another program's.

    PostgreSQL only asks whether that id is alive, and would refuse to start; after a machine's restart it often is.
    """
    if lock.exists() and not runs(int(lock.read_text().split()[0]), "postgres"):
        lock.unlink()
