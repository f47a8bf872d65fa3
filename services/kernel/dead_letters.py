"""Sets an event aside that breaks a rule, so that those behind it can go on; and stops when that becomes the rule.

What is noted about one is ids, counts and an error's class and code. Its values stay in its record, in Kafka.
"""

import asyncio
from dataclasses import replace
from uuid import UUID

from services.kernel.caller import service_itself
from services.kernel.errors import PeelError
from services.kernel.kafka import Outgoing, Producer, Record, dead_letter_topic
from services.kernel.settings import Settings
from services.kernel.transaction import Transaction, UnitOfWork

_PREFIX = "dlq-"
_TOPIC, _PARTITION, _OFFSET = "dlq-topic", "dlq-partition", "dlq-offset"
_FOR = "dlq-for"
_LATELY = """
select (select count(*) from dead_letter where consumer = $1 and at > clock_timestamp() - interval '10 minutes')
           as lately,
       (select count(*)
        from (select at from dead_letter where consumer = $1 and replayed_at is null order by id desc limit $2) letter
        where not exists (select from inbox where inbox.consumer = $1 and inbox.at > letter.at)) as in_a_row
"""


class DeadLetterLimit(PeelError):
    """Too many events are refused for it to be their fault: the topic must not be emptied into the dead letters."""


class DeadLetters:
    """The dead letters of one consumer. Its limits are counted in the database, so a restart does not renew them.

    The streak is broken by an event that is applied, or by a person who replays the letters.
    """

    def __init__(self, settings: Settings, consumer: str, work: UnitOfWork, producer: Producer) -> None:
        self._streak, self._window = settings.dead_letter_streak, settings.dead_letter_window
        self._consumer, self._work, self._producer = consumer, work, producer
        # Partitions are handled side by side: two must not both take the last place.
        self._one_at_a_time = asyncio.Lock()

    async def add(self, record: Record, reason: str, tries: int) -> None:
        """Publishes the record to its dead-letter topic and notes it. Adding one twice changes nothing.

        Raises DeadLetterLimit, and what the broker and the database raise when they do not answer.
        """
        async with self._one_at_a_time:
            async with self._work.begin(service_itself(self._consumer)) as tx:
                if await self._is_noted(tx, record):
                    return
                await self._check_limits(tx)
            # Published before it is noted: a crash in between leaves it twice in the topic, never only in the list.
            await self._producer.send([self._letter(record, reason, tries)])
            async with self._work.begin(service_itself(self._consumer)) as tx:
                await self._note(tx, record, reason)

    async def _is_noted(self, tx: Transaction, record: Record) -> bool:
        row = await tx.maybe(
            'select id from dead_letter where consumer = $1 and topic = $2 and partition = $3 and "offset" = $4',
            self._consumer,
            record.topic,
            record.partition,
            record.offset,
        )
        return row is not None

    async def _check_limits(self, tx: Transaction) -> None:
        (row,) = await tx.all(_LATELY, self._consumer, self._streak)
        if row["in_a_row"] >= self._streak:
            raise DeadLetterLimit("DEAD_LETTER_STREAK", rule="nothing was applied since the last dead letters")
        if row["lately"] >= self._window:
            raise DeadLetterLimit("DEAD_LETTER_WINDOW", rule="too many dead letters within ten minutes")

    async def _note(self, tx: Transaction, record: Record, reason: str) -> None:
        await tx.execute(
            'insert into dead_letter (consumer, topic, partition, "offset", event_id, reason) '
            "values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
            self._consumer,
            record.topic,
            record.partition,
            record.offset,
            _event_id(record),
            reason,
        )

    def _letter(self, record: Record, reason: str, tries: int) -> Outgoing:
        notes = {
            _TOPIC: record.topic,
            _PARTITION: str(record.partition),
            _OFFSET: str(record.offset),
            "dlq-consumer": self._consumer,
            "dlq-reason": reason,
            "dlq-attempts": str(tries),
        }
        headers = (*original(record).headers, *((name, text.encode()) for name, text in notes.items()))
        return Outgoing(dead_letter_topic(record.topic), record.key, record.value, headers)


def original(letter: Record) -> Outgoing:
    """The record as it was before it was set aside, for the topic it is of by its notes."""
    headers = tuple((name, value) for name, value in letter.headers if not name.startswith(_PREFIX))
    topic = dict(letter.headers).get(_TOPIC, letter.topic.encode()).decode()
    return Outgoing(topic, letter.key, letter.value, headers)


def addressed(letter: Record, consumer: str) -> Outgoing:
    """The record as it was, for one consumer alone: the others applied it, perhaps so long ago that they forgot it."""
    first = original(letter)
    return replace(first, headers=(*first.headers, (_FOR, consumer.encode())))


def is_for(record: Record, consumer: str) -> bool:
    """Whether this consumer is to look at the record: what is replayed is for the one that had set it aside."""
    return dict(record.headers).get(_FOR, consumer.encode()) == consumer.encode()


def is_letter_of(letter: Record, topic: str, partition: int, offset: int) -> bool:
    """Whether this dead letter was the record at that place."""
    place = {_TOPIC: topic.encode(), _PARTITION: b"%d" % partition, _OFFSET: b"%d" % offset}
    return place.items() <= dict(letter.headers).items()


def _event_id(record: Record) -> str | None:
    """The event's id where it has one. Anything else in that header is not repeated."""
    text = dict(record.headers).get("ce_id", b"").decode(errors="replace")
    try:
        return str(UUID(text))
    except ValueError:
        return None
