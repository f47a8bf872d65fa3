"""The API process of a service: gRPC with health and reflection, metrics beside it, and a clean end."""

import asyncio
import signal
from importlib import import_module

import grpc
import uvloop
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.kernel import backlog
from services.kernel.appender import Appender
from services.kernel.clock import Clock, open_clock
from services.kernel.contract import RpcPolicy, files_of, personal_field_names, rpc_policy
from services.kernel.database import TRANSIENT, Pool, open_pool
from services.kernel.door import Door
from services.kernel.health import CHECK_SECONDS, Health, HealthServer, check_database
from services.kernel.identity import Identity
from services.kernel.paging import Pages
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger, set_up_logging
from services.kernel.telemetry.metrics import REHEARSAL
from services.kernel.telemetry.tracing import Tracing
from services.kernel.tls import server_credentials
from services.kernel.transaction import UnitOfWork
from services.kernel.usecases import UseCases

_LOG = logger(__name__)

_OPTIONS = [
    # Ends long-lived connections now and then, so that clients spread over new replicas.
    ("grpc.max_connection_age_ms", 300_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.max_receive_message_length", 4 << 20),
    ("grpc.so_reuseport", 0),
]


def policies_of(service: str) -> dict[str, RpcPolicy]:
    """Every RPC of a service by its gRPC path. Raises LookupError for one without a policy."""
    return {
        f"/{offered.full_name}/{method.name}": rpc_policy(method)
        for file in files_of(service)
        for offered in file.services_by_name.values()
        for method in offered.methods
    }


def run_api(service: str, settings: Settings) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit status."""
    return uvloop.run(_Api(service, settings).run())


class _Api:
    def __init__(self, service: str, settings: Settings) -> None:
        self._service = service
        self._settings = settings
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
        pool = await open_pool(settings, service)
        appender = Appender(settings, service, clock)
        cases = UseCases(UnitOfWork(pool, clock), appender, clock, Pages(settings))
        pages = HealthServer(settings.metrics_listen, self._health)
        pages.start()
        server = self._server(cases, tracing)
        await server.start()
        watch = asyncio.create_task(self._watch(pool, appender, clock))
        _LOG.info("serving", listen=settings.listen, tls=settings.tls_cert is not None)
        await self._stop.wait()
        _LOG.info("draining")
        self._health.draining = True
        await self._grpc_health.enter_graceful_shutdown()
        await server.stop(settings.drain_grace_seconds)
        await appender.close()
        watch.cancel()
        await pool.close()
        tracing.close()
        pages.stop()
        _LOG.info("stopped")
        return 0

    def _server(self, cases: UseCases, tracing: Tracing) -> grpc.aio.Server:
        settings, service = self._settings, self._service
        policies = policies_of(service)
        door = Door(settings, f"{service}.peel", policies, Identity(settings), tracing)
        server = grpc.aio.server(interceptors=[door], options=_OPTIONS, maximum_concurrent_rpcs=settings.most_calls)
        import_module(f"services.{service}.api").serve(server, cases)
        health_pb2_grpc.add_HealthServicer_to_server(self._grpc_health, server)
        names = {path.split("/")[1] for path in policies}
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

    async def _watch(self, pool: Pool, appender: Appender, clock: Clock) -> None:
        """Keeps health and the backlog gauges current."""
        catalogue = backlog.backlogs_of(self._service)
        while True:
            await check_database(self._health, pool, self._service)
            self._health.set("appender", appender.wrong())
            # Not before the first round of checks: nobody knows yet what is wrong.
            self._health.set("start", None)
            if self._health.ready:
                try:
                    async with asyncio.timeout(5), pool.acquire() as connection:
                        await backlog.export(connection, catalogue, clock)
                except TRANSIENT as error:
                    _LOG.warning("backlogs not measured", error=type(error).__name__)
            serving = health_pb2.HealthCheckResponse
            state = serving.SERVING if self._health.ready else serving.NOT_SERVING
            await self._grpc_health.set("", state)
            self._health.turned()
            await asyncio.sleep(CHECK_SECONDS)
