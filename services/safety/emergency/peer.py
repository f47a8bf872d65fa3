"""Tells one other replica at once what this one took, so that neither a dead database nor a dead replica hides it.

What waits to be told are names of signals: what is sent is what is known of them by then. Nobody waits for a peer. One
that was away, or was started anew, is told everything that is open or was lately.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import grpc

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1.emergency_api_pb2_grpc import PeerServiceStub
from services.kernel.ids import new_id
from services.kernel.pause import pause
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter, gauge, histogram
from services.kernel.tls import client_channel
from services.safety.emergency.board import Board
from services.safety.emergency.held import Held
from services.safety.emergency.held_messages import held_message

if TYPE_CHECKING:
    from peel.safety.v1.emergency_api_pb2_grpc import PeerServiceAsyncStub

_LOG = logger(__name__)
_MOST_TOGETHER = 500
# More marks than this, and telling everything is the shorter way.
_MOST_MARKS = 5_000
_ANSWER_SECONDS = 1.0
# A peer that was started anew knows nothing of what is not in the database; it is asked who it is this often.
_ASK_SECONDS = 1.0
_RETRY_SECONDS = (0.05, 1.0)
_LATELY_SECONDS = 3600.0

REACHED = gauge(
    "peel_emergency_peer_reached",
    "1 while another replica of the emergency path answers this one, by its address.",
    action="0 while that replica runs: the network between them. What one takes, the other then hears of by Postgres "
    "alone.",
    labels=("peer",),
)
TOLD = counter(
    "peel_emergency_peer_signals",
    "Signals told to another replica, by its address.",
    action="None by itself. Flat while presses come: see peel_emergency_peer_reached.",
    labels=("peer",),
)
SECONDS = histogram(
    "peel_emergency_peer_seconds",
    "How long another replica took to hear of signals.",
    action="Near 1 s: that replica or its network is overloaded, and shows presses late while Postgres is away.",
)


class Peer:
    """One of them: what it has yet to be told, and the talk with it."""

    def __init__(self, address: str, name: str, settings: Settings, board: Board, own: str) -> None:
        """`name` is what its certificate has to bear, `own` what this replica is called."""
        self._address, self.name, self._settings, self._board, self._own = address, name, settings, board, own
        self._marks: dict[UUID, None] = {}
        self._everything = True
        self._replica = ""
        # To begin with it counts as there, so that one which is not is said.
        self._answers = True
        self._token: tuple[tuple[str, str], ...] = ()
        self._woken = asyncio.Event()

    def mark(self, signal_id: UUID) -> None:
        """It has to be told of this signal."""
        self._marks[signal_id] = None
        if len(self._marks) > _MOST_MARKS:
            self._marks.clear()
            self._everything = True
        self._woken.set()

    def left(self) -> None:
        """It is no peer any more."""
        with suppress(KeyError):
            REACHED.remove(self._address)

    async def run(self, stop: asyncio.Event) -> None:
        """Talks until `stop` is set, beginning anew whenever it breaks off."""
        shortest, longest = _RETRY_SECONDS
        delay = shortest
        while not stop.is_set():
            try:
                self._token = await asyncio.to_thread(self._read_token)
                async with client_channel(self._address, self._settings.tls_ca, name=self.name) as channel:
                    await self._ask(PeerServiceStub(channel), ())
                    delay = shortest
                    self._reached()
                    await self._talk(PeerServiceStub(channel), stop)
            except Exception as error:  # noqa: BLE001 - whatever it is, the talk begins anew, and everything is told
                self._everything = True
                self._lost(error)
                await pause(delay * random.uniform(0.8, 1.2), stop)
                delay = min(longest, delay * 2)

    def _reached(self) -> None:
        REACHED.labels(self._address).set(1)
        self._answers = True
        _LOG.info("a peer answers", peer=self._address)

    def _lost(self, error: Exception) -> None:
        """Says so once, however often it is tried again."""
        REACHED.labels(self._address).set(0)
        if self._answers:
            self._answers = False
            known = isinstance(error, grpc.aio.AioRpcError | OSError)
            code = error.code().name if isinstance(error, grpc.aio.AioRpcError) else type(error).__name__
            _LOG.warning("a peer does not answer", peer=self._address, error=code, exc_info=None if known else error)

    async def _talk(self, stub: "PeerServiceAsyncStub", stop: asyncio.Event) -> None:
        """Tells it what is new as soon as it is, and asks now and then who it is."""
        while not stop.is_set():
            if self._replica == self._own:
                await stop.wait()
                return
            told = False
            for some in self._due():
                await self._ask(stub, some)
                told = True
            if not told:
                await self._ask(stub, ())
            if not self._everything:
                await pause(_ASK_SECONDS, self._woken, stop)

    async def _ask(self, stub: "PeerServiceAsyncStub", some: Sequence[Held]) -> None:
        """Tells it some signals, and hears who it is. A peer that was started anew is told everything."""
        request = api.PushSignalsRequest(request_id=str(new_id()), signals=[held_message(one) for one in some])
        with SECONDS.time():
            reply = await stub.PushSignals(request, timeout=_ANSWER_SECONDS, metadata=self._token)
        TOLD.labels(self._address).inc(len(some))
        if reply.replica != self._replica:
            self._replica, self._everything = reply.replica, True

    def _due(self) -> Iterator[list[Held]]:
        """What it has to be told now, in messages of a size that it takes."""
        self._woken.clear()
        marks, self._marks = self._marks, {}
        if self._everything:
            self._everything = False
            held = list(self._board.lately(_LATELY_SECONDS))
        else:
            held = [one for signal_id in marks if (one := self._board.held(signal_id))]
        for at in range(0, len(held), _MOST_TOGETHER):
            yield held[at : at + _MOST_TOGETHER]

    def _read_token(self) -> tuple[tuple[str, str], ...]:
        """Anew for each talk: it changes before it expires."""
        file: Path | None = self._settings.peer_token_file
        return (("authorization", f"Bearer {file.read_text().strip()}"),) if file is not None else ()
