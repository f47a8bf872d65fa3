"""Waiting for something to become so, with a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")
_POLL_SECONDS = 0.1


async def until(look: Callable[[], Awaitable[Found]], seconds: float) -> Found:
    """The first answer that is true; the last one, whatever it is, once the time is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        if (found := await look()) or loop.time() > deadline:
            return found
        await asyncio.sleep(_POLL_SECONDS)
