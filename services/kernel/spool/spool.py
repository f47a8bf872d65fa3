"""The spool as a process uses it: never blocks the event loop, and syncs what is added at the same time together."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from services.kernel.clock import SystemClock
from services.kernel.errors import OperatorFault
from services.kernel.spool.folder import Folder
from services.kernel.spool.log import Log
from services.kernel.spool.records import Entry, Record, added
from services.kernel.spool.signs import ADDED, OLDEST_SECONDS, REFUSED, REPLAYED, SET_ASIDE, SIZE, SpoolFailed

MOST_BODY = 64 << 10
_MOST_BYTES = 64 << 20

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Waiting:
    entry: Entry
    kept: "asyncio.Future[Record]" = field(repr=False)


class Spool:
    """A folder of records that wait until the store takes them. What they mean is their owner's: a UUID and bytes.

    In memory as well as on disk: what was added can be replayed although the disk has failed since.
    """

    def __init__(self, folder: Path, *, most_bytes: int = _MOST_BYTES) -> None:
        """Owns the folder and reads what an earlier process left there; for a process's start, because it blocks.

        `most_bytes` bounds the files. Raises OperatorFault where another process owns the folder or it cannot be read.
        A disk that cannot be written to is no reason not to start: see `wrong`.
        """
        self._folder = Folder(folder)
        try:
            self._log = Log(self._folder, most_bytes)
        except OSError as error:
            self._folder.close()
            raise OperatorFault(f"the spool folder {folder} cannot be read: {error.strerror}") from error
        self._pending = {record.place: record for record in self._log.found}
        self._clock = SystemClock()
        self._thread = ThreadPoolExecutor(1, "spool")
        self._queue: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None
        self._closed = False
        self._wrong: str | None = None
        self._oldest: datetime | None = None
        self.grew = asyncio.Event()
        self._changed()
        SIZE.set_function(lambda: self.size)
        OLDEST_SECONDS.set_function(self._oldest_seconds)
        SET_ASIDE.set_function(lambda: self.set_aside)

    @property
    def size(self) -> int:
        """Records that wait to be replayed."""
        return len(self._pending)

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of them was added, by the machine's own clock; None where there is none."""
        return self._oldest

    @property
    def set_aside(self) -> int:
        """Files that wait for a person: records that the store refused, and damaged bytes."""
        return self._folder.aside_count()

    def wrong(self) -> str | None:
        """Why the last record or `check` could not be kept; None where it could, and before the first."""
        return self._wrong

    def pending(self) -> Sequence[Record]:
        """What waits now, oldest first, that of an earlier process included."""
        return tuple(self._pending.values())

    async def add(self, record_id: UUID, body: bytes) -> Record:
        """Returns once the record is on the disk to stay.

        Raises SpoolFailed where it is not: SPOOL_UNWRITABLE, SPOOL_FULL, RECORD_TOO_LARGE (over 64 KiB) or
        SPOOL_CLOSED. Who stops waiting does not take back what is being written.
        """
        if len(body) > MOST_BODY:
            raise SpoolFailed("RECORD_TOO_LARGE", rule=f"a record of the local spool has at most {MOST_BODY} bytes")
        if self._closed:
            raise SpoolFailed("SPOOL_CLOSED", rule="this process is ending")
        kept: asyncio.Future[Record] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(added(record_id, body, self._clock.now()), kept))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="spool writer")
        return await kept

    async def replayed(self, records: Iterable[Record]) -> None:
        """Notes that the store has them. A crash before this returns may replay them again.

        No error where the disk refuses the note: that, too, costs a repeated replay after a crash and nothing else.
        """
        places = [record.place for record in records if self._pending.pop(record.place, None) is not None]
        self._changed()
        REPLAYED.inc(len(places))
        await self._in_thread(partial(self._log.mark, places))

    async def put_aside(self, record: Record) -> None:
        """Takes a record that the store refuses out of the way, into a file for a person.

        Raises SpoolFailed where that file cannot be written; the record then waits on.
        """
        if record.place not in self._pending:
            return
        await self._in_thread(partial(self._log.set_aside, record))
        self._pending.pop(record.place, None)
        self._changed()
        REFUSED.inc()

    async def check(self) -> None:
        """Finds out whether a record could be kept now, before one has to be. Raises SpoolFailed where not."""
        try:
            await self._in_thread(self._log.check)
        except SpoolFailed as failure:
            self._wrong = failure.rule
            raise
        self._wrong = None

    async def close(self) -> None:
        """Keeps what is still being added, then lets another process own the folder."""
        self._closed = True
        if self._writer is not None:
            await self._writer
        await self._in_thread(self._log.close)
        self._thread.shutdown(wait=False)

    async def _write(self) -> None:
        """Writes until nothing waits. A batch forms while the last one is synced."""
        try:
            while self._queue:
                batch, self._queue = self._queue, []
                await self._write_batch(batch)
        finally:
            self._writer = None

    async def _write_batch(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = await self._in_thread(partial(self._log.append, [waiting.entry for waiting in batch]))
        except Exception as error:  # noqa: BLE001 - a fault of ours; if nobody told them, they would wait for ever
            for waiting in batch:
                _fail(waiting, error)
            return
        for waiting, outcome in zip(batch, outcomes, strict=True):
            self._settle(waiting, outcome)
        self._changed()

    def _settle(self, waiting: _Waiting, outcome: Record | SpoolFailed) -> None:
        if isinstance(outcome, SpoolFailed):
            self._wrong = outcome.rule
            _fail(waiting, outcome)
            return
        self._wrong = None
        self._pending[outcome.place] = outcome
        ADDED.inc()
        self.grew.set()
        if not waiting.kept.done():
            waiting.kept.set_result(outcome)

    def _changed(self) -> None:
        # A thread of its own reads the metrics, so it must not look into the records while they change.
        self._oldest = next((record.added_at for record in self._pending.values()), None)

    def _oldest_seconds(self) -> float:
        oldest = self._oldest
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.kept.done():
        waiting.kept.set_exception(error)
