"""What a console or a terminal is sent: everything that is open, then every change, for as long as it stays."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from enum import Enum
from typing import Final, Literal, Protocol, TypeAlias, TypeVar
from uuid import UUID

from peel.dispatch.v1 import types_pb2 as types
from services.dispatch.board.live import BoardFeed, Change, Key, change_from
from services.dispatch.changes import store as change_store
from services.kernel.caller import Caller
from services.kernel.live import Resync, Subscription
from services.kernel.transaction import Transaction, UnitOfWork

Reply = TypeVar("Reply")
Told_co = TypeVar("Told_co", covariant=True)
# More than these, and the whole state is less to send.
_MOST_RESUMED = 1_000


class Beat(Enum):
    """Stands for a while in which nothing happened."""

    BEAT = "beat"


BEAT: Final = Beat.BEAT
Heard: TypeAlias = Change | Resync | Literal[Beat.BEAT]


class View(Protocol[Told_co]):
    """What one watcher may see, and how it is told."""

    @property
    def force(self) -> str:
        """Whose changes are followed."""

    @property
    def key(self) -> Key:
        """Which of them."""

    @property
    def unit_id(self) -> UUID | None:
        """The unit whose changes alone are seen; None for all."""

    @property
    def heartbeat_seconds(self) -> float:
        """How long nothing may happen before the watcher is told so."""

    async def admit(self, tx: Transaction) -> None:
        """Raises PeelError where the watcher may not see it."""

    async def present(self, tx: Transaction) -> tuple[int, Sequence[types.BoardChange]]:
        """The number of the last change, and all that is open after it. Raises as `admit` does."""

    def sees(self, change: types.BoardChange) -> bool:
        """Whether the watcher may see it."""

    def tell(self, change: types.BoardChange) -> Told_co:
        """A change, or a part of what is open. Raises PeelError for what the watcher may not see."""

    def begin(self) -> Told_co:
        """Word that what follows is everything."""

    def end(self) -> Told_co:
        """Word that this was everything."""

    def heartbeat(self) -> Told_co:
        """Word that nothing happened and the stream stands."""


async def watch(
    feed: BoardFeed, work: UnitOfWork, caller: Caller, view: View[Reply], after: int
) -> AsyncGenerator[Reply, None]:
    """Everything that the view shows, or only what came `after` that change where that is still kept; then what comes.

    A watcher that reads too slowly is sent everything anew, and slows nobody.
    """
    reached = 0
    async with feed.follow(view.force, view.key) as subscription:
        while True:
            heard = await _next(subscription, view.heartbeat_seconds)
            if isinstance(heard, Change):
                if heard.sequence > reached:
                    reached = heard.sequence
                    yield view.tell(heard.body)
            elif heard is BEAT:
                yield view.heartbeat()
            else:
                reached, replies = await _caught_up(work, caller, view, after)
                after = 0
                for reply in replies:
                    yield reply


async def _caught_up(work: UnitOfWork, caller: Caller, view: View[Reply], after: int) -> tuple[int, Sequence[Reply]]:
    """How far it is, and what the watcher has to be sent to be there."""
    async with work.begin(caller) as tx:
        await change_store.one_moment(tx)
        if after > 0:
            await view.admit(tx)
            last = await change_store.last_sequence(tx, view.force)
            missed = await _missed(tx, view.force, view.unit_id, after, last)
            # What it may not see among them was of another crew: then it begins anew, as this one's.
            if missed is not None and all(view.sees(change) for change in missed):
                return last, [view.tell(change) for change in missed]
        reached, everything = await view.present(tx)
    return reached, [view.begin(), *(view.tell(one) for one in everything), view.end()]


async def _missed(
    tx: Transaction, force: str, unit_id: UUID | None, after: int, last: int
) -> Sequence[types.BoardChange] | None:
    """What came after that change; None where it is not kept any more, never was, or is too much."""
    if after == last:
        return []
    oldest = await change_store.oldest_kept(tx, force)
    if after > last or oldest is None or after < oldest - 1:
        return None
    found = await change_store.changes(tx, force, after, _MOST_RESUMED + 1, unit_id)
    return [change_from(row).body for row in found] if len(found) <= _MOST_RESUMED else None


async def _next(subscription: Subscription[Change], seconds: float) -> Heard:
    """What is heard next; a beat where nothing was for so long."""
    try:
        async with asyncio.timeout(seconds):
            return await anext(subscription)
    except TimeoutError:
        return BEAT
