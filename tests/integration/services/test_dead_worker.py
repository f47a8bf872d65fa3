"""A worker that stands still exports nothing: what waits for it is told by the process that serves (I8, ADR 0012)."""

import os
import re
import signal

from tests.integration.local.waiting import eventually
from tests.integration.services.following import opened, report_of
from tests.integration.services.running import PLANNED, Running, works_without_database
from tests.integration.services.telling import alleging, contact

WORKERS = tuple(one.name for one in PLANNED if (one.service, one.command) == ("crime", "worker"))


def _levels(running: Running, process: str, metric: str) -> dict[str, float]:
    """What a process says of each backlog."""
    _, text = running.page(process, "/metrics")
    found = re.findall(rf'^{metric}{{backlog="([^"]+)",.*}} (\S+)$', text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def _send(running: Running, number: signal.Signals) -> None:
    for name in WORKERS:
        os.kill(running.supervisor.pids[name], number)


def test_what_waits_for_a_worker_that_stands_still_is_told(running: Running, force: str) -> None:
    eventually(lambda: _levels(running, "crime-api", "peel_backlog_size").get("crime.inbox") == 0, 30)
    _send(running, signal.SIGSTOP)
    try:
        ids = [opened(running, contact(force, running.now, alleging())) for _ in range(3)]
        eventually(lambda: _levels(running, "crime-api", "peel_backlog_size")["crime.inbox"] >= len(ids), 30)
        # From the second look on its age is told too.
        eventually(lambda: _levels(running, "crime-api", "peel_backlog_oldest_seconds")["crime.inbox"] > 1, 30)
    finally:
        _send(running, signal.SIGCONT)
    for contact_id in ids:
        report_of(running, contact_id, force)
    eventually(lambda: _levels(running, "crime-api", "peel_backlog_size")["crime.inbox"] == 0, 30)


def test_what_waits_in_the_memory_of_a_process_is_in_its_catalogue(running: Running) -> None:
    for planned in (one for one in PLANNED if one.command == "api"):
        levels = _levels(running, planned.name, "peel_backlog_size")
        assert {f"{planned.service}.appends", f"{planned.service}.late-audit"} <= levels.keys()
        # An emergency asks nothing of the broker.
        assert (f"{planned.service}.inbox" in levels) == (not works_without_database(planned))
