"""The watchdog against the client library's own faults, provoked in a live consumer: the broker is real and full."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from kafka import KafkaConsumer

from services.kernel.kafka import session, watchdog
from services.kernel.kafka.groups import GroupView, view
from services.kernel.kafka.watchdog import Stall
from services.kernel.settings import Settings
from tests.integration.kernel.probing import (
    all_in_order,
    consuming,
    effects,
    make_topic,
    metric,
    publish,
    stream,
    until,
    until_effects,
)

Migrated = Callable[[str], None]
Break = Callable[[KafkaConsumer], None]
_PATIENCE_SECONDS = 0.5


def lose_the_join(consumer: KafkaConsumer) -> None:
    """The join finishes and the broker counts the member in, but no assignment is installed and no heartbeat sent."""

    async def forget(*_: Any) -> None:
        return None

    consumer._coordinator._on_join_complete_async = forget
    consumer._coordinator._enable_heartbeat = lambda: None


def forget_some(consumer: KafkaConsumer) -> None:
    """Installs an assignment, but an old one that lacks partitions, as after partitions were added to a topic."""
    install = consumer._subscription.assign_from_subscribed
    consumer._subscription.assign_from_subscribed = lambda assigned: install(list(assigned)[:1])


def fetch_nothing(consumer: KafkaConsumer) -> None:
    """The assignment is there, and no fetch ever brings a record."""
    consumer._fetcher.fetch_records = lambda *_, **__: ({}, True)


def broken(breaking: Break, times: int) -> tuple[type[KafkaConsumer], list[KafkaConsumer]]:
    """A consumer class whose first so many instances have the fault; and all its instances."""
    made: list[KafkaConsumer] = []

    class Broken(KafkaConsumer):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)
            if len(made) <= times:
                breaking(self)

    return Broken, made


@pytest.mark.parametrize(
    ("breaking", "times", "cause"),
    [
        (lose_the_join, 2, Stall.NOT_INSTALLED),
        (forget_some, 1, Stall.NOT_INSTALLED),
        (fetch_nothing, 1, Stall.NOT_FETCHING),
    ],
)
def test_a_stalled_consumer_is_rebuilt_and_loses_nothing(
    settings: Settings,
    migrated: Migrated,
    unique: str,
    monkeypatch: pytest.MonkeyPatch,
    breaking: Break,
    times: int,
    cause: Stall,
) -> None:
    migrated("probe")
    topic = make_topic(settings, unique)
    impatient = settings.model_copy(update={"watchdog_seconds": _PATIENCE_SECONDS})
    kind, made = broken(breaking, times)
    monkeypatch.setattr(session, "KafkaConsumer", kind)

    async def run() -> float:
        await publish(settings, stream(topic, subjects=10, each=10))
        begun = asyncio.get_running_loop().time()
        async with consuming(impatient, topic):
            await until_effects(settings, 100)
        assert all_in_order(await effects(settings), subjects=10, each=10)
        return asyncio.get_running_loop().time() - begun

    # Each rebuild in a row waits twice as long for a sign of life as the one before.
    assert asyncio.run(run()) > sum(_PATIENCE_SECONDS * 2**stall for stall in range(times))
    # On a busy machine a sound one may be taken for stalled, too: that costs time and nothing else.
    assert len(made) >= times + 1
    assert metric("peel_consumer_rebuilds_total", group=topic, cause=cause.name) >= times


def test_a_standby_is_left_alone_and_ready(
    settings: Settings, migrated: Migrated, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More members than partitions: one has none, and rightly so."""
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)
    one = settings.model_copy(update={"watchdog_seconds": 1.0})
    two = one.model_copy(update={"instance": f"{unique}-two"})
    looks: Counter[str] = Counter()

    def counted(settings: Settings, group: str, topics: Sequence[str]) -> GroupView:
        looks[settings.instance] += 1
        return view(settings, group, topics)

    monkeypatch.setattr(watchdog, "view", counted)

    async def run() -> None:
        async with consuming(one, topic) as first, consuming(two, topic) as second:

            async def well() -> bool:
                return first.consumer.wrong() is None and second.consumer.wrong() is None

            async def looked_at() -> bool:
                return min(looks[one.instance], looks[two.instance]) >= 3

            await publish(settings, stream(topic, subjects=3, each=1))
            await until_effects(settings, 3)
            await until(looked_at)
            await until(well)

    asyncio.run(run())
    for cause in Stall:
        assert metric("peel_consumer_rebuilds_total", group=topic, cause=cause.name) == 0
