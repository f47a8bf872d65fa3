"""Topics and lags on the real broker."""

import asyncio
import threading
from datetime import timedelta

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from services.kernel.clock import SystemClock
from services.kernel.contract import Topic
from services.kernel.kafka import (
    BrokerError,
    Partition,
    Unread,
    UnreadWatch,
    client,
    create_topics,
    dead_letter_topic,
    lag,
    scan,
    unread,
)
from services.kernel.settings import Settings
from tests.integration.kernel.probing import an_event, publish
from tests.integration.local.waiting import eventually


def test_topics_are_made_once_with_their_dead_letters(settings: Settings, unique: str) -> None:
    topics = [Topic(f"{unique}.a", compacted=False), Topic(f"{unique}.b", compacted=True)]
    assert create_topics(settings, topics) == [f"{unique}.a", f"{unique}.a.dlq", f"{unique}.b", f"{unique}.b.dlq"]
    more = [*topics, Topic(f"{unique}.c", compacted=False)]
    assert create_topics(settings, more) == [f"{unique}.c", f"{unique}.c.dlq"]
    assert create_topics(settings, more) == []


def test_a_dead_letter_waits_for_a_person_however_long_that_takes(settings: Settings, unique: str) -> None:
    topics = [Topic(f"{unique}.a", compacted=False), Topic(f"{unique}.b", compacted=True)]
    create_topics(settings, topics)
    assert _retention_ms(settings, f"{unique}.a") == 7 * 24 * 3_600_000
    assert {_retention_ms(settings, dead_letter_topic(topic.name)) for topic in topics} == {-1}


def _retention_ms(settings: Settings, topic: str) -> int:
    admin = client.open_client(KafkaAdminClient, settings)
    try:
        told = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
        return int(told["topic"][topic]["retention.ms"]["value"])
    finally:
        admin.close()


def test_looking_again_and_again_tells_the_age_of_what_does_not_move(settings: Settings, unique: str) -> None:  # I8
    """By one client; and what came since the last look is not read, for a group that keeps up has always some."""
    create_topics(settings, [Topic(unique, compacted=False)])
    watch = UnreadWatch(settings, unique, (unique,))
    assert watch.look() == Unread(0, None)
    began = SystemClock().now()
    asyncio.run(publish(settings, [an_event(unique, str(number)) for number in range(20)]))
    assert watch.look() == Unread(20, None)
    asyncio.run(publish(settings, [an_event(unique, "late")]))
    waiting = watch.look()
    watch.close()
    assert waiting.size == 21
    assert waiting.oldest is not None
    assert began - timedelta(milliseconds=1) <= waiting.oldest
    # One that begins to look when much waits already tells its age at once.
    first = UnreadWatch(settings, unique, (unique,))
    assert first.look() == waiting
    first.close()


def test_a_single_topic_has_one_partition_whatever_others_have(settings: Settings, unique: str) -> None:
    create_topics(settings, [Topic(f"{unique}.one", False, single=True), Topic(f"{unique}.many", compacted=False)])
    lags = lag(settings, unique, [f"{unique}.one", f"{unique}.many"])
    assert [at.number for at in lags if at.topic == f"{unique}.one"] == [0]
    assert len([at for at in lags if at.topic == f"{unique}.many"]) == settings.topic_partitions > 1


def test_a_group_that_committed_nothing_lags_by_all_there_is(settings: Settings, unique: str) -> None:
    create_topics(settings, [Topic(unique, compacted=False)])
    asyncio.run(publish(settings, [an_event(unique, str(number)) for number in range(20)]))
    lags = lag(settings, unique, [unique])
    assert sum(lags.values()) == 20
    assert set(lags) == {Partition(unique, number) for number in range(settings.topic_partitions)}


def test_what_waits_has_a_size_and_an_age(settings: Settings, unique: str) -> None:  # I8, R-OBS-01
    create_topics(settings, [Topic(unique, compacted=False)])
    assert unread(settings, unique, [unique]) == Unread(0, None)
    began = SystemClock().now()
    asyncio.run(publish(settings, [an_event(unique, str(number)) for number in range(20)]))
    between = SystemClock().now()
    asyncio.run(publish(settings, [an_event(unique, "late")]))
    waiting = unread(settings, unique, [unique])
    assert waiting.size == 21
    assert waiting.oldest is not None
    # The broker counts in milliseconds.
    assert began - timedelta(milliseconds=1) <= waiting.oldest <= between


def test_a_topic_that_is_not_there_has_no_lag_and_cannot_be_read(settings: Settings, unique: str) -> None:
    assert lag(settings, unique, [unique]) == {}
    with pytest.raises(BrokerError):
        list(scan(settings, unique))


def test_no_broker_is_an_error_and_leaves_no_thread_behind(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BOOTSTRAP_MS", 500)
    nowhere = settings.model_copy(update={"kafka": "127.0.0.1:1"})
    before = threading.active_count()
    with pytest.raises(BrokerError):
        lag(nowhere, "group", ["topic"])
    with pytest.raises(BrokerError):
        list(scan(nowhere, "topic"))
    with pytest.raises(BrokerError):
        asyncio.run(publish(nowhere, [an_event("topic", "a")]))
    eventually(lambda: threading.active_count() == before)
