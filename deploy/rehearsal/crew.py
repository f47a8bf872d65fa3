"""A number of people who work at the same time: whoever has free hands takes the next piece of work."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

P = ParamSpec("P")


class Crew:
    """At most `hands` pieces of work at once. An error in one ends the task group, and with it everything."""

    def __init__(self, group: asyncio.TaskGroup, hands: int) -> None:
        self._group = group
        self._free = asyncio.Semaphore(hands)
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def take_on(self, work: Callable[P, Coroutine[Any, Any, None]], *args: P.args, **kwargs: P.kwargs) -> None:
        """Begins a piece of work as soon as somebody is free."""
        await self._free.acquire()
        self._in_hand += 1
        self._idle.clear()
        self._group.create_task(self._do(work(*args, **kwargs)))

    async def finish(self) -> None:
        """Returns once nothing is in hand."""
        await self._idle.wait()

    async def _do(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self._free.release()
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()
