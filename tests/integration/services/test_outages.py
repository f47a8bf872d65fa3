"""Postgres or Kafka away: callers are told at once, nothing is half-written or lost, no process has to be restarted."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.kafka import LocalKafka
from deploy.local.postgres import LocalPostgres
from deploy.local.roster import Planned
from peel.crime.v1 import api_pb2 as crime
from peel.intake.v1 import api_pb2 as intake
from services.kernel.errors import Kind
from services.kernel.status import explain
from tests.integration.local.waiting import eventually
from tests.integration.services.calling import Person
from tests.integration.services.following import opened, report_of, told
from tests.integration.services.running import PLANNED, ROOT, Running, works_without_database
from tests.integration.services.telling import THIRD_PARTY, alleging, assessment, contact, decision, recording

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
CROWD = 60
DEADLINE_SECONDS = 5.0


@pytest.fixture(autouse=True)
def _same_processes(running: Running) -> Iterator[None]:
    """None of them died and came back."""
    before = running.supervisor.pids
    yield
    running.await_ready(40)
    assert running.supervisor.pids == before


def _away(person_and_call: tuple[Any, Callable[..., object], object]) -> None:
    """A call is answered within its deadline, with when to come again."""
    person, method, request = person_and_call
    began = time.monotonic()
    refusal = person.refused(method, request, seconds=DEADLINE_SECONDS)
    assert refusal.told == (UNAVAILABLE, "STORE_UNAVAILABLE")
    assert refusal.retry_seconds == 1.0
    assert time.monotonic() - began < DEADLINE_SECONDS


def _health(running: Running, process: str) -> int:
    stub = health_pb2_grpc.HealthStub(running.channels[process])
    return int(stub.Check(health_pb2.HealthCheckRequest(), timeout=5).status)


def _says_why(running: Running, planned: Planned) -> bool:
    """It says that the database is away; and only what works without it is ready (R-OS-09)."""
    status, body = running.page(planned.name, "/readyz")
    ready = works_without_database(planned)
    told = json.loads(body)["degraded" if ready else "wrong"].get("database", "")
    return status == (200 if ready else 503) and told.startswith("does not answer: ")


def test_postgres_killed_and_back(running: Running, force: str, postgres: LocalPostgres) -> None:  # I1
    handler, recorder = (running.person(role, force=force) for role in ("call_handler", "crime_recorder"))
    known, waiting = told(running, contact(force, running.now), contact(force, running.now, alleging(), by=THIRD_PARTY))
    contact_id = known.contact.contact_id
    assess = assessment(contact_id)
    ruled = decision(waiting.report_id, recording(1))
    crowd = [contact(force, running.now, alleging()) for _ in range(CROWD)]
    pending = [
        running.intake.OpenContact.future(request, timeout=DEADLINE_SECONDS, metadata=handler.headers)
        for request in crowd
    ]
    before, began = _repeats(running), time.monotonic()
    # Some are answered, some in hand, some wait.
    eventually(lambda: sum(call.done() for call in pending) >= CROWD // 10)
    postgres.kill()
    try:
        acknowledged = {
            r.request_id for r, call in zip(crowd, pending, strict=True) if call.code() is grpc.StatusCode.OK
        }
        refused = {call.code() for call in pending} - {grpc.StatusCode.OK}
        assert refused <= {UNAVAILABLE}
        for call in (
            (handler, running.intake.OpenContact, contact(force, running.now, alleging())),
            (handler, running.intake.AssessThrive, assess),
            (handler, running.intake.GetContact, intake.GetContactRequest(contact_id=contact_id)),
            (recorder, running.crime.DecideRecording, ruled),
            (recorder, running.crime.ListReports, crime.ListReportsRequest(force=force)),
            (recorder, running.crime.ReconcileReports, crime.ReconcileReportsRequest(force=force)),
        ):
            _away(call)
        # The probe has no database.
        for planned in (one for one in PLANNED if one.command != "probe"):
            eventually(lambda planned=planned: _says_why(running, planned))  # type: ignore[misc]
            if planned.address:
                expected = "SERVING" if works_without_database(planned) else "NOT_SERVING"
                assert _health(running, planned.name) == health_pb2.HealthCheckResponse.ServingStatus.Value(expected)
    finally:
        postgres.start()
    running.await_ready()
    # However often a part tries again, it waits longer each time: up to two seconds. No process has five such parts.
    most = 15 + 2.5 * (time.monotonic() - began)
    assert {log: count - before[log] for log, count in _repeats(running).items() if count - before[log] >= most} == {}
    stored = _whole(running, force)
    assert acknowledged <= stored
    for request in crowd:
        handler.ask(running.intake.OpenContact, request)
    assert _whole(running, force) == {request.request_id for request in crowd} | stored
    assert handler.ask(running.intake.AssessThrive, assess).contact.HasField("thrive")
    assert recorder.ask(running.crime.DecideRecording, ruled).report.decisions[0].crime_number
    # All arrives, each once.
    eventually(lambda: running.count("crime", "from report where force = $1", force) == CROWD + 2)
    assert running.count("crime", "from crime where force = $1", force) == CROWD + 1


def _repeats(running: Running) -> dict[str, int]:
    """How often each process has said that one of its parts begins again."""
    return {name: text.count('begins again"') + text.count('reconnects"') for name, text in running.logs().items()}


def _whole(running: Running, force: str) -> set[str]:
    """The ids of the contacts that were stored, having made sure that each was stored with all that belongs to it."""
    rows = running.rows(
        "intake",
        "select r.id::text as request, c.id as contact, "
        "(select count(*) from outbox o where o.subject = c.id::text and o.sequence = 1) as events, "
        "(select count(*) from audit a where a.records = array['contact:' || c.id] and a.action = 'COLLECTION') "
        "as audited "
        "from (select * from request where force = $1 and method like '%.OpenContact') r "
        "full join (select * from contact where force = $1) c "
        # The contact's id is the first field of the reply: a tag, a length and its 36 characters.
        "on c.id::text = convert_from(substring(r.reply from 3 for 36), 'UTF8')",
        force,
    )
    # A repeat that was shown the first reply is on record too.
    assert all(row["request"] and row["contact"] and row["events"] == 1 <= row["audited"] for row in rows)
    return {row["request"] for row in rows}


def test_sessions_ended_between_two_calls(running: Running, force: str) -> None:
    """As where a pooler or an administrator ends them: whoever is hit may come again, and the next is served."""
    contact_id = opened(running, contact(force, running.now))
    auditor = running.person("auditor", force=force)
    request = intake.GetContactRequest(contact_id=contact_id)
    others = "from pg_stat_activity where datname = 'intake' and pid <> pg_backend_pid()"
    codes = set()
    for _ in range(2):
        running.rows("intake", f"select pg_terminate_backend(pid, 1000) {others}")
        calls = [running.intake.GetContact.future(request, timeout=5, metadata=auditor.headers) for _ in range(10)]
        codes |= {call.code() for call in calls}
        eventually(lambda: _answered(running, auditor, request))
    assert codes <= {grpc.StatusCode.OK, UNAVAILABLE}
    # The appender's own session was ended too: it notices with its next batch, and is back for the one after.
    eventually(lambda: _stores(running, force))
    # A rare case of the same, where the client library notices between two statements and calls it a bug of its own.
    assert explain(asyncpg.InternalClientError("cannot switch to state 15")).kind is Kind.UNAVAILABLE


def _answered(running: Running, who: Person, request: intake.GetContactRequest) -> bool:
    call = running.intake.GetContact.future(request, timeout=5, metadata=who.headers)
    return call.code() is grpc.StatusCode.OK


def _stores(running: Running, force: str) -> bool:
    handler = running.person("call_handler", force=force)
    request = contact(force, running.now)
    return running.intake.OpenContact.future(request, timeout=5, metadata=handler.headers).code() is grpc.StatusCode.OK


def _backlog(running: Running, name: str) -> float:
    """What the gauge of a backlog says."""
    _, text = running.page("intake-api", "/metrics")
    (line,) = (one for one in text.splitlines() if one.startswith(f'peel_backlog_size{{backlog="{name}"'))
    return float(line.rsplit(" ", 1)[1])


def test_kafka_killed_and_back(running: Running, force: str, broker: LocalKafka) -> None:  # I1, I5, I8
    broker.kill()
    try:
        ids = [opened(running, contact(force, running.now, alleging())) for _ in range(5)]
        command = [sys.executable, "-m", "services.cli", "backlogs"]
        environment = {**running.environment(), "COLUMNS": "200"}
        with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as listing:
            eventually(lambda: _backlog(running, "intake.outbox") >= len(ids))
            # Reports go on being taken, and emergencies too; who cannot do its work is the worker.
            eventually(lambda: "relay" in json.loads(running.page("intake-worker", "/readyz")[1])["wrong"], 30)
            assert running.page("intake-worker", "/readyz")[0] == 503
            assert {running.page(one.name, "/readyz")[0] for one in PLANNED if one.command == "api"} == {200}
            shown, _ = listing.communicate(timeout=40)
    finally:
        broker.start()
        broker.wait_ready()
    assert listing.returncode == 1
    (line,) = (one for one in shown.splitlines() if "intake.outbox" in one)
    owner, waiting = [part.strip() for part in line.split("│")][2:4]
    # What another test told last may wait beside them.
    assert owner == "platform on-call"
    assert int(waiting) >= len(ids)
    assert all(
        f"events for {service} on Kafka" in shown.partition("not measured: ")[2] for service in ("intake", "crime")
    )
    for contact_id in ids:
        report_of(running, contact_id, force)
    assert running.count("crime", "from report where force = $1", force) == len(ids)
    eventually(lambda: _backlog(running, "intake.outbox") == 0)
