"""The relay against the real database and broker: everything committed is published, in order, by one relay."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

from deploy.local.kafka import LocalKafka
from deploy.local.postgres import LocalPostgres
from peel.crime.v1.events_pb2 import ReportRegistered
from services.kernel.bulk import OUTBOX, outbox_row
from services.kernel.caller import service_itself
from services.kernel.clock import SystemClock
from services.kernel.database import open_pool
from services.kernel.envelope import Envelope
from services.kernel.kafka import Record, scan
from services.kernel.outbox import Relay
from services.kernel.settings import Settings
from services.kernel.transaction import UnitOfWork
from tests.integration.kernel.probing import (
    all_in_order,
    consuming,
    effects,
    make_topic,
    metric,
    producing,
    query,
    until,
    until_effects,
)

Migrated = Callable[[str], None]


@asynccontextmanager
async def relaying(settings: Settings, *first: str) -> AsyncIterator[None]:
    """A relay of the probe, from start to clean stop. `first` are topics."""
    stop = asyncio.Event()
    async with producing(settings) as producer:
        task = asyncio.create_task(Relay(settings, "probe", producer, first).run(stop))
        try:
            yield
        finally:
            stop.set()
            await task


async def write(settings: Settings, topic: str, subjects: list[str], sequences: range) -> None:
    """Commits events to the probe's outbox, a transaction a sequence."""
    pool = await open_pool(settings, "probe")
    for sequence in sequences:
        async with UnitOfWork(pool, SystemClock()).begin(service_itself("probe")) as tx:
            for subject in subjects:
                event = ReportRegistered(report_id=subject, force="north-force")
                row = outbox_row(event, force="north-force", sequence=sequence, time=tx.now)
                tx.add(OUTBOX, (topic, *row[1:]))
    await pool.close()


async def all_published(settings: Settings) -> bool:
    return not await query(settings, "select id from outbox where published_at is null")


def sequences(records: list[Record]) -> dict[str, list[int]]:
    """The order in which each subject's events first came. Some may come twice."""
    found: dict[str, list[int]] = {}
    for record in records:
        envelope = Envelope.from_headers(record.headers, record.value)
        seen = found.setdefault(envelope.subject, [])
        if envelope.sequence not in seen:
            seen.append(envelope.sequence)
    return found


def test_a_first_topic_waits_for_no_other(settings: Settings, migrated: Migrated, unique: str) -> None:  # R-OS-09
    migrated("probe")
    other, first = make_topic(settings, unique), make_topic(settings, f"{unique}-first")
    subjects = [str(uuid4()) for _ in range(10)]

    async def run() -> None:
        await write(settings, other, subjects, range(1, 101))
        await write(settings, first, subjects, range(1, 4))
        async with relaying(settings, first):
            await until(lambda: all_published(settings))

    asyncio.run(run())
    rows = asyncio.run(query(settings, "select topic, published_at from outbox order by published_at, id"))
    order = [row["topic"] for row in rows]
    # All of it is in the first batch, though it was committed last.
    assert (len(order), order[:500].count(first), order[500:].count(first)) == (1030, 30, 0)
    for topic, count in ((first, 3), (other, 100)):
        assert sequences(list(scan(settings, topic))) == {subject: list(range(1, count + 1)) for subject in subjects}


def test_everything_committed_is_published_once_in_order_by_one_of_several_relays(
    settings: Settings, migrated: Migrated, unique: str
) -> None:
    migrated("probe")
    topic = make_topic(settings, unique)
    subjects = [str(uuid4()) for _ in range(10)]

    async def run() -> None:
        async with AsyncExitStack() as relays:
            for _ in range(3):
                await relays.enter_async_context(relaying(settings))
            await write(settings, topic, subjects, range(1, 31))
            await until(lambda: all_published(settings))

    asyncio.run(run())
    records = list(scan(settings, topic))
    assert len(records) == 300
    assert sequences(records) == {subject: list(range(1, 31)) for subject in subjects}
    assert {record.key for record in records} == {f"north-force/{subject}".encode() for subject in subjects}
    assert metric("peel_outbox_relayed_total", topic=topic) == 300


def test_a_commit_wakes_the_relay(settings: Settings, migrated: Migrated, unique: str) -> None:
    migrated("probe")
    topic = make_topic(settings, unique)

    async def run() -> float:
        async with relaying(settings):
            await write(settings, topic, [str(uuid4())], range(1, 2))
            await until(lambda: all_published(settings))
            begun = time.monotonic()
            for sequence in range(1, 6):
                await write(settings, topic, [str(uuid4())], range(sequence, sequence + 1))
                await until(lambda: all_published(settings))
            return time.monotonic() - begun

    # By the net alone, which looks once a second, five would take about five seconds.
    assert asyncio.run(run()) < 2.5


def test_the_broker_and_the_database_killed_and_back(
    settings: Settings, migrated: Migrated, unique: str, broker: LocalKafka, postgres: LocalPostgres
) -> None:  # I5
    """From outbox to inbox: while either is away events wait, then all arrive, once and in order."""
    migrated("probe")
    topic = make_topic(settings, unique)
    subjects = [str(uuid4()) for _ in range(10)]

    async def run() -> None:
        async with relaying(settings), consuming(settings, topic):
            await write(settings, topic, subjects, range(1, 11))
            await until_effects(settings, 10)
            await asyncio.to_thread(broker.kill)
            await write(settings, topic, subjects, range(11, 21))
            assert not await all_published(settings)
            await asyncio.to_thread(_start, broker)
            await until_effects(settings, 110)
            await asyncio.to_thread(postgres.kill)
            await asyncio.to_thread(postgres.start)
            await write(settings, topic, subjects, range(21, 31))
            await until_effects(settings, 300)
            await until(lambda: all_published(settings))
        assert all_in_order(await effects(settings), subjects=10, each=30)
        assert not await query(settings, "select * from dead_letter")

    asyncio.run(run())
    assert sequences(list(scan(settings, topic))) == {subject: list(range(1, 31)) for subject in subjects}


def _start(broker: LocalKafka) -> None:
    broker.start()
    broker.wait_ready()
