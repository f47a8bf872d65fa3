"""Applies what Kafka delivers: each event has its effect once, in order, however often it is delivered (I5).

The row that remembers an event commits with its effect. A batch of one partition is one transaction; when it fails, its
events are tried one by one, so that one bad event costs its neighbours nothing.
"""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

import asyncpg
from google.protobuf.message import DecodeError

from services.kernel.caller import service_itself
from services.kernel.database import TRANSIENT
from services.kernel.dead_letters import DeadLetters, is_for
from services.kernel.envelope import Envelope, Malformed, reacting_to, type_of
from services.kernel.errors import Busy, Invalid, PeelError, Refused, Unavailable
from services.kernel.kafka import BrokerError, Failure, Partition, Progress, Record
from services.kernel.reactions import Reaction, Reactions
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter, histogram
from services.kernel.telemetry.tracing import Tracing
from services.kernel.transaction import Transaction, UnitOfWork

_LOG = logger(__name__)

# Together well below the five minutes after which the broker takes a consumer for dead.
_BATCH_SECONDS = 30.0
_ISOLATION_SECONDS = 60.0

EVENTS = counter(
    "peel_consumer_events",
    "Events delivered, by topic and outcome: applied, duplicate (the inbox absorbed it), skipped (no reaction to its "
    "kind), refused (will be tried again), failed (holds its partition), dead (set aside).",
    labels=("topic", "outcome"),
    action="dead: `peel dlq list`. failed: the log names the error; nothing is lost while the partition waits.",
)
BATCH_SECONDS = histogram(
    "peel_consumer_batch_seconds",
    "How long the records of one partition took, from hand-over to commit.",
    labels=("topic",),
    action="Rising with the lag: find the slow statement of the reaction.",
)


class Verdict(Enum):
    """What to make of an error."""

    # Not the event's fault and likely over soon: it never counts towards the dead letters.
    RETRY = "retry"
    # The event itself breaks a rule: after some tries it is set aside.
    POISON = "poison"
    # Ours: a bug, a missing table or right. Every event would fail, so none is set aside and a person is told.
    STUCK = "stuck"


def verdict(error: BaseException) -> Verdict:
    """What kind of error this is."""
    if isinstance(error, Malformed | Refused | Invalid):
        return Verdict.POISON
    # The database client reports an argument of the wrong type as an interface error, like a lost connection.
    ours = isinstance(error, ValueError | TypeError)
    passing = (*TRANSIENT, BrokerError, Unavailable, Busy, asyncio.CancelledError)
    return Verdict.RETRY if isinstance(error, passing) and not ours else Verdict.STUCK


def reason_of(error: BaseException) -> str:
    """The error's class and reason code: never its message, which may quote a value."""
    if isinstance(error, PeelError):
        return f"{type(error).__name__}:{error.reason}"
    if isinstance(error, asyncpg.PostgresError):
        return f"{type(error).__name__}:{error.sqlstate}"
    return type(error).__name__


@dataclass(frozen=True, slots=True)
class _Event:
    envelope: Envelope
    told: Any
    react: Reaction


class Inbox:
    """The handler of a service's consumer."""

    def __init__(
        self, reactions: Reactions, work: UnitOfWork, tracing: Tracing, dead_letters: DeadLetters, poison_attempts: int
    ) -> None:
        self._consumer, self._reactions = reactions.service, reactions.events
        self._work, self._tracing, self._dead_letters = work, tracing, dead_letters
        self._poison_attempts = poison_attempts
        self._tries: dict[Partition, tuple[int, int]] = {}

    async def __call__(self, partition: Partition, records: Sequence[Record]) -> Progress:
        """Applies the records, in order, and says how far it came."""
        with BATCH_SECONDS.labels(partition.topic).time():
            error = await _error_of(self._apply(records), _BATCH_SECONDS)
            if error is None:
                return Progress(records[-1].offset + 1)
            # A batch that is too much for its time may well fit event by event.
            too_much = isinstance(error, TimeoutError) and len(records) > 1
            if verdict(error) is Verdict.RETRY and not too_much:
                EVENTS.labels(partition.topic, "failed").inc(len(records))
                return Progress(records[0].offset, _failure(error))
            return await self._one_by_one(partition, records)

    async def _one_by_one(self, partition: Partition, records: Sequence[Record]) -> Progress:
        give_up_at = time.monotonic() + _ISOLATION_SECONDS
        for record in records:
            if time.monotonic() > give_up_at:
                return Progress(record.offset)
            if failure := await self._alone(partition, record):
                return Progress(record.offset, failure)
        return Progress(records[-1].offset + 1)

    async def _alone(self, partition: Partition, record: Record) -> Failure | None:
        error = await _error_of(self._apply([record]), _BATCH_SECONDS)
        if error is None:
            return None
        if verdict(error) is not Verdict.POISON:
            EVENTS.labels(partition.topic, "failed").inc()
            if verdict(error) is Verdict.STUCK:
                _LOG.error("event fails", partition=str(partition), offset=record.offset, exc_info=error)
            return _failure(error)
        tries = self._count_try(partition, record.offset)
        if tries < self._poison_attempts:
            EVENTS.labels(partition.topic, "refused").inc()
            return _failure(error)
        return await self._set_aside(partition, record, reason_of(error), tries)

    async def _set_aside(self, partition: Partition, record: Record, reason: str, tries: int) -> Failure | None:
        error = await _error_of(self._dead_letters.add(record, reason, tries), _BATCH_SECONDS)
        if error is not None:
            return _failure(error)
        EVENTS.labels(partition.topic, "dead").inc()
        _LOG.error("event set aside", partition=str(partition), offset=record.offset, reason=reason, tries=tries)
        return None

    def _count_try(self, partition: Partition, offset: int) -> int:
        before, tries = self._tries.get(partition, (-1, 0))
        tries = tries + 1 if before == offset else 1
        self._tries[partition] = (offset, tries)
        return tries

    async def _apply(self, records: Sequence[Record]) -> None:
        """Applies the records in one transaction: all of them or none."""
        events = [self._read(record) for record in records if self._concerns_us(record)]
        applied = 0
        if events:
            async with self._work.begin(service_itself(self._consumer)) as tx:
                new = await self._remember(tx, [event.envelope.event_id for event in events])
                for event in events:
                    if event.envelope.event_id in new:
                        new.remove(event.envelope.event_id)
                        await self._react(event, records[0].topic, tx)
                        applied += 1
        counts = {"applied": applied, "duplicate": len(events) - applied, "skipped": len(records) - len(events)}
        for outcome, number in counts.items():
            EVENTS.labels(records[0].topic, outcome).inc(number)

    def _concerns_us(self, record: Record) -> bool:
        if not is_for(record, self._consumer):
            return False
        kind = type_of(record.headers)
        # A record that does not say what it is cannot be passed over as somebody else's.
        return kind is None or kind in self._reactions

    def _read(self, record: Record) -> _Event:
        envelope = Envelope.from_headers(record.headers, record.value)
        consumed = self._reactions[envelope.type]
        try:
            message = consumed.message.FromString(envelope.payload)
        except DecodeError:
            # Not chained: what the decoder says may quote the payload.
            raise Malformed("PAYLOAD_UNREADABLE", rule=f"the payload is no {envelope.type}") from None
        try:
            with reacting_to(envelope):
                told = consumed.read(message)
        except (ValueError, OverflowError):
            # A number of an enum that this version does not know, an id that is none, a moment that is missing.
            raise Malformed("EVENT_UNREADABLE", rule=f"{envelope.type} says what cannot be understood") from None
        return _Event(envelope, told, consumed.react)

    async def _remember(self, tx: Transaction, ids: list[UUID]) -> set[UUID]:
        """Notes the events as done and returns those that were not. Sorted, so that two consumers cannot deadlock."""
        rows = await tx.all(
            "insert into inbox (event_id, consumer) select distinct id, $2::text from unnest($1::uuid[]) as x(id) "
            "order by id on conflict do nothing returning event_id",
            ids,
            self._consumer,
        )
        return {row["event_id"] for row in rows}

    async def _react(self, event: _Event, topic: str, tx: Transaction) -> None:
        envelope = event.envelope
        tx.caller = service_itself(self._consumer, envelope.force)
        with self._tracing.consumer_span(envelope.type, topic, envelope.traceparent), reacting_to(envelope):
            await event.react(event.told, tx)


def _failure(error: BaseException) -> Failure:
    return Failure(reason_of(error), stuck=verdict(error) is Verdict.STUCK)


async def _error_of(work: Coroutine[Any, Any, None], seconds: float) -> BaseException | None:
    """How the work ended: any error is looked at by its class, none is passed over."""
    (result,) = await asyncio.gather(asyncio.wait_for(work, seconds), return_exceptions=True)
    return result
