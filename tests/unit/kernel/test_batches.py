"""A stream in batches: in order, none lost, none larger than allowed, and the reader never far ahead."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.batches import in_batches


async def numbers(count: int, then: Exception | None = None) -> AsyncIterator[int]:
    for number in range(count):
        yield number
        if number % 7 == 3:
            await asyncio.sleep(0)
    if then:
        raise then


@given(st.integers(0, 60), st.integers(1, 9), st.integers(0, 3))
def test_every_item_in_order_in_batches_of_at_most_so_many(count: int, most: int, slow: int) -> None:
    async def read() -> list[list[int]]:
        batches = []
        async for batch in in_batches(numbers(count), most):
            batches.append(batch)
            for _ in range(slow):
                await asyncio.sleep(0)
        return batches

    batches = asyncio.run(read())
    assert [number for batch in batches for number in batch] == list(range(count))
    assert all(1 <= len(batch) <= most for batch in batches)


def test_what_arrived_meanwhile_is_the_next_batch_and_who_sends_more_waits() -> None:
    sent: list[int] = []

    async def endless() -> AsyncIterator[int]:
        for number in range(1_000):
            sent.append(number)
            yield number

    async def read() -> None:
        batches = in_batches(endless(), 10)
        assert len(await anext(batches)) == 10
        for _ in range(50):
            await asyncio.sleep(0)
        # Ten were handed over, ten wait, and one is in the reader's hand.
        assert len(sent) == 21
        assert await anext(batches) == list(range(10, 20))
        await batches.aclose()

    asyncio.run(read())


def test_what_breaks_the_stream_is_told_after_what_came_before() -> None:
    async def read() -> list[int]:
        seen: list[int] = []

        async def read_all() -> None:
            async for batch in in_batches(numbers(25, LookupError()), 10):
                seen.extend(batch)

        with pytest.raises(LookupError):
            await read_all()
        return seen

    assert asyncio.run(read()) == list(range(25))


def test_who_stops_reading_ends_the_reader() -> None:
    closed = asyncio.Event()

    async def silent() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def read() -> None:
        batches = in_batches(silent(), 10)
        assert await anext(batches) == [1]
        waiting = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert closed.is_set()

    asyncio.run(read())
