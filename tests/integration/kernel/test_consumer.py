"""The consumer and the inbox against the real broker and database: each event has its effect once, in order (I5)."""

import asyncio
from collections.abc import Callable

import pytest
from kafka.errors import FencedInstanceIdError

from services.kernel.kafka import lag
from services.kernel.settings import Settings
from tests.integration.kernel.probing import (
    all_in_order,
    an_event,
    consuming,
    effects,
    make_topic,
    metric,
    publish,
    query,
    stream,
    switch,
    until,
    until_effects,
)

Migrated = Callable[[str], None]


def test_each_event_has_its_effect_once_in_order_however_often_it_comes(
    settings: Settings, migrated: Migrated, unique: str
) -> None:  # I5
    migrated("probe")
    topic = make_topic(settings, unique)

    async def run() -> None:
        events = stream(topic, subjects=20, each=10)
        async with consuming(settings, topic):
            for _ in range(3):
                await publish(settings, events)
            await until_effects(settings, 200)
            await until(lambda: _all_committed(settings, topic))
        assert all_in_order(await effects(settings), subjects=20, each=10)

    asyncio.run(run())
    assert metric("peel_consumer_events_total", topic=topic, outcome="applied") == 200
    assert metric("peel_consumer_events_total", topic=topic, outcome="duplicate") == 400


async def _all_committed(settings: Settings, topic: str) -> bool:
    return not any((await asyncio.to_thread(lag, settings, topic, [topic])).values())


def test_a_kind_without_a_reaction_is_skipped_and_counted(settings: Settings, migrated: Migrated, unique: str) -> None:
    migrated("probe")
    topic = make_topic(settings, unique)
    foreign = an_event(topic, "a")
    headers = tuple((name, b"peel.other.v1.Thing" if name == "ce_type" else value) for name, value in foreign.headers)

    async def run() -> None:
        async with consuming(settings, topic):
            await publish(settings, [type(foreign)(topic, foreign.key, b"\xff", headers), an_event(topic, "a")])
            assert await until_effects(settings, 1) == {"a": [1]}

    asyncio.run(run())
    assert metric("peel_consumer_events_total", topic=topic, outcome="skipped") == 1


@pytest.mark.parametrize(("fault", "error"), [("bug", "TypeError"), ("table", "UndefinedTableError:42P01")])
def test_a_fault_of_ours_holds_its_partition_and_says_so(
    settings: Settings, migrated: Migrated, unique: str, fault: str, error: str
) -> None:
    migrated("probe")
    topic, other = make_topic(settings, unique, partitions=1), make_topic(settings, f"{unique}-other", partitions=1)

    async def run() -> None:
        await switch(settings, fault, on=True)
        async with consuming(settings, topic) as running, consuming(settings, other):
            await publish(settings, [an_event(topic, "a"), an_event(topic, "b", fault=fault), an_event(topic, "c")])
            await publish(settings, [an_event(other, "d")])

            async def told() -> bool:
                return error in (running.consumer.wrong() or "")

            async def well() -> bool:
                return running.consumer.wrong() is None

            await until(told)
            # What came before it and what is elsewhere goes on; what is behind it waits; nothing is set aside.
            assert set(await until_effects(settings, 2)) == {"a", "d"}
            assert not await query(settings, "select * from dead_letter")
            await switch(settings, fault, on=False)
            assert set(await until_effects(settings, 4)) == {"a", "b", "c", "d"}
            await until(well)

    asyncio.run(run())


def test_a_second_process_of_the_same_name_ends_the_first(settings: Settings, migrated: Migrated, unique: str) -> None:
    migrated("probe")
    topic = make_topic(settings, unique)

    async def run() -> None:
        async with consuming(settings, topic) as first:
            await publish(settings, stream(topic, subjects=8, each=1))
            await until_effects(settings, 8)
            async with consuming(settings, topic) as second:

                async def taken_over() -> bool:
                    return second.consumer.wrong() is None

                async def ended() -> bool:
                    return first.task.done()

                await until(taken_over)
                await publish(settings, stream(topic, subjects=8, each=5))
                await until(ended)
                await until_effects(settings, 48)

    with pytest.raises(FencedInstanceIdError):
        asyncio.run(run())
    found = asyncio.run(effects(settings))
    assert sorted(map(len, found.values())) == [1] * 8 + [5] * 8
