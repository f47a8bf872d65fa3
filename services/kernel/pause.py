"""Waiting in real time between two tries of something."""

import asyncio


async def pause(seconds: float | None, *events: asyncio.Event) -> None:
    """Returns after so many seconds (None: never by itself), or as soon as one of the events is set."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
