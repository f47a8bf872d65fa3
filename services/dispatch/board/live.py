"""The board as it changes: each change is read once a process, and handed to all consoles and terminals that watch.

Who watches says first that they do, and then reads what the state is: so nothing is missed in between, and what they
hear of and have already seen is told by its number.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import asyncpg

from peel.dispatch.v1 import types_pb2 as types
from services.dispatch.changes import store as change_store
from services.kernel.caller import service_itself
from services.kernel.database import TRANSIENT
from services.kernel.listener import Listener
from services.kernel.live import Hub, Subscription
from services.kernel.pause import pause
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.transaction import UnitOfWork

_LOG = logger(__name__)
# Whoever has not taken so many is sent everything anew. Far above what is read at a time, which comes in one go.
_MOST_WAITING = 1_000
_MOST_AT_ONCE = 200
_RETRY_SECONDS = 0.5

# The board of a force, or what concerns one unit.
Key: TypeAlias = str | UUID


@dataclass(frozen=True, slots=True)
class Change:
    """A change with its number in the force."""

    sequence: int
    unit_id: UUID | None
    body: types.BoardChange


class BoardFeed:
    """Reads the changes of those forces that somebody in this process watches."""

    def __init__(self, settings: Settings, work: UnitOfWork) -> None:
        self._work = work
        self._hub: Hub[Key, Change] = Hub("board", _MOST_WAITING)
        self._listener = Listener(settings, "dispatch", {"board": self._heard}, self._missed)
        self._followers: Counter[str] = Counter()
        # The last change that was read, by force.
        self._reached: dict[str, int] = {}
        self._beginning = asyncio.Lock()
        self._unread: set[str] = set()
        self._woken = asyncio.Event()

    @asynccontextmanager
    async def follow(self, force: str, key: Key) -> AsyncIterator[Subscription[Change]]:
        """The changes of a force, or of a unit of it, from now until the block ends."""
        with self._hub.subscribe(key) as subscription:
            self._followers[force] += 1
            try:
                await self._begin(force)
                yield subscription
            finally:
                self._followers[force] -= 1
                if not self._followers[force]:
                    del self._followers[force]
                    self._reached.pop(force, None)

    async def _begin(self, force: str) -> None:
        async with self._beginning:
            if force not in self._reached:
                async with self._work.begin(service_itself("dispatch", force)) as tx:
                    self._reached[force] = await change_store.last_sequence(tx, force)

    async def listen(self, stop: asyncio.Event) -> None:
        """Hears of changes until `stop` is set."""
        await self._listener.run(stop)

    async def read(self, stop: asyncio.Event) -> None:
        """Reads and hands on what was heard of, until `stop` is set."""
        stopping = asyncio.create_task(self._wake_when(stop))
        try:
            while not stop.is_set():
                await self._woken.wait()
                self._woken.clear()
                await self._read_unread(stop)
        finally:
            stopping.cancel()

    async def _wake_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()

    def _heard(self, force: str) -> None:
        if force in self._followers:
            self._unread.add(force)
            self._woken.set()

    def _missed(self) -> None:
        self._unread.update(self._followers)
        self._woken.set()

    async def _read_unread(self, stop: asyncio.Event) -> None:
        while self._unread and not stop.is_set():
            force = self._unread.pop()
            try:
                if await self._hand_on(force):
                    self._unread.add(force)
            except (*TRANSIENT, asyncpg.PostgresError) as error:
                _LOG.warning("board not read", error=type(error).__name__)
                self._unread.add(force)
                await pause(_RETRY_SECONDS, stop)

    async def _hand_on(self, force: str) -> bool:
        """Reads some changes and publishes them. Whether there may be more."""
        reached = self._reached.get(force)
        if reached is None:
            return False
        async with self._work.begin(service_itself("dispatch", force)) as tx:
            found = await change_store.changes(tx, force, reached, _MOST_AT_ONCE)
        if found and force in self._reached:
            self._reached[force] = found[-1].sequence
        for row in found:
            change = change_from(row)
            self._hub.publish(force, change)
            if change.unit_id is not None:
                self._hub.publish(change.unit_id, change)
        return len(found) == _MOST_AT_ONCE


def change_from(row: change_store.ChangeRow) -> Change:
    """A change as it was stored, with its number."""
    body = types.BoardChange.FromString(row.body)
    body.sequence = row.sequence
    return Change(row.sequence, row.unit_id, body)
