"""Goes on trying with what is not safe yet: signals that neither the database nor the disk took, and those of a replica
that has them on its disk and has not been heard of since. The database takes each once, whoever gives it."""

import asyncio
import time

from services.kernel.database import TRANSIENT
from services.kernel.errors import Busy, Unavailable
from services.kernel.pause import pause
from services.kernel.telemetry.logs import logger
from services.safety.emergency.board import Board
from services.safety.emergency.disk import Disk
from services.safety.emergency.domain.signals import Durability
from services.safety.emergency.held import Held
from services.safety.emergency.road import Store

_LOG = logger(__name__)
_LOOK_SECONDS = 1.0
_STORE_SECONDS = 5.0
# Whoever took it is at it now.
_UNSETTLED_SECONDS = 2.0
# Whoever has it on their disk gives it to the database as soon as it is back; should they not, this replica does.
_LOCAL_ELSEWHERE_SECONDS = 10.0


class Again:
    """A part of the process."""

    def __init__(self, board: Board, store: Store, disk: Disk) -> None:
        self._board, self._store, self._disk = board, store, disk

    async def run(self, stop: asyncio.Event) -> None:
        """Tries until `stop` is set."""
        while not stop.is_set():
            await pause(_LOOK_SECONDS, stop)
            await self.round()

    async def round(self) -> None:
        """One try with each that is due. Where one is taken by nobody, the others would not be either."""
        for held, since in self._board.unsafe():
            if self._is_due(held, time.monotonic() - since) and not await self._settle(held):
                return

    def _is_due(self, held: Held, seconds: float) -> bool:
        if held.origin is None or self._disk.holds(held.signal.id):
            return False
        local = held.durability is Durability.LOCAL
        return seconds > (_LOCAL_ELSEWHERE_SECONDS if local else _UNSETTLED_SECONDS)

    async def _settle(self, held: Held) -> bool:
        """Whether there is any use in trying the next."""
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                await self._store.take(held)
        except Exception as error:  # noqa: BLE001 - whatever the database says, the disk may take it
            if await self._disk.keep(held):
                self._board.settle(held, Durability.LOCAL)
                return True
            away = isinstance(error, (Busy, Unavailable, *TRANSIENT))
            if not away:
                _LOG.error("a signal is in nobody's keeping", exc_info=error)
            return not away
        self._board.settle(held, Durability.COMMITTED)
        return True
