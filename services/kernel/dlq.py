"""What `peel dlq` does: lists dead letters, shows one without its personal data, and replays one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from services.kernel.contract import clear_personal, events_of
from services.kernel.database import Connection
from services.kernel.dead_letters import addressed, is_letter_of
from services.kernel.envelope import type_of
from services.kernel.errors import NotFound
from services.kernel.kafka import Producer, Record, dead_letter_topic, find_record
from services.kernel.settings import Settings

_SHOWN = ("ce_", "dlq-", "content-type", "traceparent")
_COLUMNS = 'id, consumer, topic, partition, "offset", event_id, reason, at, replayed_at'


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter as the database lists it."""

    id: int
    consumer: str
    topic: str
    partition: int
    offset: int
    event_id: str | None
    reason: str
    at: datetime
    replayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Contents:
    """A dead letter's record without its personal data.

    `message` is None where the payload cannot be read as the type it claims; `removed` names the fields left out.
    """

    headers: dict[str, str]
    key_bytes: int
    value_bytes: int
    message: dict[str, Any] | None
    removed: tuple[str, ...]


async def list_letters(
    connection: Connection, *, replayed: bool = False, after: int = 0, limit: int = 100
) -> list[DeadLetter]:
    """The oldest dead letters, in the order they were set aside, behind the one of that number.

    Those already replayed only where asked for.
    """
    rows = await connection.fetch(
        f"select {_COLUMNS} from dead_letter where ($1 or replayed_at is null) and id > $2 order by id limit $3",
        replayed,
        after,
        limit,
    )
    return [DeadLetter(**dict(row)) for row in rows]


async def number_waiting(connection: Connection) -> int:
    """How many dead letters wait for a replay."""
    waiting: int = await connection.fetchval("select count(*) from dead_letter where replayed_at is null")
    return waiting


async def show(settings: Settings, connection: Connection, letter_id: int, services: Sequence[str]) -> Contents:
    """What the dead letter holds; `services` are those whose events it may be.

    Raises NotFound where there is no such letter or its record is gone, BrokerError where Kafka does not answer.
    """
    record = await _record(settings, await _letter(connection, letter_id))
    message, removed = _readable(record, services)
    return Contents(
        headers={name: _shown(name, value) for name, value in record.headers},
        key_bytes=len(record.key or b""),
        value_bytes=len(record.value or b""),
        message=message,
        removed=removed,
    )


async def replay(settings: Settings, connection: Connection, letter_id: int) -> DeadLetter:
    """Publishes the record to its topic again, with its key and its headers, and notes that.

    It is for the consumer that set it aside, and has its effect there once: a second replay finds that it did. Nobody
    else looks at it. Raises as `show` does.
    """
    letter = await _letter(connection, letter_id)
    record = await _record(settings, letter)
    producer = Producer(settings)
    try:
        await producer.send([addressed(record, letter.consumer)])
    finally:
        producer.close()
    await connection.execute("update dead_letter set replayed_at = clock_timestamp() where id = $1", letter.id)
    return letter


async def _letter(connection: Connection, letter_id: int) -> DeadLetter:
    row = await connection.fetchrow(f"select {_COLUMNS} from dead_letter where id = $1", letter_id)
    if row is None:
        raise NotFound("dead letter")
    return DeadLetter(**dict(row))


async def _record(settings: Settings, letter: DeadLetter) -> Record:
    def is_it(record: Record) -> bool:
        return is_letter_of(record, letter.topic, letter.partition, letter.offset)

    # Reading Kafka blocks.
    record = await asyncio.to_thread(find_record, settings, dead_letter_topic(letter.topic), is_it)
    if record is None:
        raise NotFound("record of a dead letter")
    return record


def _shown(name: str, value: bytes) -> str:
    """Our own headers hold no personal data; what a foreign one holds is anybody's guess."""
    return value.decode(errors="replace") if name.startswith(_SHOWN) else f"({len(value)} bytes)"


def _readable(record: Record, services: Sequence[str]) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    kinds = {event.full_name: event for service in services for event in events_of(service)}
    event = kinds.get(type_of(record.headers) or "")
    if event is None or record.value is None:
        return None, ()
    try:
        message = GetMessageClass(event).FromString(record.value)
    except DecodeError:
        return None, ()
    removed = clear_personal(message)
    return MessageToDict(message, preserving_proto_field_name=True), removed
