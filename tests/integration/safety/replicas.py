"""Replicas of the emergency path as processes, on a Postgres of their own that may be frozen and killed."""

import asyncio
import http.client
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import psutil

from deploy.local.authority import Authority
from deploy.local.ports import free_port
from deploy.local.postgres import LocalPostgres
from deploy.local.processes import Command, Process
from deploy.local.ready import http_ready
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub, PeerServiceStub
from services.kernel.clock import set_rehearsal_clock
from services.kernel.migrations import migrate
from services.kernel.settings import Settings
from tests.integration.local.ending import end_hard, end_postgres
from tests.integration.local.waiting import eventually
from tests.integration.services.calling import Person
from tests.integration.services.running import query

ROOT = Path(__file__).parents[3]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
# A force, one next door, and one far away.
FORCE, NEIGHBOUR, STRANGER = "west-yorkshire", "greater-manchester", "kent"


class Replica:
    """One `peel safety api --only emergency`."""

    def __init__(self, name: str, home: Path, env: dict[str, str], authority: Authority, port: int, peers: str) -> None:
        self.name, self.port, self.metrics = name, port, free_port()
        self.spool = home / f"{name}-spool"
        self.log = home / f"{name}.log"
        own = {
            "PEEL_LISTEN": f"127.0.0.1:{port}",
            "PEEL_METRICS_LISTEN": f"127.0.0.1:{self.metrics}",
            "PEEL_INSTANCE": name,
            "PEEL_SPOOL": str(self.spool),
            "PEEL_PEERS": peers,
        }
        argv = (sys.executable, "-m", "services.cli", "safety", "api", "--only", "emergency")
        self.process = Process(Command(name, argv, env | own, self.log, http_ready(self.metrics), cwd=ROOT))
        self._authority = authority
        self._channel: grpc.Channel | None = None

    @property
    def channel(self) -> grpc.Channel:
        if self._channel is None:
            # Back at once after a restart.
            self._channel = self.connected(
                ("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)
            )
        return self._channel

    def connected(self, *options: tuple[str, int]) -> grpc.Channel:
        """A channel of its own, with gRPC's own options."""
        credentials = grpc.ssl_channel_credentials(self._authority.ca.read_bytes())
        apart = ("grpc.use_local_subchannel_pool", 1)
        return grpc.secure_channel(f"127.0.0.1:{self.port}", credentials, [apart, *options])

    @property
    def emergency(self) -> EmergencyServiceStub:
        return EmergencyServiceStub(self.channel)

    @property
    def peer(self) -> PeerServiceStub:
        return PeerServiceStub(self.channel)

    def start(self) -> None:
        """Returns once it is ready."""
        self.process.start()
        self.process.wait_ready(30)

    def page(self, path: str) -> str:
        with closing(http.client.HTTPConnection("127.0.0.1", self.metrics, timeout=5)) as connection:
            connection.request("GET", path)
            return connection.getresponse().read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """A sample of /metrics; 0 where there is none yet."""
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        for line in self.page("/metrics").splitlines():
            found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
            if found and wanted <= set((found[1] or "").split(",")):
                return float(found[2])
        return 0.0

    def disconnect(self) -> None:
        if self._channel is not None:
            self._channel.close()


class Safety:
    """Two replicas of the emergency path and a worker, on their own database."""

    def __init__(self, home: Path, *, kafka: str = "127.0.0.1:9", rehearsal: bool = False) -> None:
        """Nobody answers at `kafka` by default. In a rehearsal the clock stands still until it is stepped."""
        self.home, self._clock_file = home, home / "clock"
        self.postgres = LocalPostgres(home / "postgres", free_port())
        self.authority = Authority(home / "authority", {FORCE, NEIGHBOUR, STRANGER})
        self.authority.ensure()
        (home / "peer.jwt").write_text(self.authority.token(["service"], FORCE, "service:safety"))
        self._env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "protos" / "gen")]),
            "PEEL_ENV_FILE": os.devnull,
            "PEEL_DATABASE": self.postgres.dsn("{service}"),
            "PEEL_KAFKA": kafka,
            "PEEL_TLS_CERT": str(self.authority.server_certificate),
            "PEEL_TLS_KEY": str(self.authority.server_key),
            "PEEL_TLS_CA": str(self.authority.ca),
            "PEEL_JWKS": str(self.authority.jwks),
            "PEEL_PAGE_KEY": self.authority.page_key.read_text(),
            "PEEL_PEER_TOKEN_FILE": str(home / "peer.jwt"),
        }
        if rehearsal:
            set_rehearsal_clock(self._clock_file, NOON)
            self._env |= {"PEEL_REHEARSAL": "1", "PEEL_CLOCK_FILE": str(self._clock_file)}
        ports = [free_port() for _ in range(2)]
        self.replicas = [self._replica(number, port, ports) for number, port in enumerate(ports, 1)]
        metrics = free_port()
        own = {"PEEL_METRICS_LISTEN": f"127.0.0.1:{metrics}", "PEEL_INSTANCE": "safety-worker-1"}
        argv = (sys.executable, "-m", "services.cli", "safety", "worker")
        log = home / "worker.log"
        self.worker = Process(Command("worker", argv, self._env | own, log, works(metrics), cwd=ROOT), restart=True)

    def _replica(self, number: int, port: int, ports: list[int]) -> Replica:
        peers = ",".join(f"127.0.0.1:{other}" for other in ports if other != port)
        return Replica(f"emergency-{number}", self.home, self._env, self.authority, port, peers)

    def database_up(self) -> None:
        """Starts Postgres and brings its schema to what the code needs."""
        self.postgres.start()
        self.postgres.create_database("safety")
        asyncio.run(migrate(Settings(database=self.postgres.dsn("{service}")), "safety"))

    def up(self, *, worker: bool = True) -> None:
        """Starts all; returns once all are ready."""
        self.database_up()
        processes = [replica.start for replica in self.replicas]
        if worker:
            processes.append(self.start_worker)
        with ThreadPoolExecutor() as side_by_side:
            list(side_by_side.map(lambda start: start(), processes))

    def start_worker(self) -> None:
        """Returns once it is ready."""
        self.worker.start()
        self.worker.wait_ready(30)

    def down(self) -> None:
        thaw(self.postgres)
        for replica in self.replicas:
            replica.disconnect()
        end_hard([self.worker, *(replica.process for replica in self.replicas)])
        end_postgres(self.postgres)

    def step_to(self, seconds: float) -> None:
        """Sets the clock of a rehearsal to so many seconds after noon."""
        set_rehearsal_clock(self._clock_file, NOON + timedelta(seconds=seconds))

    def await_settled(self) -> None:
        """Returns once every replica hears the database again and has nothing left to give it."""
        for replica in self.replicas:
            eventually(lambda replica=replica: _settled(replica), 20)  # type: ignore[misc]

    def person(self, *roles: str, force: str = FORCE, name: str = "", hours: float = 1.0) -> Person:
        return Person(self.authority.token(roles, force, name or f"test-{'-'.join(roles)}", hours))

    def rows(self, sql: str, *args: object) -> list[Any]:
        return asyncio.run(query(self.postgres.dsn("safety"), sql, *args))

    def value(self, sql: str, *args: object) -> Any:
        """The one value of a query."""
        return self.rows(sql, *args)[0][0]


def works(metrics: int) -> Callable[[], bool]:
    """Whether a worker does its work, but for hearing of other services: for that it needs Kafka, and only for that."""

    def ask() -> bool:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", metrics, timeout=1)) as connection:
                connection.request("GET", "/readyz")
                report = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException):
            return False
        return bool(set(report["wrong"]) <= {"consumer"})

    return ask


def _settled(replica: Replica) -> bool:
    listens, waits = replica.metric("peel_live_listening"), replica.metric("peel_spool_records")
    return listens == 1 and waits == 0


def freeze(postgres: LocalPostgres) -> None:
    """Stops every process of the server in its tracks: connections stay open, and nothing answers."""
    _signal(postgres, signal.SIGSTOP)


def thaw(postgres: LocalPostgres) -> None:
    """Lets it go on."""
    _signal(postgres, signal.SIGCONT)


def _signal(postgres: LocalPostgres, number: signal.Signals) -> None:
    if postgres.pid is None:
        return
    postmaster = psutil.Process(postgres.pid)
    for process in (postmaster, *postmaster.children(recursive=True)):
        # A connection that was closed meanwhile took its process with it.
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
