"""What makes a worker say that it is not ready, though nothing in it has failed."""

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.kernel import outbox
from services.kernel.kafka import Consumer, Partition, Producer
from services.kernel.kafka.session import Session, State
from services.kernel.outbox import Relay
from services.kernel.settings import Settings

ONE = Partition("crime.report.v1", 1)
SETTINGS = Settings(consumer_lag_seconds=60, relay_patience_seconds=15)


def _consumer(**state: Any) -> Consumer:
    consumer = Consumer(SETTINGS, "crime", (ONE.topic,), cast(Any, None))
    well: dict[str, Any] = {"standby": False, "unanswered": False, "behind_seconds": 0.0, "stuck": {}}
    told = State(time.monotonic(), frozenset({ONE}), **(well | state))
    consumer._session, consumer._trouble = cast(Session, SimpleNamespace(state=told)), None
    return consumer


def test_a_consumer_that_keeps_up_is_well() -> None:
    assert _consumer().wrong() is None
    assert _consumer(behind_seconds=59.0).wrong() is None


def test_a_consumer_that_reacts_to_what_is_old_is_behind() -> None:
    assert _consumer(behind_seconds=61.0).wrong() == "is behind: reacts to events of 61 s ago, and more wait"


def test_a_consumer_whose_broker_does_not_answer_says_so() -> None:
    assert _consumer(unanswered=True).wrong() == "the broker does not answer"


def test_a_relay_says_how_long_events_have_waited_for_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: now))
    relay = Relay(SETTINGS, "intake", cast(Producer, None))
    assert relay.wrong() is None
    relay._stuck_since, relay._error = now, "KafkaTimeoutError"
    now += 14
    assert relay.wrong() is None
    now += 2
    assert relay.wrong() == "events wait and none was published for 16 s: KafkaTimeoutError"
