"""Poison is set aside and its neighbours go on; when everything is poison, the consumer stops; a replay mends it."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import asyncpg
import pytest

from peel.intake.v1.events_pb2 import ContactOpened
from services.kernel.dlq import list_letters, replay, show
from services.kernel.errors import NotFound
from services.kernel.kafka import Outgoing, dead_letter_topic, scan
from services.kernel.settings import Settings
from tests.integration.kernel.probing import (
    an_event,
    consuming,
    effects,
    make_topic,
    metric,
    publish,
    query,
    switch,
    until,
    until_effects,
)

Migrated = Callable[[str], None]
SERVICES = ("crime", "intake")


def test_poison_is_set_aside_and_its_neighbours_go_on(settings: Settings, migrated: Migrated, unique: str) -> None:
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)
    poison = an_event(topic, "b", fault="refused")

    async def run() -> None:
        await switch(settings, "refused", on=True)
        async with consuming(settings, topic):
            await publish(settings, [an_event(topic, "a"), poison, an_event(topic, "c"), _without_id(topic, "d")])
            assert await until_effects(settings, 2) == {"a": [1], "c": [1]}
            await until(lambda: _letters(settings, 2))
        rows = await query(settings, "select * from dead_letter order by id")
        assert [(row["offset"], row["reason"]) for row in rows] == [
            (1, "Refused:PROBE_REFUSES"),
            (3, "Malformed:HEADER_MISSING"),
        ]

    asyncio.run(run())
    first, _ = scan(settings, dead_letter_topic(topic))
    notes = dict(first.headers)
    assert (first.key, first.value) == (poison.key, poison.value)
    assert dict(poison.headers).items() <= notes.items()
    assert notes["dlq-reason"] == b"Refused:PROBE_REFUSES"
    assert (notes["dlq-topic"], notes["dlq-partition"], notes["dlq-offset"]) == (topic.encode(), b"0", b"1")
    assert notes["dlq-attempts"] == b"3"


def _without_id(topic: str, subject: str) -> Outgoing:
    whole = an_event(topic, subject)
    return Outgoing(topic, whole.key, whole.value, tuple(h for h in whole.headers if h[0] != "ce_id"))


async def _letters(settings: Settings, number: int) -> bool:
    return len(await query(settings, "select * from dead_letter")) >= number


def test_when_everything_is_refused_the_consumer_stops(settings: Settings, migrated: Migrated, unique: str) -> None:
    migrated("probe")
    topic = make_topic(settings, unique, partitions=2)

    async def held() -> None:
        async with consuming(settings, topic) as running:

            async def told() -> bool:
                return "DeadLetterLimit:DEAD_LETTER_STREAK" in (running.consumer.wrong() or "")

            await until(told)

    async def run() -> None:
        await switch(settings, "refused", on=True)
        await publish(settings, [an_event(topic, str(uuid4()), fault="refused") for _ in range(40)])
        await held()
        # A restart does not renew the limit: it is counted in the database.
        await held()
        assert len(await query(settings, "select * from dead_letter")) == settings.dead_letter_streak
        # Mended, the rest has its effect, and only what was set aside is missing.
        await switch(settings, "refused", on=False)
        async with consuming(settings, topic):
            await until_effects(settings, 40 - settings.dead_letter_streak)

    asyncio.run(run())
    assert len(list(scan(settings, dead_letter_topic(topic)))) == settings.dead_letter_streak


def test_too_many_dead_letters_within_ten_minutes_stop_the_consumer(
    settings: Settings, migrated: Migrated, unique: str
) -> None:
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)
    few = settings.model_copy(update={"dead_letter_window": 2, "poison_attempts": 1})
    events = [an_event(topic, str(uuid4()), fault=fault) for fault in ("", "refused") * 3]

    async def run() -> None:
        await switch(settings, "refused", on=True)
        async with consuming(few, topic) as running:

            async def told() -> bool:
                return "DEAD_LETTER_WINDOW" in (running.consumer.wrong() or "")

            await publish(settings, events)
            await until(told)
        assert len(await query(settings, "select * from dead_letter")) == 2
        assert len(await effects(settings)) == 3

    asyncio.run(run())


def test_a_replay_has_its_effect_once(settings: Settings, migrated: Migrated, unique: str) -> None:  # I5
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)

    async def run() -> None:
        await switch(settings, "refused", on=True)
        async with consuming(settings, topic):
            await publish(settings, [an_event(topic, "a", fault="refused"), an_event(topic, "b")])
            await until(lambda: _letters(settings, 1))
            await switch(settings, "refused", on=False)
            connection = await asyncpg.connect(settings.database_of("probe"))
            (letter,) = await list_letters(connection)
            for _ in range(3):
                await replay(settings, connection, letter.id)
            assert await list_letters(connection) == []
            (replayed,) = await list_letters(connection, replayed=True)
            assert replayed.replayed_at is not None
            await connection.close()

            async def absorbed() -> bool:
                return metric("peel_consumer_events_total", topic=topic, outcome="duplicate") == 2

            await until(absorbed)
        assert await effects(settings) == {"b": [1], "a": [1]}

    asyncio.run(run())


def test_show_leaves_out_what_is_personal(settings: Settings, migrated: Migrated, unique: str) -> None:  # I7
    migrated("probe")
    topic = make_topic(settings, unique, partitions=1)
    opened = ContactOpened()
    opened.contact.contact_id = str(uuid4())
    opened.contact.force = "north-force"
    # Synthetic.
    opened.contact.narrative = "seen by Mary Example of Nowhere Street"
    shell = an_event(dead_letter_topic(topic), opened.contact.contact_id)
    replaced = {"ce_type": b"peel.intake.v1.ContactOpened"}
    headers = tuple((name, replaced.get(name, value)) for name, value in shell.headers)
    notes = (("dlq-topic", topic.encode()), ("dlq-partition", b"0"), ("dlq-offset", b"7"), ("x-foreign", b"Mary"))

    async def run() -> None:
        await publish(settings, [Outgoing(shell.topic, shell.key, opened.SerializeToString(), (*headers, *notes))])
        connection = await asyncpg.connect(settings.database_of("probe"))
        letter_id = await connection.fetchval(
            'insert into dead_letter (consumer, topic, partition, "offset", reason) '
            "values ('probe', $1, 0, 7, 'Refused:X') returning id",
            topic,
        )
        contents = await show(settings, connection, letter_id, SERVICES)
        assert contents.message is not None
        assert contents.message["contact"]["contact_id"] == opened.contact.contact_id
        assert "Contact.narrative" in contents.removed
        assert "Mary" not in repr(contents)
        assert contents.headers["x-foreign"] == "(4 bytes)"
        with pytest.raises(NotFound):
            await show(settings, connection, letter_id + 1, SERVICES)
        await connection.close()

    asyncio.run(run())
