"""The emergency path starts, is ready and says what it lacks while there is no Postgres (I4, R-OS-09)."""

import asyncio
import http.client
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.authority import Authority
from deploy.local.ports import free_port
from deploy.local.postgres import LocalPostgres
from deploy.local.processes import Command, Process
from deploy.local.ready import http_ready
from services.kernel.migrations import migrate
from services.kernel.settings import Settings
from tests.integration.local.ending import end_hard
from tests.integration.local.waiting import eventually

ROOT = Path(__file__).parents[3]


class Emergency:
    """One `peel safety api --only emergency` on a database that may be there or not."""

    def __init__(self, home: Path, dsn: str) -> None:
        self.dsn = dsn
        authority = Authority(home / "authority", {"west-yorkshire"})
        authority.ensure()
        self.port, self.metrics = free_port(), free_port()
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "protos" / "gen")]),
            "PEEL_ENV_FILE": os.devnull,
            "PEEL_DATABASE": dsn,
            "PEEL_LISTEN": f"127.0.0.1:{self.port}",
            "PEEL_METRICS_LISTEN": f"127.0.0.1:{self.metrics}",
            "PEEL_JWKS": str(authority.jwks),
            "PEEL_PAGE_KEY": "0123456789abcdef",
            "PEEL_SPOOL": str(home / "spool"),
        }
        argv = (sys.executable, "-m", "services.cli", "safety", "api", "--only", "emergency")
        log = home / "emergency.log"
        self.process = Process(Command("emergency", argv, env, log, http_ready(self.metrics), cwd=ROOT))

    def report(self) -> Any:
        with closing(http.client.HTTPConnection("127.0.0.1", self.metrics, timeout=5)) as connection:
            connection.request("GET", "/readyz")
            return json.loads(connection.getresponse().read())

    def health(self) -> int:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            asked = health_pb2.HealthCheckRequest()
            return int(health_pb2_grpc.HealthStub(channel).Check(asked, timeout=5).status)


@pytest.fixture
def emergency(tmp_path: Path, fresh_database: Callable[[], str]) -> Iterator[Emergency]:
    emergency = Emergency(tmp_path, fresh_database())
    try:
        yield emergency
    finally:
        end_hard([emergency.process])


def test_it_starts_and_is_ready_without_postgres_and_takes_it_up_later(
    emergency: Emergency, postgres: LocalPostgres
) -> None:
    postgres.kill()
    emergency.process.start()
    emergency.process.wait_ready(20)
    eventually(lambda: emergency.report()["degraded"].keys() >= {"database", "appender"})
    assert emergency.report()["wrong"] == {}
    assert emergency.health() == health_pb2.HealthCheckResponse.SERVING
    postgres.start()
    eventually(lambda: "schema" in emergency.report()["degraded"])
    asyncio.run(migrate(Settings(database=emergency.dsn), "safety"))
    eventually(lambda: emergency.report()["degraded"] == {})
