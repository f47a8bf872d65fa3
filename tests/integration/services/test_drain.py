"""SIGTERM drains an API process: it says so, takes nothing new, finishes what is in hand, and exits with 0."""

import asyncio
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import asyncpg
import grpc
import pytest

from deploy.local.ports import free_port
from deploy.local.ready import http_ready
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1.api_pb2_grpc import IntakeServiceStub
from services.kernel.clock import open_clock
from services.kernel.settings import Settings
from tests.integration.local.waiting import eventually
from tests.integration.services.running import ROOT, Running
from tests.integration.services.telling import alleging, contact
from tests.integration.services.waiting import until

IN_HAND = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like 'with asked%'"


@contextmanager
def _second_api(running: Running, log: Path) -> "Iterator[tuple[subprocess.Popen[bytes], Settings]]":
    """Another API process of intake."""
    listen, metrics = free_port(), free_port()
    own = {"listen": f"127.0.0.1:{listen}", "metrics_listen": f"127.0.0.1:{metrics}", "instance": "intake-api-2"}
    env = {**running.environment(), **{f"PEEL_{name.upper()}": value for name, value in own.items()}}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "intake", "api"], env=env, cwd=ROOT, stderr=out
        )
    try:
        eventually(http_ready(metrics), 30)
        yield process, running.settings.model_copy(update=own)
    finally:
        process.kill()
        process.wait(10)


def _wrong(settings: Settings) -> dict[str, str]:
    with closing(http.client.HTTPConnection(settings.metrics_listen, timeout=5)) as connection:
        connection.request("GET", "/readyz")
        wrong: dict[str, str] = json.loads(connection.getresponse().read())["wrong"]
        return wrong


def test_what_is_in_hand_is_finished(running: Running, force: str, tmp_path: Path) -> None:
    handler = running.person("call_handler", force=force)
    credentials = grpc.ssl_channel_credentials(running.authority.ca.read_bytes())
    log = tmp_path / "log"
    with _second_api(running, log) as (process, settings), grpc.secure_channel(settings.listen, credentials) as channel:
        stub: IntakeServiceStub = IntakeServiceStub(channel)

        async def while_a_call_waits() -> "grpc.CallFuture[intake.OpenContactResponse]":
            blocking, looking = [await asyncpg.connect(settings.database_of("intake")) for _ in range(2)]
            try:
                async with blocking.transaction():
                    await blocking.execute("lock table contact in share mode")
                    call = stub.OpenContact.future(
                        contact(force, running.now, alleging()), timeout=10, metadata=handler.headers
                    )
                    await until(lambda: looking.fetchval(IN_HAND), bool)
                    process.terminate()
                    eventually(lambda: "drain" in _wrong(settings))
                    refusal = handler.refused(stub.OpenContact, contact(force, running.now))
                    assert refusal.code is grpc.StatusCode.UNAVAILABLE
                return call
            finally:
                await blocking.close()
                await looking.close()

        assert asyncio.run(while_a_call_waits()).code() is grpc.StatusCode.OK
        assert process.wait(10) == 0, log.read_text()
    assert running.count("intake", "from contact where force = $1", force) == 1


def test_no_process_runs_on_a_stepped_clock_unless_it_rehearses(running: Running) -> None:
    with pytest.raises(ValueError, match="PEEL_REHEARSAL"):
        open_clock(running.settings.model_copy(update={"rehearsal": False}))
