"""Fan-out: in order to everybody, and who reads too slowly starts again from the state and slows nobody."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.live import RESYNC, Hub, Subscription
from services.kernel.telemetry.metrics import REGISTRY

BOUND = 4


def metric(name: str, hub: str) -> float:
    return REGISTRY.get_sample_value(name, {"hub": hub}) or 0.0


async def taken(subscription: Subscription[int], count: int) -> list[object]:
    return [await asyncio.wait_for(anext(subscription), 5) for _ in range(count)]


def test_a_subscription_begins_with_a_resync_and_has_what_was_published_since() -> None:
    hub: Hub[str, int] = Hub("test-begin")
    hub.publish("north", 0)

    async def watch() -> None:
        with hub.subscribe("north") as north, hub.subscribe("north", "south") as both:
            assert await taken(north, 1) == await taken(both, 1) == [RESYNC]
            hub.publish("north", 1)
            hub.publish("south", 2)
            hub.publish("north", 3)
            hub.publish("west", 4)
            assert await taken(north, 2) == [1, 3]
            assert await taken(both, 3) == [1, 2, 3]
            assert metric("peel_live_subscribers", "test-begin") == 2
        assert metric("peel_live_subscribers", "test-begin") == 0
        assert hub._by_key == {}

    asyncio.run(watch())


def test_one_that_waits_is_woken() -> None:
    hub: Hub[str, int] = Hub("test-woken")

    async def watch() -> None:
        with hub.subscribe("north") as subscription:
            await taken(subscription, 1)
            waiting = asyncio.ensure_future(anext(subscription))
            await asyncio.sleep(0)
            hub.publish("north", 7)
            assert await asyncio.wait_for(waiting, 5) == 7

    asyncio.run(watch())


def test_a_slow_one_is_told_to_resync_and_slows_no_other() -> None:
    hub: Hub[str, int] = Hub("test-slow", BOUND)

    async def watch() -> None:
        with hub.subscribe("north") as slow, hub.subscribe("north") as quick:
            await taken(slow, 1)
            await taken(quick, 1)
            for number in range(10 * BOUND):
                hub.publish("north", number)
                assert await taken(quick, 1) == [number]
            assert len(slow._waiting) == 0
            assert await taken(slow, 1) == [RESYNC]
            hub.publish("north", 99)
            assert await taken(slow, 1) == [99]
            assert metric("peel_live_resyncs_total", "test-slow") == 1

    asyncio.run(watch())


@given(st.lists(st.integers(-3, 6), max_size=60))
def test_between_two_resyncs_nothing_is_missing(steps: list[int]) -> None:
    """Steps: publish so many, or take so many. What is taken goes on without a gap, or with a RESYNC in its place."""

    async def watch() -> None:
        hub: Hub[str, int] = Hub("test-gaps", BOUND)
        published = expected = 0
        with hub.subscribe("north") as subscription:
            assert await taken(subscription, 1) == [RESYNC]
            for step in steps:
                for _ in range(step):
                    hub.publish("north", published)
                    published += 1
                    assert len(subscription._waiting) <= BOUND
                for _ in range(min(-step, published - expected)):
                    if expected == published:
                        break
                    (change,) = await taken(subscription, 1)
                    # A resync stands for all that was published until it is taken.
                    assert change in (RESYNC, expected)
                    expected = published if change is RESYNC else expected + 1

    asyncio.run(watch())
