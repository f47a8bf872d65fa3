"""Topics: making them from the catalogue, and reading one from end to end."""

from collections.abc import Callable, Iterator, Sequence

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError, TopicAlreadyExistsError, for_code

from services.kernel.contract import Topic
from services.kernel.kafka.client import open_client, record_of
from services.kernel.kafka.records import Record
from services.kernel.settings import Settings

_REQUEST_MS = 10_000
_DAY_MS = 24 * 3_600_000
_EVENT_DAYS = 7


def dead_letter_topic(topic: str) -> str:
    """Where the records of a topic go that cannot be handled."""
    return f"{topic}.dlq"


def create_topics(settings: Settings, topics: Sequence[Topic]) -> list[str]:
    """Makes the topics and their dead-letter topics where they are missing; returns the names of those it made.

    What exists is left as it is. Raises KafkaError where the broker refuses or does not answer.
    """
    wanted = {topic.name: _compacted() if topic.compacted else _kept(_EVENT_DAYS) for topic in topics}
    # A person has to look at each, however long that takes: what a letter says is nowhere else.
    wanted |= {dead_letter_topic(topic.name): _kept_for_ever() for topic in topics}
    single = {topic.name for topic in topics if topic.single}
    admin = open_client(KafkaAdminClient, settings, request_timeout_ms=_REQUEST_MS)
    try:
        request = {
            name: {
                "num_partitions": 1 if name in single else settings.topic_partitions,
                "replication_factor": settings.topic_replication,
                "configs": configs,
            }
            for name, configs in wanted.items()
        }
        made = admin.create_topics(request, raise_errors=False)["topics"]
        errors = {topic["name"]: for_code(topic["error_code"]) for topic in made if topic["error_code"]}
        for name, error in errors.items():
            if error is not TopicAlreadyExistsError:
                raise error(f"topic {name}")
        admin.wait_for_topics(list(wanted))
        return sorted(wanted.keys() - errors.keys())
    finally:
        admin.close()


def _kept(days: int) -> dict[str, str]:
    # Records go by whole segments, so a segment is closed every day.
    return {"cleanup.policy": "delete", "retention.ms": str(days * _DAY_MS), "segment.ms": str(_DAY_MS)}


def _kept_for_ever() -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


def _compacted() -> dict[str, str]:
    return {"cleanup.policy": "compact"}


def scan(settings: Settings, topic: str) -> Iterator[Record]:
    """Every record that the topic holds now, partition by partition, outside any group.

    Raises KafkaError where the broker does not answer or the topic does not exist.
    """
    consumer = open_client(
        KafkaConsumer,
        settings,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        request_timeout_ms=_REQUEST_MS,
    )
    try:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise KafkaTimeoutError(f"topic {topic} does not exist")
        for number in sorted(numbers):
            yield from _scan_partition(consumer, TopicPartition(topic, number))
    finally:
        consumer.close(autocommit=False, timeout_ms=1_000)


def _scan_partition(consumer: KafkaConsumer, partition: TopicPartition) -> Iterator[Record]:
    end: int = consumer.end_offsets([partition], timeout_ms=_REQUEST_MS)[partition]
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    # Not "until the last offset was seen": retention may have emptied the partition.
    while (position := consumer.position(partition, timeout_ms=_REQUEST_MS)) is not None and position < end:
        batches = consumer.poll(timeout_ms=_REQUEST_MS)
        if not batches:
            raise KafkaTimeoutError(f"topic {partition.topic}: no answer for {_REQUEST_MS // 1_000} s")
        for batch in batches.values():
            yield from map(record_of, batch)


def find_record(settings: Settings, topic: str, wanted: Callable[[Record], bool]) -> Record | None:
    """The first record of the topic that is wanted. Reads all before it: for topics that are small by nature."""
    return next((record for record in scan(settings, topic) if wanted(record)), None)
