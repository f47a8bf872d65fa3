"""Postgres stands still, as a host that is paused or a disk that hangs: connections are there, and nothing answers."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import grpc
import pytest

from deploy.local.pidfile import descendants
from deploy.local.postgres import LocalPostgres
from peel.crime.v1 import api_pb2 as crime
from peel.intake.v1 import api_pb2 as intake
from tests.integration.local.waiting import eventually
from tests.integration.services.calling import Person
from tests.integration.services.following import told
from tests.integration.services.running import PLANNED, Running, works_without_database
from tests.integration.services.telling import THIRD_PARTY, alleging, assessment, contact, decision, recording

DEADLINE_SECONDS = 2.0


@pytest.fixture(autouse=True)
def _same_processes(running: Running) -> Iterator[None]:
    before = running.supervisor.pids
    yield
    running.await_ready(40)
    assert running.supervisor.pids == before


@contextmanager
def _frozen(postgres: LocalPostgres) -> Iterator[None]:
    assert postgres.pid is not None
    processes = [postgres.pid, *(process.pid for process in descendants(postgres.pid))]
    _send(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        _send(processes, signal.SIGCONT)


def _send(processes: list[int], number: signal.Signals) -> None:
    for pid in processes:
        # One that ended meanwhile.
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _told_in_time(call: tuple[Person, Any, Any]) -> None:
    person, method, request = call
    began = time.monotonic()
    refusal = person.refused(method, request, seconds=DEADLINE_SECONDS)
    assert refusal.told == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE"), request.DESCRIPTOR.name
    assert refusal.retry_seconds == 1.0
    assert time.monotonic() - began < DEADLINE_SECONDS


def test_callers_are_told_within_their_deadline_and_nothing_is_half_written(
    running: Running, force: str, postgres: LocalPostgres
) -> None:  # I1
    handler, recorder = (running.person(role, force=force) for role in ("call_handler", "crime_recorder"))
    known, waiting = told(running, contact(force, running.now), contact(force, running.now, alleging(), by=THIRD_PARTY))
    assess, ruled = assessment(known.contact.contact_id), decision(waiting.report_id, recording(1))
    opening = contact(force, running.now, alleging())
    calls = (
        (handler, running.intake.OpenContact, opening),
        (handler, running.intake.AssessThrive, assess),
        (handler, running.intake.GetContact, intake.GetContactRequest(contact_id=known.contact.contact_id)),
        (recorder, running.crime.DecideRecording, ruled),
        (recorder, running.crime.ListReports, crime.ListReportsRequest(force=force)),
        (recorder, running.crime.ReconcileReports, crime.ReconcileReportsRequest(force=force)),
    )
    with _frozen(postgres):
        # Again and again: a connection that was cut off must not cost the next caller their time.
        with ThreadPoolExecutor(len(calls)) as side_by_side:
            for _ in range(3):
                list(side_by_side.map(_told_in_time, calls))
        # What only stands still is not dead: nobody would be helped by a restart.
        for planned in PLANNED:
            assert running.page(planned.name, "/livez")[0] == 200
            if planned.command == "api" and not works_without_database(planned):
                assert running.page(planned.name, "/readyz")[0] == 503
    running.await_ready(40)
    # What the server had in hand is whole or is not there; the same request finds out which.
    contact_id = handler.ask(running.intake.OpenContact, opening).contact_id
    assert handler.ask(running.intake.AssessThrive, assess).contact.HasField("thrive")
    assert recorder.ask(running.crime.DecideRecording, ruled).report.decisions[0].crime_number
    assert running.count("intake", "from contact where force = $1", force) == 3
    assert running.count("intake", "from outbox where subject = $1", contact_id) == 1
    assert running.count("crime", "from crime where report_id::text = $1", waiting.report_id) == 1
    # Nothing that was cut off goes on holding its locks.
    idle = "from pg_stat_activity where state = 'idle in transaction' and xact_start < now() - interval '5 seconds'"
    eventually(lambda: running.count("crime", idle) == 0)
