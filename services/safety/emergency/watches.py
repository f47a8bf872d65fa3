"""Who has a stream open, and what each of them has not been sent yet.

Nobody waits for anybody: a change marks its emergency in every stream that it concerns, and each stream reads what has
become of it when its caller takes the next message. So a slow console gets the newest state and never an old one, its
marks are bounded, and it slows nobody.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from services.kernel.live import RESYNCS, SUBSCRIBERS
from services.safety.emergency.board import Change
from services.safety.emergency.domain.folding import Emergency

# More marks than this, and a whole snapshot is the shorter way.
MOST_MARKS = 500
HEARTBEAT_SECONDS = 5.0
_AT_ONCE = 8
# What hurries nobody is told together.
_TOGETHER_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Marks:
    """What a stream has to send next: emergencies and sites, or everything."""

    emergencies: tuple[UUID, ...] = ()
    sites: tuple[str, ...] = ()
    everything: bool = False


class Watch:
    """One stream, and what is new for it."""

    def __init__(
        self,
        kind: str,
        force: str,
        concerns: Callable[[Emergency], bool],
        hurries: Callable[[Change], bool] = lambda _: True,
        most: int = MOST_MARKS,
    ) -> None:
        """`kind` is what it watches, for the metrics; `hurries` says of which changes it is told at once."""
        self.kind, self.force, self._most = kind, force, most
        self._concerns, self._hurries = concerns, hurries
        self._emergencies: dict[UUID, None] = {}
        self._sites: dict[str, None] = {}
        self._everything = False
        self._woken = asyncio.Event()
        self._hurry: asyncio.TimerHandle | None = None

    def changed(self, change: Change) -> bool:
        """Something about an emergency is new; returns whether that is a reason to wake up now."""
        if not self._concerns(change.emergency):
            return False
        self._mark(change.emergency.id)
        if self._hurries(change):
            return True
        if self._hurry is None:
            self._hurry = asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, self.wake)
        return False

    def wake(self) -> None:
        """It reads what is new as soon as its turn comes."""
        self._woken.set()

    def mark(self, emergency_ids: Iterable[UUID]) -> None:
        """These have to be sent."""
        for emergency_id in emergency_ids:
            self._mark(emergency_id)
        self._woken.set()

    def mark_site(self, site: str) -> None:
        """Something about the path of a site is new."""
        self._sites[site] = None
        self._woken.set()

    def mark_everything(self) -> None:
        """All of it has to be sent: to begin with, or because it was too slow."""
        self._everything = True
        self._emergencies.clear()
        self._woken.set()

    async def wait(self, seconds: float) -> Marks | None:
        """What is new, as soon as something is; None after so many seconds of nothing."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            if not (self._emergencies or self._sites):
                return None
        self.close()
        self._woken.clear()
        marks = Marks(tuple(self._emergencies), tuple(self._sites), self._everything)
        self._emergencies, self._sites, self._everything = {}, {}, False
        return marks

    def close(self) -> None:
        """Nothing waits to be hurried any more."""
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None

    def _mark(self, emergency_id: UUID) -> None:
        if self._everything:
            return
        self._emergencies[emergency_id] = None
        if len(self._emergencies) > self._most:
            RESYNCS.labels(self.kind).inc()
            self.mark_everything()


class Watches:
    """All streams of a kind that are open in this process."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._asleep: deque[Watch] = deque()

    @contextmanager
    def open(self, watch: Watch) -> Iterator[Watch]:
        """As long as its caller stays. What changes from now on is marked."""
        self._watches.add(watch)
        SUBSCRIBERS.labels(watch.kind).inc()
        try:
            yield watch
        finally:
            SUBSCRIBERS.labels(watch.kind).dec()
            self._watches.discard(watch)
            watch.close()

    def changed(self, change: Change) -> None:
        """A listener of the board."""
        waking = bool(self._asleep)
        self._asleep.extend(watch for watch in self._watches if watch.changed(change))
        if self._asleep and not waking:
            self._wake_some()

    def _wake_some(self) -> None:
        """A few at a time, and then whoever else has something to do: the answer to a press does not wait for all."""
        for _ in range(min(_AT_ONCE, len(self._asleep))):
            self._asleep.popleft().wake()
        if self._asleep:
            asyncio.get_running_loop().call_soon(self._wake_some)

    def site_changed(self, force: str, site: str) -> None:
        """The path of a site is unproven, or proven again."""
        for watch in self._watches:
            if watch.force == force:
                watch.mark_site(site)
