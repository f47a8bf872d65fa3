"""The local Kafka is real, keeps what it acknowledged, and is gone when it is stopped."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

from deploy.local.faults import LocalFault
from deploy.local.jars import Jar, Lock
from deploy.local.kafka import LocalKafka
from deploy.local.kafka_prepared import Prepared, prepared
from deploy.local.ports import free_port
from tests.integration.local.waiting import gone


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    broker = LocalKafka(tmp_path_factory.mktemp("kafka"), free_port(), free_port())
    broker.start()
    broker.wait_ready()
    yield broker
    broker.stop()


def test_an_acknowledged_record_survives_a_kill(kafka: LocalKafka) -> None:  # I1, I5
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic("crime.report.v1", 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    producer.send("crime.report.v1", b"kept").get(timeout=20)
    producer.close(timeout=5)
    killed = kafka.pid or 0
    kafka.kill()
    assert gone(killed)
    kafka.start()
    kafka.wait_ready()
    consumer = KafkaConsumer(
        "crime.report.v1",
        bootstrap_servers=kafka.bootstrap,
        auto_offset_reset="earliest",
        group_id=None,
        consumer_timeout_ms=20_000,
    )
    assert next(iter(consumer)).value == b"kept"
    consumer.close()


def test_stop_leaves_no_process(kafka: LocalKafka) -> None:
    running = kafka.pid or 0
    assert not gone(running)
    kafka.stop()
    assert gone(running)
    assert kafka.pid is None


def test_waiting_for_a_broker_that_was_not_started_says_so(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="has not been started"):
        LocalKafka(tmp_path, free_port()).wait_ready()


def test_a_start_uses_what_was_prepared_and_goes_on_without_a_cache_that_is_broken(
    kafka: LocalKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready_made = Prepared(tmp_path / "ready-made")
    ready_made.folder.mkdir()
    ready_made.classes.write_bytes(b"no cache of Java's")
    ready_made.logs.mkdir()
    for name in ("meta.properties", "bootstrap.checkpoint"):
        shutil.copy(kafka.home / "logs" / name, ready_made.logs)
    monkeypatch.setattr("deploy.local.kafka.prepared", lambda *_: ready_made)
    broker = LocalKafka(tmp_path / "kafka", free_port(), free_port())
    broker.start()
    try:
        broker.wait_ready()
    finally:
        broker.stop()
    said = broker.log.read_text()
    assert "from AOT cache" in said
    assert "Formatting" not in said


def test_what_is_prepared_is_of_these_very_jars_and_of_this_recipe(tmp_path: Path) -> None:
    lock = Lock((), (Jar("org.example:thing:1.0", 1, "0" * 64),))
    jar = tmp_path / "thing-1.0.jar"
    jar.write_bytes(b".")
    before = prepared(lock, tmp_path, "recipe")
    assert prepared(lock, tmp_path, "recipe") == before
    assert not before.exists
    assert prepared(lock, tmp_path, "another recipe") != before
    os.utime(jar, (1, 1))
    assert prepared(lock, tmp_path, "recipe") != before
