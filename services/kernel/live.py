"""Fan-out to standing streams: what is published reaches everybody who watches, and nobody waits for the slowest."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final, Generic, Literal, TypeAlias, TypeVar

from services.kernel.telemetry.metrics import counter, gauge

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")

SUBSCRIBERS = gauge(
    "peel_live_subscribers",
    "Streams that watch now, by what they watch.",
    action="A sudden fall: consoles or terminals lost their connection; they must come back by themselves.",
    labels=("hub",),
)
RESYNCS = counter(
    "peel_live_resyncs",
    "Times a stream read too slowly, lost its place and was sent everything anew, by what it watches.",
    action="Steady: a console or its network is too slow. The others are not slowed by it.",
    labels=("hub",),
)


class Resync(Enum):
    """Stands in a subscription for whatever was missed."""

    RESYNC = "resync"


RESYNC: Final = Resync.RESYNC
Change: TypeAlias = Item | Literal[Resync.RESYNC]


class Subscription(Generic[Item]):
    """An endless iterator over what is published, in order. It begins with RESYNC, and has one wherever it fell behind.

    Whoever takes a RESYNC reads the present state afterwards, and so misses nothing; what follows may be in that state
    already and has to be told by its sequence.
    """

    def __init__(self, hub: str, bound: int) -> None:
        self._hub, self._bound = hub, bound
        self._waiting: deque[Item] = deque()
        self._behind = True
        self._filled = asyncio.Event()
        self._filled.set()

    def put(self, item: Item) -> None:
        """Adds an item, or drops all that wait where there are too many. Never waits."""
        if self._behind:
            return
        if len(self._waiting) >= self._bound:
            self._waiting.clear()
            self._behind = True
            RESYNCS.labels(self._hub).inc()
        else:
            self._waiting.append(item)
        self._filled.set()

    def __aiter__(self) -> AsyncIterator[Change[Item]]:
        return self

    async def __anext__(self) -> Change[Item]:
        await self._filled.wait()
        if self._behind:
            self._behind = False
            change: Change[Item] = RESYNC
        else:
            change = self._waiting.popleft()
        if not self._waiting:
            self._filled.clear()
        return change


class Hub(Generic[Key, Item]):
    """Who watches what. Belongs to one event loop."""

    def __init__(self, name: str, bound: int = 256) -> None:
        """`name` stands in the metrics; `bound` is how many items may wait for one subscriber."""
        self._name, self._bound = name, bound
        self._by_key: dict[Key, set[Subscription[Item]]] = {}

    @contextmanager
    def subscribe(self, *keys: Key) -> Iterator[Subscription[Item]]:
        """A subscription to some keys, from now until the block ends."""
        subscription: Subscription[Item] = Subscription(self._name, self._bound)
        for key in keys:
            self._by_key.setdefault(key, set()).add(subscription)
        SUBSCRIBERS.labels(self._name).inc()
        try:
            yield subscription
        finally:
            SUBSCRIBERS.labels(self._name).dec()
            for key in keys:
                self._by_key[key].discard(subscription)
                if not self._by_key[key]:
                    del self._by_key[key]

    def publish(self, key: Key, item: Item) -> None:
        """Hands an item to all who watch the key. Never waits."""
        for subscription in self._by_key.get(key, ()):
            subscription.put(item)
