"""Waiting for an answer that comes about a moment later, with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tests.integration.local.waiting import eventually

Answer = TypeVar("Answer")
_POLL_SECONDS = 0.01


def found(ask: Callable[[], Sequence[Answer]], seconds: float = 20.0) -> Answer:
    """The first of what `ask` finds, once it finds something."""
    answers: list[Answer] = []

    def asked() -> bool:
        answers[:] = ask()
        return bool(answers)

    eventually(asked, seconds)
    return answers[0]


async def until(ask: Callable[[], Awaitable[Answer]], such: Callable[[Answer], bool], seconds: float = 10.0) -> Answer:
    """The first answer that is such."""
    deadline = time.monotonic() + seconds
    while not such(answer := await ask()):
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        await asyncio.sleep(_POLL_SECONDS)
    return answer
