"""All services at work on the real Postgres and Kafka: TLS on, a clock that tests step, all spans sent here.

One for the session, because starting it costs seconds. Tests stay apart by working for a force of their own.
"""

import asyncio
import http.client
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import ascii_lowercase

import asyncpg
import grpc
import pytest

from deploy.local.authority import Authority
from deploy.local.environment import Surroundings
from deploy.local.kafka import LocalKafka
from deploy.local.launch import run_step
from deploy.local.ports import free_ports
from deploy.local.postgres import LocalPostgres
from deploy.local.processes import Command, Process, Supervisor
from deploy.local.ready import http_ready
from deploy.local.roster import ROSTER, Planned, serving
from peel.crime.v1.api_pb2_grpc import CrimeServiceStub
from peel.dispatch.v1.api_pb2_grpc import DispatchServiceStub
from peel.dispatch.v1.unit_api_pb2_grpc import UnitServiceStub
from peel.intake.v1.api_pb2_grpc import IntakeServiceStub
from peel.safety.v1.api_pb2_grpc import MarkerServiceStub
from peel.safety.v1.device_api_pb2_grpc import DeviceServiceStub
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub, PeerServiceStub
from services.crime.reference import load_forces
from services.kernel.clock import RehearsalClock, set_rehearsal_clock
from services.kernel.server import policies_of
from services.kernel.serving import parts_of
from services.kernel.settings import Settings
from services.table import SERVICES
from tests.integration.local.ending import end_hard
from tests.integration.services.calling import Metadata, Person
from tests.integration.services.spans import SpanReceiver
from tests.together import share_until

ROOT = Path(__file__).parents[3]
# Two workers of crime, so that whatever is promised once is promised by both together.
PLANNED = (*ROSTER, Planned("crime-worker-2", "crime", "worker"))
PROCESSES = tuple(planned.name for planned in PLANNED)
BEGINNING = datetime(2018, 7, 2, 9, tzinfo=UTC)
# The one force of these tests that has a grading scheme of its own, and that tests share which need no own one.
SHARED_FORCE = "west-yorkshire"
_INVENTED = tuple(f"invented-{one}{other}" for one in "abcdefgh" for other in ascii_lowercase)
_OF_NO_REAL_FORCE = frozenset(
    f"test_{name}" for name in ("assignments", "board", "devices", "markers", "positions", "units", "watch")
)


def paths_of(planned: Planned) -> set[str]:
    """The gRPC path of every RPC that a process serves."""
    protos = [proto for part in parts_of(planned.service, planned.only) for proto in part.protos]
    return set(policies_of(planned.service, protos))


def works_without_database(planned: Planned) -> bool:
    """Whether a process is ready while Postgres is down."""
    if planned.command == "probe":
        return True
    return planned.command == "api" and all(part.independent for part in parts_of(planned.service, planned.only))


# The address's key of each gRPC service.
SERVED_BY = {path.split("/")[1]: key for key, found in serving(PLANNED).items() for path in paths_of(found[0])}


class Running:
    """The running services, and all that tests need to call them and to look behind them."""

    def __init__(self, home: Path, postgres: LocalPostgres, broker: LocalKafka) -> None:
        self.home, self.postgres, self.broker = home, postgres, broker
        self.spans = SpanReceiver()
        self.supervisor = Supervisor()
        self._ports = free_ports(PLANNED)
        self._clock_file = home / "clock"
        set_rehearsal_clock(self._clock_file, BEGINNING)
        self._clock = RehearsalClock(self._clock_file)
        self.authority = Authority(home / "authority", {*load_forces(), *_INVENTED})
        self.authority.ensure()
        for role in ("auditor", "service"):
            (home / f"{role}.jwt").write_text(self.authority.token([role], SHARED_FORCE))
        self._surroundings = Surroundings(
            database=postgres.dsn("{service}"),
            kafka=broker.bootstrap,
            processes=PLANNED,
            ports=self._ports,
            authority=self.authority,
            token_file=home / "auditor.jwt",
            peer_token_file=home / "service.jwt",
            spools=home / "spool",
            clock_file=self._clock_file,
        )
        self._forces = iter(sorted(set(load_forces()) - {SHARED_FORCE}))
        self._invented = iter(_INVENTED)
        credentials = grpc.ssl_channel_credentials(self.authority.ca.read_bytes())
        # By process; and by the address's key that of the first replica.
        self.channels = {
            name: grpc.secure_channel(address, credentials) for name, address in self._surroundings.listening.items()
        }
        self.channels |= {key: self.channels[found[0].name] for key, found in serving(PLANNED).items()}
        self.intake: IntakeServiceStub = IntakeServiceStub(self.channels["intake"])
        self.crime: CrimeServiceStub = CrimeServiceStub(self.channels["crime"])
        self.dispatch: DispatchServiceStub = DispatchServiceStub(self.channels["dispatch"])
        self.units: UnitServiceStub = UnitServiceStub(self.channels["dispatch"])
        self.markers: MarkerServiceStub = MarkerServiceStub(self.channels["safety"])
        self.emergency: EmergencyServiceStub = EmergencyServiceStub(self.channels["safety-emergency"])
        self.devices: DeviceServiceStub = DeviceServiceStub(self.channels["safety-emergency"])
        self.stubs: dict[str, object] = {
            "peel.intake.v1.IntakeService": self.intake,
            "peel.crime.v1.CrimeService": self.crime,
            "peel.dispatch.v1.DispatchService": self.dispatch,
            "peel.dispatch.v1.UnitService": self.units,
            "peel.safety.v1.MarkerService": self.markers,
            "peel.safety.v1.EmergencyService": self.emergency,
            "peel.safety.v1.DeviceService": self.devices,
            "peel.safety.v1.PeerService": PeerServiceStub(self.channels["safety-emergency"]),
        }

    @property
    def addresses(self) -> dict[str, str]:
        return self._surroundings.addresses

    @property
    def listening(self) -> dict[str, str]:
        """The gRPC address of each process that serves."""
        return self._surroundings.listening

    @property
    def settings(self) -> Settings:
        """The settings that all processes share."""
        shared = {name.removeprefix("PEEL_").lower(): text for name, text in self._surroundings.shared().items()}
        return Settings.model_validate(shared | {"addresses": self.addresses})

    @property
    def now(self) -> datetime:
        """What the services' clock says."""
        return self._clock.now()

    def advance(self, by: timedelta) -> None:
        """Steps the clock that all tests share: forward, as time goes."""
        assert by >= timedelta(0)
        set_rehearsal_clock(self._clock_file, self.now + by)

    def invented_force(self) -> str:
        """A force that no test has worked for and that there is not: for all that has no table of its own for it."""
        return next(self._invented)

    def next_force(self) -> str:
        """A force that no test has worked for."""
        return next(self._forces)

    def person(
        self, *roles: str, force: str = SHARED_FORCE, more: Metadata = (), hours: float = 1.0, who: str = ""
    ) -> Person:
        """Somebody who holds these roles ("call_handler") in a force; `who` tells apart those who hold the same."""
        return Person(self.authority.token(roles, force, f"test-{'-'.join(roles)}{who}", hours), more)

    def raw(self, path: str) -> Callable[..., object]:
        """An RPC that takes bytes as they are, by its gRPC path."""
        return self.channels[SERVED_BY[path.split("/")[1]]].unary_unary(path, None, None)

    def up(self) -> None:
        """Starts the processes; returns once all are ready. Raises LocalFault where one fails."""
        for service in SERVICES:
            self.postgres.create_database(service)
        with ThreadPoolExecutor() as side_by_side:
            list(side_by_side.map(self._migrate, SERVICES))
        for planned in PLANNED:
            self.supervisor.start(self._process(planned))
        for process in self.supervisor:
            process.wait_ready()

    def _migrate(self, service: str) -> None:
        env, log = self.environment(), self.home / f"{service}-migrate.log"
        argv = (sys.executable, "-m", "services.cli", service, "migrate")
        run_step(f"peel {service} migrate", argv, log, env=env, cwd=ROOT)

    def down(self) -> None:
        """Stops everything."""
        for channel in self.channels.values():
            channel.close()
        end_hard(self.supervisor)
        self.spans.close()

    def _process(self, planned: Planned) -> Process:
        settings = {
            **self._surroundings.of_process(planned),
            "PEEL_OTLP_ENDPOINT": self.spans.endpoint,
            "PEEL_TRACE_RATIO": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "PEEL_RELAY_PATIENCE_SECONDS": "3",
            "PEEL_INBOX_SECONDS": "2",
        }
        command = Command(
            name=planned.name,
            argv=(sys.executable, "-m", "services.cli", *planned.argv),
            env=self._environment(settings),
            log=self.home / f"{planned.name}.log",
            ready=http_ready(self._ports.metrics[planned.name]),
            cwd=ROOT,
        )
        return Process(command, restart=True)

    def environment(self) -> dict[str, str]:
        """For the command line."""
        return self._environment(self._surroundings.shared())

    @staticmethod
    def _environment(settings: dict[str, str]) -> dict[str, str]:
        path = os.pathsep.join([str(ROOT), str(ROOT / "protos" / "gen")])
        return {**os.environ, "PYTHONPATH": path, "PEEL_ENV_FILE": os.devnull, **settings}

    def rows(self, service: str, sql: str, *args: object) -> list[asyncpg.Record]:
        """Rows of a service's database."""
        return asyncio.run(query(self.postgres.dsn(service), sql, *args))

    def count(self, service: str, sql: str, *args: object) -> int:
        """How many rows a query over `from …` finds."""
        return int(self.rows(service, f"select count(*) as number {sql}", *args)[0]["number"])

    def page(self, process: str, path: str, accept: str = "*/*") -> tuple[int, str]:
        """A page of a process's HTTP server: status and body."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._ports.metrics[process], timeout=5)) as connection:
            connection.request("GET", path, headers={"Accept": accept})
            reply = connection.getresponse()
            return reply.status, reply.read().decode()

    def logs(self) -> dict[str, str]:
        """All that the processes have logged, by name of the log."""
        return {file.stem: file.read_text() for file in sorted(self.home.glob("*.log"))}

    def await_ready(self, seconds: float = 30.0) -> None:
        """Returns once every process says that it is ready."""
        for process in self.supervisor:
            process.wait_ready(seconds)


async def query(dsn: str, sql: str, *args: object) -> list[asyncpg.Record]:
    """Rows of a database."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
        return rows
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def _running(
    tmp_path_factory: pytest.TempPathFactory, _postgres: LocalPostgres, _broker: LocalKafka
) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("running"), _postgres, _broker)
    try:
        share_until("_running", running.down)
        running.up()
        yield running
    finally:
        running.down()


@pytest.fixture
def running(_running: Running, postgres: LocalPostgres, broker: LocalKafka) -> Running:
    """All services, ready to be called."""
    assert None not in (postgres.pid, broker.pid)
    _running.await_ready()
    return _running


@pytest.fixture
def force(running: Running, request: pytest.FixtureRequest) -> str:
    """A force that is this test's own. There are only so many real ones, and crime recording needs those."""
    invented = request.module.__name__.rpartition(".")[2] in _OF_NO_REAL_FORCE
    return running.invented_force() if invented else running.next_force()


@pytest.fixture
def fresh_database(postgres: LocalPostgres) -> Callable[[], str]:
    """Makes an empty database and returns its address."""

    def make() -> str:
        name = f"fresh_{uuid.uuid4().hex}"
        postgres.create_database(name)
        return postgres.dsn(name)

    return make
