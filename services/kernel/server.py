"""The API process of a service: gRPC with health and reflection, metrics beside it, and a clean end."""

import asyncio
import signal
from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING

import grpc
import uvloop
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.kernel import backlog
from services.kernel.appender import Appender
from services.kernel.clock import open_clock
from services.kernel.contract import RpcPolicy, files_of, personal_field_names, rpc_policy
from services.kernel.database import close_pool, open_pool
from services.kernel.door import Door
from services.kernel.health import CHECK_SECONDS, Health, HealthServer, check_database
from services.kernel.heap import freeze_heap
from services.kernel.identity import Identity
from services.kernel.paging import Pages
from services.kernel.pause import pause
from services.kernel.serving import Background, Part, Serving, parts_of, stem
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger, set_up_logging
from services.kernel.telemetry.metrics import REHEARSAL
from services.kernel.telemetry.tracing import Tracing
from services.kernel.tls import server_credentials
from services.kernel.transaction import UnitOfWork
from services.kernel.usecases import UseCases

if TYPE_CHECKING:
    from services.kernel.inbox_level import InboxLevel

_LOG = logger(__name__)

_OPTIONS = [
    ("grpc.max_receive_message_length", 4 << 20),
    ("grpc.so_reuseport", 0),
]
# Ends long-lived connections now and then, so that clients spread over new replicas.
_AGEING = [
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
]
# Where a stream stands, its connection does not age, and either side may ask whether the other is still there: a
# console whose network died is found out within fifteen seconds.
_STANDING = [
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
]
_CLOSE_SECONDS = 2.0


def policies_of(service: str, protos: Collection[str] = ()) -> dict[str, RpcPolicy]:
    """Every RPC of a service by its gRPC path, or those of these proto files. Raises LookupError where one has none."""
    return {
        f"/{offered.full_name}/{method.name}": rpc_policy(method)
        for file in files_of(service)
        if not protos or stem(file.name) in protos
        for offered in file.services_by_name.values()
        for method in offered.methods
    }


def run_api(service: str, settings: Settings, only: tuple[str, ...] = ()) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit status. `only` names parts of the service.

    Raises OperatorFault for a part that there is not.
    """
    return uvloop.run(_Api(service, settings, parts_of(service, only)).run())


class _Api:
    def __init__(self, service: str, settings: Settings, parts: tuple[Part, ...]) -> None:
        self._service = service
        self._settings = settings
        self._parts = parts
        # Ready without a database only where every part is.
        self._independent = all(part.independent for part in parts)
        self._policies = policies_of(service, [proto for part in parts for proto in part.protos])
        self._stop = asyncio.Event()
        self._health = Health(rehearsal=settings.rehearsal)
        self._grpc_health = grpc_health.aio.HealthServicer()  # type: ignore[attr-defined]  # its stubs lack it

    async def run(self) -> int:
        settings, service = self._settings, self._service
        set_up_logging(settings.log_level, personal_field_names((service,)), service=service, process="api")
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        clock = open_clock(settings)
        REHEARSAL.set(settings.rehearsal)
        if settings.rehearsal:
            _LOG.warning("REHEARSAL: this process runs on a rehearsal clock; no real duty is being timed")
        tracing = Tracing(settings, service, "api")
        pool = await open_pool(settings, service, at_once=not self._independent)
        work, appender, background = UnitOfWork(pool, clock), Appender(settings, service, clock), Background()
        pages = HealthServer(settings.metrics_listen, self._health)
        pages.start()
        door = Door(settings, f"{service}.peel", self._policies, Identity(settings), tracing)
        server = self._server(door)
        serving = Serving(
            service=service,
            settings=settings,
            server=server,
            cases=UseCases(work, appender, clock, Pages(settings)),
            clock=clock,
            pool=pool,
            work=work,
            appender=appender,
            tracing=tracing,
            health=self._health,
            background=background.start,
        )
        for part in self._parts:
            part.serve(serving)
        background.start("audit", serving.cases.late_audit.run)
        background.start("watch", partial(self._watch, serving))
        held = backlog.held_backlogs(service, appender.level, serving.cases.late_audit.level)
        background.start("backlogs", partial(backlog.keep_exporting, pool, service, clock, held))
        # Not beside an emergency, which knows nothing of the broker.
        inbox = None if self._independent else _inbox_level(settings, service)
        if inbox is not None:
            inbox.start()
        await server.start()
        freeze_heap()
        _LOG.info("serving", listen=settings.listen, tls=settings.tls_cert is not None)
        failed = await self._until_stopped(background)
        await self._drain(server, door)
        if inbox is not None:
            inbox.stop()
        await background.stop(_CLOSE_SECONDS)
        await appender.close()
        await close_pool(pool, _CLOSE_SECONDS)
        tracing.close()
        pages.stop()
        _LOG.info("stopped")
        return 1 if failed else 0

    async def _until_stopped(self, background: Background) -> bool:
        """Returns when the process has to end, and whether that is because something in it ended by itself."""
        waiting = [asyncio.create_task(one) for one in (self._stop.wait(), background.one_ended())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        return not self._stop.is_set()

    async def _drain(self, server: grpc.aio.Server, door: Door) -> None:
        """Lets what is in hand finish and takes nothing new."""
        _LOG.info("draining")
        self._health.draining = True
        await self._grpc_health.enter_graceful_shutdown()
        door.end_standing()
        await server.stop(self._settings.drain_grace_seconds)

    def _server(self, door: Door) -> grpc.aio.Server:
        settings, stands = self._settings, any(policy.standing for policy in self._policies.values())
        server = grpc.aio.server(
            interceptors=[door],
            options=_OPTIONS + (_STANDING if stands else _AGEING),
            # The door lets no more streams in than are added here: calls always have the room that is theirs.
            maximum_concurrent_rpcs=settings.most_calls
            + settings.most_watches
            + (settings.most_streams if stands else 0),
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._grpc_health, server)
        names = {path.split("/")[1] for path in self._policies}
        reflection.enable_server_reflection((*sorted(names), reflection.SERVICE_NAME, grpc_health.SERVICE_NAME), server)
        credentials = server_credentials(settings)
        port = (
            server.add_secure_port(settings.listen, credentials)
            if credentials
            else server.add_insecure_port(settings.listen)
        )
        if port == 0:
            raise OSError(f"cannot listen on {settings.listen}")
        return server

    async def _watch(self, serving: Serving, stop: asyncio.Event) -> None:
        """Keeps health current."""
        note = self._health.degrade if self._independent else self._health.set
        while not stop.is_set():
            await check_database(note, serving.pool, self._service)
            note("appender", serving.appender.wrong())
            # Not before the first round of checks: nobody knows yet what is wrong.
            self._health.set("start", None)
            serving_now = health_pb2.HealthCheckResponse
            state = serving_now.SERVING if self._health.ready else serving_now.NOT_SERVING
            await self._grpc_health.set("", state)
            self._health.turned()
            await pause(CHECK_SECONDS, stop)


def _inbox_level(settings: Settings, service: str) -> "InboxLevel":
    # Imported here, so that an independent process never loads the broker's client.
    from services.kernel.inbox_level import InboxLevel  # noqa: PLC0415

    return InboxLevel(settings, service)
