"""What the broker says about a consumer group, by a client of its own: it answers for a consumer that stalls, too."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import RetriableError

from services.kernel.kafka.client import open_client
from services.kernel.kafka.records import Partition
from services.kernel.settings import Settings

Answer = TypeVar("Answer")
_REQUEST_MS = 5_000
_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as its coordinator sees it: one member's partitions, None where it has no settled place; and the lags."""

    mine: frozenset[Partition] | None
    lag: dict[Partition, int]


@dataclass(frozen=True, slots=True)
class Unread:
    """What a group has not read yet: how many records, and when the broker took the oldest, if there is any."""

    size: int
    oldest: datetime | None


def lag(settings: Settings, group: str, topics: Sequence[str]) -> dict[Partition, int]:
    """How many records of each partition the group has not committed yet.

    Raises KafkaError where the broker does not answer.
    """
    return _ask(settings, lambda admin: _lag(admin, group, topics))


def unread(settings: Settings, group: str, topics: Sequence[str]) -> Unread:
    """What waits for the group. Raises KafkaError where the broker does not answer."""
    spans = _ask(settings, lambda admin: _spans(admin, group, topics))
    waiting = {partition: done for partition, (done, end) in spans.items() if end > done}
    size = sum(end - done for done, end in spans.values())
    return Unread(size, _oldest(settings, waiting) if waiting else None)


class UnreadWatch:
    """Looks again and again at what waits for a group, by one client. Blocks; of one thread."""

    def __init__(self, settings: Settings, group: str, topics: Sequence[str]) -> None:
        self._settings, self._group, self._topics = settings, group, topics
        self._admin: KafkaAdminClient | None = None
        self._ends: dict[Partition, int] = {}

    def look(self) -> Unread:
        """What waits now. `oldest` is None too where all that waits came since the last look.

        Only what waited then already is read to learn its age: while the group keeps up, no record is.
        Raises KafkaError where the broker does not answer.
        """
        try:
            if self._admin is None:
                self._admin = open_client(KafkaAdminClient, self._settings, request_timeout_ms=_REQUEST_MS)
            spans = _patiently(self._admin, lambda admin: _spans(admin, self._group, self._topics))
        except BaseException:
            self.close()
            raise
        late = {at: done for at, (done, end) in spans.items() if done < min(end, self._ends.get(at, end))}
        self._ends = {at: end for at, (_, end) in spans.items()}
        size = sum(end - done for done, end in spans.values())
        return Unread(size, _oldest(self._settings, late) if late else None)

    def close(self) -> None:
        """Lets go of the client; the next look makes another."""
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()


def _oldest(settings: Settings, waiting: dict[Partition, int]) -> datetime | None:
    """When the broker took the first record at or after each offset, the earliest of them."""
    consumer = open_client(KafkaConsumer, settings, group_id=None, enable_auto_commit=False, max_poll_records=1)
    try:
        wanted = {TopicPartition(partition.topic, partition.number): at for partition, at in waiting.items()}
        consumer.assign(list(wanted))
        for partition, at in wanted.items():
            consumer.seek(partition, at)
        first: dict[TopicPartition, int] = {}
        give_up_at = time.monotonic() + _REQUEST_MS / 1_000
        # A partition that has shown its first record rests, so that the others come to be read.
        while len(first) < len(wanted) and time.monotonic() < give_up_at:
            for partition, records in consumer.poll(timeout_ms=200).items():
                first.setdefault(partition, records[0].timestamp)
                consumer.pause(partition)
        return datetime.fromtimestamp(min(first.values()) / 1_000, UTC) if first else None
    finally:
        consumer.close(autocommit=False, timeout_ms=1_000)


def view(settings: Settings, group: str, topics: Sequence[str]) -> GroupView:
    """This instance's place in the group, and the group's lag. Raises KafkaError where the broker does not answer."""

    def look(admin: KafkaAdminClient) -> GroupView:
        described: dict[str, Any] = admin.describe_groups([group])[group]
        return GroupView(_place(described, settings.instance), _lag(admin, group, topics))

    return _ask(settings, look)


def _ask(settings: Settings, question: Callable[[KafkaAdminClient], Answer]) -> Answer:
    """Asks once, by a client of its own."""
    admin = open_client(KafkaAdminClient, settings, request_timeout_ms=_REQUEST_MS)
    try:
        return _patiently(admin, question)
    finally:
        admin.close()


def _patiently(admin: KafkaAdminClient, question: Callable[[KafkaAdminClient], Answer]) -> Answer:
    """Asks until there is an answer, for some seconds: a broker that has just started knows no coordinator yet."""
    give_up_at = time.monotonic() + _REQUEST_MS / 1_000
    while True:
        try:
            return question(admin)
        except RetriableError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(_AGAIN_SECONDS)


def _place(described: dict[str, Any], instance: str) -> frozenset[Partition] | None:
    if described["group_state"] != "Stable":
        return None
    for member in described["members"]:
        if member["group_instance_id"] == instance:
            return frozenset(_assigned(member["member_assignment"]))
    return None


def _assigned(assignment: Any) -> Iterable[Partition]:
    # Empty bytes, not an assignment without partitions, where the leader gave this member nothing.
    for topic in assignment["assigned_partitions"] if assignment else ():
        for number in topic["partitions"]:
            yield Partition(topic["topic"], number)


def _lag(admin: KafkaAdminClient, group: str, topics: Sequence[str]) -> dict[Partition, int]:
    return {partition: end - done for partition, (done, end) in _spans(admin, group, topics).items()}


def _spans(admin: KafkaAdminClient, group: str, topics: Sequence[str]) -> dict[Partition, tuple[int, int]]:
    """Of each partition, the offset of the group's next record and the offset after the last one."""
    described = admin.describe_topics(list(topics))
    partitions = [TopicPartition(t["name"], p["partition_index"]) for t in described for p in t["partitions"]]
    if not partitions:
        return {}
    ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST), timeout_ms=_REQUEST_MS)
    starts = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST), timeout_ms=_REQUEST_MS)
    committed = admin.list_group_offsets({group: partitions})[group]
    result = {}
    for partition in partitions:
        done = committed[partition].offset if partition in committed else -1
        # What retention removed is no lag any more, and what was never committed is all that there is.
        done = max(done, starts[partition].offset)
        result[Partition(partition.topic, partition.partition)] = (done, max(done, ends[partition].offset))
    return result
