"""This replica's own disk: where signals wait while the database is away, and from where they go to it, once each."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
from google.protobuf.message import DecodeError

from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.errors import Busy, OperatorFault, Unavailable
from services.kernel.health import Health
from services.kernel.pause import pause
from services.kernel.spool import Record, Spool, SpoolFailed, drain
from services.kernel.telemetry.logs import logger
from services.safety.emergency.board import Board
from services.safety.emergency.domain.signals import Durability
from services.safety.emergency.held import Held
from services.safety.emergency.held_messages import held_from, held_message

_LOG = logger(__name__)
_LOOK_SECONDS = 5.0
# What a press waits for a disk that hangs, as one does that is attached by a network. While it does, no other waits.
_ANSWER_SECONDS = 1.0
_SILENT = "the local disk does not answer"
# The database refuses it for good, or it is not what we wrote: a person has to look at it.
POISON = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.RaiseError, DecodeError, ValueError)

Take = Callable[[Held], Awaitable[None]]


class Disk:
    """Without a folder that can be used nothing is kept, and the process says so; it serves all the same."""

    def __init__(self, folder: Path | None, board: Board, health: Health, take: Take) -> None:
        """`take` gives a signal to the database. Blocks for as long as the disk is read: for a process's start."""
        self._folder, self._board, self._health, self._take = folder, board, health, take
        self._spool: Spool | None = None
        self._ids: set[UUID] = set()
        # What the disk is at, and whether any of it takes too long.
        self._adding: dict[UUID, asyncio.Task[Record]] = {}
        self._overdue: set[UUID] = set()
        self._open()

    def holds(self, signal_id: UUID) -> bool:
        """Whether a signal waits here for the database."""
        return signal_id in self._ids

    def level(self) -> tuple[int, datetime | None, int] | None:
        """How many signals wait, since when the oldest of them does, and how many files wait for a person; None where
        the folder cannot be looked into."""
        spool = self._spool
        return (spool.size, spool.oldest, spool.set_aside) if spool is not None else None

    async def keep(self, held: Held) -> bool:
        """Whether a signal is on the disk to stay, as far as that is known in time. Should it be so later, the board
        hears of it then."""
        if self._spool is None:
            return False
        adding = self._adding.get(held.signal.id) or self._add(self._spool, held)
        if not self._overdue:
            await asyncio.wait({adding}, timeout=_ANSWER_SECONDS)
        if not adding.done():
            self._is_late(held.signal.id)
            return False
        # Failures of the disk are reported by the spool itself.
        return adding.exception() is None

    def _add(self, spool: Spool, held: Held) -> asyncio.Task[Record]:
        body = held_message(held).SerializeToString()
        adding = self._adding[held.signal.id] = asyncio.create_task(spool.add(held.signal.id, body), name="to the disk")
        adding.add_done_callback(partial(self._added, held))
        return adding

    def _added(self, held: Held, adding: asyncio.Task[Record]) -> None:
        """Whoever asked may have gone on without."""
        signal_id = held.signal.id
        self._adding.pop(signal_id, None)
        late = signal_id in self._overdue
        self._overdue.discard(signal_id)
        if adding.cancelled():
            return
        if (error := adding.exception()) is not None:
            if not isinstance(error, SpoolFailed):
                _LOG.error("a fault keeps an emergency from the local disk", exc_info=error)
            return
        known = self._board.held(signal_id)
        if known is not None and known.durability is Durability.COMMITTED:
            return
        self._ids.add(signal_id)
        if late:
            self._board.settle(held, Durability.LOCAL)

    def _is_late(self, signal_id: UUID) -> None:
        if not self._overdue:
            self._health.degrade("spool", _SILENT)
            _LOG.error("the local disk does not answer: emergencies are not durable while the database is away")
        self._overdue.add(signal_id)

    async def run(self, back: asyncio.Event, stop: asyncio.Event) -> None:
        """Replays until `stop` is set; `back` says that the database is there. Opens the folder once that works."""
        while self._spool is None and not stop.is_set():
            await pause(_LOOK_SECONDS, stop)
            self._open()
        if self._spool is None:
            return
        looking = asyncio.create_task(self._look(self._spool, stop))
        try:
            await drain(self._spool, self._replay, POISON, back=back, stop=stop)
        finally:
            looking.cancel()
            await self._spool.close()

    def _open(self) -> None:
        """Takes the folder, and shows what an earlier process left there."""
        if self._folder is None:
            self._health.degrade("spool", "PEEL_SPOOL is not set: while Postgres is away no emergency is durable")
            return
        try:
            self._spool = Spool(self._folder)
        except OperatorFault as fault:
            self._health.degrade("spool", f"{fault}: while Postgres is away no emergency is durable")
            _LOG.error("no spool", reason=str(fault))
            return
        self._health.degrade("spool", None)
        for record in self._spool.pending():
            self._ids.add(record.id)
            try:
                self._board.add(replace(_held(record), durability=Durability.LOCAL))
            except (DecodeError, ValueError) as error:
                _LOG.error("record of the spool is no signal", error=type(error).__name__)

    async def _look(self, spool: Spool, stop: asyncio.Event) -> None:
        """Finds out that the disk takes nothing, or does not answer, before a press does."""
        checking: asyncio.Task[None] | None = None
        while not stop.is_set():
            # One that hangs is not asked again before it has answered.
            checking = checking or asyncio.create_task(spool.check(), name="look at the disk")
            await asyncio.wait({checking}, timeout=_ANSWER_SECONDS)
            if checking.done():
                self._health.degrade("spool", _failure(checking.exception()))
                checking = None
            else:
                self._health.degrade("spool", _SILENT)
            await pause(_LOOK_SECONDS, stop)

    async def _replay(self, record: Record) -> None:
        held = _held(record)
        try:
            await self._take(held)
        except (Busy, Unavailable) as error:
            raise ConnectionError(error.reason) from error
        self._ids.discard(record.id)
        self._board.settle(held, Durability.COMMITTED)


def _failure(error: BaseException | None) -> str | None:
    """Why the disk takes nothing; None where it does. Raises what is not the disk's doing."""
    if error is None or isinstance(error, SpoolFailed):
        return error.rule if error else None
    raise error


def _held(record: Record) -> Held:
    return held_from(types.HeldSignal.FromString(record.body))
