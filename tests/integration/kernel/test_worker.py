"""The worker as a process: outbox, relay, Kafka, inbox and timers, killed at the worst moments, and drained."""

import asyncio
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.kafka import LocalKafka
from deploy.local.ports import free_port
from peel.crime.v1.events_pb2 import ReportRegistered
from services.kernel.bulk import OUTBOX, outbox_row
from services.kernel.caller import service_itself
from services.kernel.clock import SystemClock
from services.kernel.database import open_pool
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.kernel.transaction import UnitOfWork
from tests.integration.kernel.probing import (
    all_in_order,
    effects,
    environment,
    make_topic,
    query,
    switch,
    until_effects,
)
from tests.integration.local.waiting import eventually

Migrated = Callable[[str], None]
Process = subprocess.Popen[bytes]
# Run, never imported: it brings eventlet with it.
RUN_PROBE = Path(__file__).with_name("run_probe.py")


@contextmanager
def working(settings: Settings, topic: str, log: Path, **more: str) -> Iterator[Process]:
    """A worker process, killed at the end if it has not ended by then."""
    # All of these tests are one group; of one instance, so that a worker takes its dead predecessor's place at once.
    own = settings.model_copy(update={"instance": more.pop("instance", "solo"), "drain_grace_seconds": 5.0})
    env = environment(own, PROBE_TOPIC=topic, **more)
    with log.open("ab") as out:
        process = subprocess.Popen([sys.executable, str(RUN_PROBE)], env=env, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


async def write(settings: Settings, topic: str, subjects: int, each: int, fault: str = "") -> None:
    """Commits events of the probe to its outbox, a few a transaction, for its own worker to relay and to consume."""
    pool = await open_pool(settings, "probe")
    work = UnitOfWork(pool, SystemClock())
    names = [str(uuid4()) for _ in range(subjects)]
    for sequence in range(1, each + 1):
        async with work.begin(service_itself("probe")) as tx:
            for name in names:
                event = ReportRegistered(report_id=name, contact_id=fault, force="north-force")
                row = outbox_row(event, force="north-force", sequence=sequence, time=tx.now)
                tx.add(OUTBOX, (topic, *row[1:]))
    await pool.close()


def unpublished(settings: Settings) -> int:
    (row,) = asyncio.run(query(settings, "select count(*) as number from outbox where published_at is null"))
    return int(row["number"])


def page(settings: Settings, path: str) -> tuple[int, Any]:
    """A page of the worker's health server: its status, 0 where nobody answers, and its body."""
    try:
        with urllib.request.urlopen(f"http://{settings.metrics_listen}{path}", timeout=5) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, None


@pytest.mark.parametrize("die", ["commit:2", "ack:2"])
def test_killed_at_the_worst_moment_each_event_has_its_effect_once(
    settings: Settings, migrated: Migrated, unique: str, tmp_path: Path, die: str
) -> None:  # I5
    """Between the database's commit and the offset's; between the broker's acknowledgement and the outbox's mark."""
    migrated("probe")
    topic = make_topic(settings, unique)
    log = tmp_path / "log"
    asyncio.run(write(settings, topic, subjects=20, each=10))
    with working(settings, topic, log, PROBE_DIE=die) as doomed:
        asyncio.run(until_effects(settings, 1))
        asyncio.run(write(settings, topic, subjects=20, each=10))
        assert doomed.wait(30) == -signal.SIGKILL, log.read_text()
    with working(settings, topic, log) as worker:
        found = asyncio.run(until_effects(settings, 400))
        eventually(lambda: unpublished(settings) == 0)
        worker.terminate()
        assert worker.wait(10) == 0, log.read_text()
    assert all_in_order(asyncio.run(effects(settings)), subjects=40, each=10)
    assert len(found) == 40


def test_sigterm_finishes_the_batch_in_hand_and_exits_0(
    settings: Settings, migrated: Migrated, unique: str, tmp_path: Path
) -> None:
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)
    log = tmp_path / "log"
    asyncio.run(switch(settings, "slow", on=True))
    with working(settings, topic, log, PROBE_SLOW_SECONDS="1") as worker:
        eventually(lambda: page(settings, "/readyz")[0] == 200, 20)
        asyncio.run(write(settings, topic, subjects=1, each=1, fault="slow"))
        eventually(lambda: _sessions_in_reaction(settings) == 1)
        worker.terminate()
        assert worker.wait(10) == 0, log.read_text()
    assert len(asyncio.run(effects(settings))) == 1
    with working(settings, topic, log) as worker:
        asyncio.run(write(settings, topic, subjects=1, each=1))
        asyncio.run(until_effects(settings, 2))
        # Had the offset of the slow one not been committed, it would have come again.
        duplicates = f'outcome="duplicate",topic="{topic}"}} 0.0'
        assert duplicates in _metrics(settings)


def test_sigterm_while_the_broker_is_away_still_ends_cleanly(
    settings: Settings, migrated: Migrated, unique: str, tmp_path: Path, broker: LocalKafka
) -> None:
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)
    log = tmp_path / "log"
    with working(settings, topic, log) as worker:
        eventually(lambda: page(settings, "/readyz")[0] == 200, 20)
        broker.kill()
        asyncio.run(write(settings, topic, subjects=1, each=1))
        eventually(lambda: "relay begins again" in log.read_text(), 30)
        worker.terminate()
        assert worker.wait(20) == 0, log.read_text()
    assert unpublished(settings) == 1


def test_a_worker_says_that_the_broker_is_away_and_is_ready_again_with_it(
    settings: Settings, migrated: Migrated, unique: str, tmp_path: Path, broker: LocalKafka
) -> None:
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)
    soon = {"PEEL_RELAY_PATIENCE_SECONDS": "2", "PEEL_WATCHDOG_SECONDS": "4"}
    with working(settings, topic, tmp_path / "log", **soon) as worker:
        eventually(lambda: page(settings, "/readyz")[0] == 200, 20)
        broker.kill()
        try:
            asyncio.run(write(settings, topic, subjects=1, each=1))
            eventually(lambda: {"relay", "consumer"} <= _wrong(settings).keys(), 40)
            assert page(settings, "/readyz")[0] == 503
            assert "none was published" in _wrong(settings)["relay"]
            # Not ready is not dead: nobody has to restart it.
            assert page(settings, "/livez")[0] == 200
        finally:
            broker.start()
            broker.wait_ready()
        eventually(lambda: page(settings, "/readyz")[0] == 200, 40)
        asyncio.run(until_effects(settings, 1))
        assert worker.poll() is None


def _wrong(settings: Settings) -> dict[str, str]:
    _, said = page(settings, "/readyz")
    wrong: dict[str, str] = said["wrong"]
    return wrong


def _sessions_in_reaction(settings: Settings) -> int:
    sql = "select 1 from pg_stat_activity where datname = current_database() and query like 'select name from fault%'"
    return len(asyncio.run(query(settings, f"{sql} and state = 'idle in transaction'")))


def _metrics(settings: Settings) -> str:
    with urllib.request.urlopen(f"http://{settings.metrics_listen}/metrics", timeout=5) as reply:
        text: str = reply.read().decode()
        return text


def test_when_the_consumers_thread_dies_the_process_fails_and_says_why(
    settings: Settings, migrated: Migrated, unique: str, tmp_path: Path
) -> None:
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)
    log = tmp_path / "log"
    asyncio.run(write(settings, topic, subjects=1, each=1))
    with working(settings, topic, log, PROBE_DIE="thread:1") as worker:
        assert worker.wait(20) == 1
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    (said,) = [line for line in lines if line["event"] == "worker fails"]
    assert said["error"] == "RuntimeError"
    assert "the test wants it so" not in json.dumps(lines)


def test_a_worker_without_its_database_does_not_start(settings: Settings, unique: str, tmp_path: Path) -> None:
    with working(settings, unique, tmp_path / "log") as worker:
        assert worker.wait(20) == 1


def test_ready_says_what_is_wrong_and_timers_fire(
    settings: Settings, migrated: Migrated, unique: str, tmp_path: Path
) -> None:
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)
    with working(settings, topic, tmp_path / "log"):
        eventually(lambda: page(settings, "/readyz")[0] == 200, 20)
        asyncio.run(switch(settings, "bug", on=True))
        asyncio.run(write(settings, topic, subjects=1, each=1, fault="bug"))
        eventually(lambda: page(settings, "/readyz")[0] == 503)
        assert "TypeError" in page(settings, "/readyz")[1]["wrong"]["consumer"]
        subject = new_id()
        asyncio.run(_start_timer(settings, subject))
        asyncio.run(until_effects(settings, 1))
        assert asyncio.run(effects(settings)) == {str(subject): [0]}


async def _start_timer(settings: Settings, subject: Any) -> None:
    pool = await open_pool(settings, "probe")
    async with UnitOfWork(pool, SystemClock()).begin(service_itself("probe")) as tx:
        tx.start_timer("PROBE", subject, due=datetime.now(UTC), owner="nobody", force="north-force")
    await pool.close()


def test_killed_again_and_again_beside_a_second_worker(
    settings: Settings, migrated: Migrated, unique: str, tmp_path: Path
) -> None:  # I5
    migrated("probe")
    topic = make_topic(settings, unique)
    log = tmp_path / "log"
    other = settings.model_copy(update={"metrics_listen": f"127.0.0.1:{free_port()}"})
    with working(other, topic, log, instance="solo"):
        for had in (0, 200):
            with working(settings, topic, log, instance="second"):
                eventually(lambda: page(settings, "/readyz")[0] == 200, 30)
                asyncio.run(write(settings, topic, subjects=20, each=10))
                asyncio.run(until_effects(settings, had + 20))
        with working(settings, topic, log, instance="second"):
            asyncio.run(until_effects(settings, 400))
    assert all_in_order(asyncio.run(effects(settings)), subjects=40, each=10)
