"""What the tests of the worker's parts share: events to send, a consumer to run, effects to look at."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

import services
from peel.crime.v1.events_pb2 import ReportRegistered
from services.kernel.clock import SystemClock
from services.kernel.contract import Topic
from services.kernel.database import Pool, open_pool
from services.kernel.dead_letters import DeadLetters
from services.kernel.envelope import Envelope
from services.kernel.ids import new_id
from services.kernel.inbox import Inbox
from services.kernel.kafka import Consumer, Outgoing, Producer, create_topics
from services.kernel.reactions import Reactions
from services.kernel.settings import Settings
from services.kernel.telemetry.metrics import REGISTRY
from services.kernel.telemetry.tracing import Tracing
from services.kernel.transaction import UnitOfWork

SERVICES = Path(__file__).parent / "services"
if str(SERVICES) not in services.__path__:
    services.__path__.append(str(SERVICES))

_POLL_SECONDS = 0.05


def probe_reactions() -> Reactions:
    """The reactions of the probe, which note each event as a row of `effect`."""
    reactions: Reactions = import_module("services.probe.worker").reactions
    return reactions


def make_topic(settings: Settings, name: str, partitions: int = 4) -> str:
    """Makes a topic and its dead-letter topic."""
    create_topics(settings.model_copy(update={"topic_partitions": partitions}), [Topic(name, compacted=False)])
    return name


def an_event(topic: str, subject: str, sequence: int = 1, fault: str = "", event_id: UUID | None = None) -> Outgoing:
    """An event of the probe as the relay would publish it."""
    message = ReportRegistered(report_id=subject, contact_id=fault, force="north-force")
    envelope = Envelope(
        event_id=event_id or new_id(),
        type=message.DESCRIPTOR.full_name,
        source="/peel/probe",
        subject=subject,
        force="north-force",
        sequence=sequence,
        time=datetime.now(UTC),
        traceparent=None,
        payload=message.SerializeToString(),
    )
    return Outgoing(topic, f"north-force/{subject}".encode(), envelope.payload, envelope.headers())


def stream(topic: str, subjects: int, each: int) -> list[Outgoing]:
    """Events 1 … each of so many subjects, taking turns."""
    names = [str(uuid4()) for _ in range(subjects)]
    return [an_event(topic, name, sequence) for sequence in range(1, each + 1) for name in names]


@asynccontextmanager
async def producing(settings: Settings) -> AsyncIterator[Producer]:
    """A producer, closed at the end."""
    producer = Producer(settings)
    try:
        yield producer
    finally:
        producer.close()


async def publish(settings: Settings, records: Iterable[Outgoing]) -> None:
    """Publishes some records."""
    async with producing(settings) as producer:
        await producer.send(list(records))


@dataclass(frozen=True, slots=True)
class Running:
    """A consumer at work, with a pool on its database."""

    consumer: Consumer
    pool: Pool
    task: "asyncio.Task[None]"


@asynccontextmanager
async def consuming(settings: Settings, topic: str, group: str | None = None) -> AsyncIterator[Running]:
    """The probe's consumer on one topic, from start to clean stop. Its group is the topic's name unless given."""
    reactions = probe_reactions()
    stop = asyncio.Event()
    pool = await open_pool(settings, "probe")
    work = UnitOfWork(pool, SystemClock())
    async with producing(settings) as producer:
        letters = DeadLetters(settings, "probe", work, producer)
        inbox = Inbox(reactions, work, Tracing(settings, "probe", "test"), letters, settings.poison_attempts)
        consumer = Consumer(settings, group or topic, (topic,), inbox)
        task = asyncio.create_task(consumer.run(stop))
        try:
            yield Running(consumer, pool, task)
        finally:
            stop.set()
            try:
                await task
            finally:
                await pool.close()


async def effects(settings: Settings) -> dict[str, list[int]]:
    """The sequences that had an effect, by subject, in the order they had it."""
    rows = await query(settings, "select subject, sequence from effect order by id")
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["subject"], []).append(row["sequence"])
    return found


async def query(settings: Settings, sql: str, *args: object) -> list[asyncpg.Record]:
    """Rows of the probe's database."""
    connection = await asyncpg.connect(settings.database_of("probe"))
    try:
        rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
        return rows
    finally:
        await connection.close()


async def switch(settings: Settings, fault: str, *, on: bool) -> None:
    """Switches a fault of the probe."""
    sql = "insert into fault values ($1) on conflict do nothing" if on else "delete from fault where name = $1"
    await query(settings, sql, fault)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Returns once something is so; fails when it is not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        await asyncio.sleep(_POLL_SECONDS)


async def until_effects(settings: Settings, number: int, seconds: float = 30.0) -> dict[str, list[int]]:
    """The effects once there are so many of them."""

    async def enough() -> bool:
        (row,) = await query(settings, "select count(*) as number from effect")
        return bool(row["number"] >= number)

    await until(enough, seconds)
    return await effects(settings)


def all_in_order(found: dict[str, list[int]], subjects: int, each: int) -> bool:
    """Whether every subject has had each of its events once, in order."""
    return len(found) == subjects and all(sequences == list(range(1, each + 1)) for sequences in found.values())


def metric(name: str, **labels: str) -> float:
    """A metric's value in this process, 0 where it has none yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The environment of a process with these settings."""
    given = {f"PEEL_{name.upper()}": str(value) for name, value in settings.model_dump(exclude_unset=True).items()}
    return {**os.environ, **given, **more, "PEEL_ENV_FILE": os.devnull}
