"""What can be asked of a process without a token: whether it is well, and what it can be called with."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.roster import Planned
from tests.integration.services.following import opened
from tests.integration.services.running import PLANNED, PROCESSES, SHARED_FORCE, Running, paths_of
from tests.integration.services.telling import contact

SERVING = [planned for planned in PLANNED if planned.address]
# Replicas serve the same: one of each address is asked.
ADDRESSES = list({planned.address: planned for planned in reversed(SERVING)}.values())
BUF = Path(sys.executable).with_name("buf")


def _buf(running: Running, *arguments: str) -> "subprocess.CompletedProcess[str]":
    authority = ("--cacert", str(running.authority.ca))
    command = [str(BUF), "curl", "--protocol", "grpc", *authority, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, env=running.environment())


@pytest.mark.parametrize("process", SERVING, ids=lambda process: process.name)
def test_who_knows_the_address_finds_every_rpc(running: Running, process: Planned) -> None:
    done = _buf(running, "--list-methods", f"https://{running.listening[process.name]}")
    assert done.returncode == 0, done.stderr
    listed = {line for line in done.stdout.split() if f"peel.{process.service}.v1" in line}
    assert listed == {path.removeprefix("/") for path in paths_of(process)}


def test_who_knows_the_address_and_has_a_token_can_call(running: Running) -> None:
    contact_id = opened(running, contact(SHARED_FORCE, running.now))
    token = running.person("auditor").token
    address = f"https://{running.addresses['intake']}/peel.intake.v1.IntakeService/GetContact"
    asked = ("--data", json.dumps({"contactId": contact_id}))
    done = _buf(running, "--header", f"authorization: Bearer {token}", *asked, address)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["contact"]["contactId"] == contact_id
    refused = _buf(running, *asked, address)
    assert refused.returncode != 0
    assert json.loads(refused.stderr)["code"] == "unauthenticated"


@pytest.mark.parametrize("process", ADDRESSES, ids=lambda process: process.name)
def test_who_knows_the_address_alone_reaches_every_rpc_and_is_turned_away(running: Running, process: Planned) -> None:
    """No proto file and no token: what it is called with is learnt from the server itself."""
    address = f"https://{running.listening[process.name]}"

    def answer(path: str) -> str:
        done = _buf(running, "--data", "{}", address + path)
        assert done.returncode != 0
        return str(json.loads(done.stderr)["code"])

    # Each asks in a process of its own, and most of that is waiting.
    with ThreadPoolExecutor(4) as side_by_side:
        answers = dict(zip(paths := sorted(paths_of(process)), side_by_side.map(answer, paths), strict=True))
    assert answers == dict.fromkeys(paths, "unauthenticated")


def test_nothing_is_served_without_tls(running: Running) -> None:
    with grpc.insecure_channel(running.addresses["intake"]) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("process", SERVING, ids=lambda process: process.name)
def test_grpc_health(running: Running, process: Planned) -> None:
    stub = health_pb2_grpc.HealthStub(running.channels[process.name])
    reply = stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
    assert reply.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("process", PROCESSES)
def test_each_process_is_ready_and_says_that_it_rehearses(running: Running, process: str) -> None:
    assert running.page(process, "/livez")[0] == 200
    status, body = running.page(process, "/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "rehearsal": True, "wrong": {}, "degraded": {}})
    lines = [json.loads(line) for line in running.logs()[process].splitlines() if line.startswith("{")]
    # Once a start: another test may have killed it.
    said = [line for line in lines if line["event"].startswith("REHEARSAL")][-1]
    assert said["level"] == "warning"
    assert "peel_rehearsal 1.0" in running.page(process, "/metrics")[1]
    assert running.page(process, "/elsewhere")[0] == 404
