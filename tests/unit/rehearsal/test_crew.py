"""People have only so many hands, and what goes wrong in one of them is not passed over."""

import asyncio

import pytest

from deploy.rehearsal.crew import Crew


def test_no_more_is_in_hand_than_there_are_hands() -> None:
    in_hand = most = done = 0

    async def work() -> None:
        nonlocal in_hand, most, done
        in_hand += 1
        most = max(most, in_hand)
        await asyncio.sleep(0)
        in_hand -= 1
        done += 1

    async def scenario() -> None:
        async with asyncio.TaskGroup() as group:
            crew = Crew(group, hands=3)
            await crew.finish()
            for _ in range(20):
                await crew.take_on(work)
            await crew.finish()
            assert done == 20

    asyncio.run(scenario())
    assert most == 3


def test_an_error_ends_everything() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    async def scenario() -> None:
        async with asyncio.TaskGroup() as group:
            crew = Crew(group, hands=1)
            await crew.take_on(fail)
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(scenario())
    assert caught.group_contains(LookupError)
