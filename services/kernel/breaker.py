"""Tries the store within a budget, and knows for a while that it is away: nobody waits for it who has something else.

For calls that have another way, as an emergency has the local spool (I4). Belongs to one event loop.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from services.kernel.database import TRANSIENT
from services.kernel.errors import Busy, Unavailable
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter, gauge

_LOG = logger(__name__)
# A store that takes no more is as good as none. Every other error is an answer.
_AWAY: tuple[type[BaseException], ...] = (*TRANSIENT, Unavailable, Busy)

Answer = TypeVar("Answer")

OPEN = gauge(
    "peel_breaker_open",
    "1 while calls fall back at once because the store did not answer, by the breaker's name.",
    labels=("breaker",),
    action="1: the store is away or too slow. It is tried again about twice a second while there are calls.",
)
OPENINGS = counter(
    "peel_breaker_openings",
    "Times that a store stopped to answer within its budget, by the breaker's name.",
    labels=("breaker",),
    action="Many in an hour: the store is too slow rather than down. Look at its disk and its longest statements.",
)


class Away(Unavailable):
    """The store does not answer in time, or did not just now: take the other way."""

    def __init__(self) -> None:
        super().__init__("STORE_AWAY", rule="the store does not answer within its budget")


class Breaker:
    """Closed: every call has its budget. Open: calls fall back at once, but for one at a time that probes the store.

    Any answer closes it, a late one too. Probes are `probe_seconds` apart, give or take a fifth.
    """

    def __init__(self, name: str, *, budget_seconds: float = 0.15, probe_seconds: float = 0.5) -> None:
        self._name, self._budget, self._pause = name, budget_seconds, probe_seconds
        self._open = self._probing = False
        self._probe_at = 0.0
        self._late: set[asyncio.Task[Any]] = set()
        OPEN.labels(name).set(0)

    @property
    def open(self) -> bool:
        """Whether the store was away when it was last asked."""
        return self._open

    async def call(
        self, attempt: Callable[[], Coroutine[Any, Any, Answer]], *, late: Callable[[Answer], None] | None = None
    ) -> Answer:
        """What the attempt returns, if it does within the budget.

        An attempt that outlives it is cancelled. With `late` it goes on by itself, also when the caller is cancelled,
        and `late` is told what it returns. Raises Away where the budget is spent, and instead of TRANSIENT, Unavailable
        and Busy; other errors of the attempt are the store's answer and the caller's.
        """
        probe = self._open
        if probe and not self._probe_due():
            raise Away
        self._probing |= probe
        try:
            answer = await self._within_budget(attempt, late)
        except _AWAY as error:
            self._fell_silent(error)
            raise Away from error
        except Exception:
            self.answered()
            raise
        finally:
            if probe:
                self._probing = False
        self.answered()
        return answer

    def _probe_due(self) -> bool:
        return not self._probing and asyncio.get_running_loop().time() >= self._probe_at

    async def _within_budget(
        self, attempt: Callable[[], Coroutine[Any, Any, Answer]], late: Callable[[Answer], None] | None
    ) -> Answer:
        if late is None:
            async with asyncio.timeout(self._budget):
                return await attempt()
        task = asyncio.create_task(attempt(), name=f"{self._name} attempt")
        try:
            await asyncio.wait({task}, timeout=self._budget)
        finally:
            if not task.done():
                self._late.add(task)
                task.add_done_callback(partial(self._ended_late, late))
        if not task.done():
            raise TimeoutError
        return task.result()

    def _ended_late(self, late: Callable[[Answer], None], task: "asyncio.Task[Answer]") -> None:
        self._late.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.answered()
            late(task.result())
        elif not isinstance(error, _AWAY):
            self.answered()
            _LOG.error("late attempt fails", breaker=self._name, exc_info=error)

    def _fell_silent(self, error: BaseException) -> None:
        self._probe_at = asyncio.get_running_loop().time() + self._pause * random.uniform(0.8, 1.2)
        if not self._open:
            self._open = True
            OPEN.labels(self._name).set(1)
            OPENINGS.labels(self._name).inc()
            _LOG.warning("store is away", breaker=self._name, error=type(error).__name__)

    def answered(self) -> None:
        """The store was heard, here or by whoever asks it without a budget: it is there."""
        if self._open:
            self._open = False
            OPEN.labels(self._name).set(0)
            _LOG.info("store is back", breaker=self._name)
