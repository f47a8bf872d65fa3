"""Waiting in real time between two tries of something."""

import asyncio


async def pause(seconds: float, event: asyncio.Event) -> None:
    """Returns after so many seconds, or as soon as the event is set."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
