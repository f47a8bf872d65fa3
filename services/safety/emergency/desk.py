"""What a use case of the emergency path is handed: what this replica knows, the time, and the one way to say that
something happened. There is no transaction: a press waits for no database."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message

from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.caller import Call, current_call
from services.kernel.clock import Clock
from services.kernel.errors import NotFound
from services.kernel.late_audit import LateAudit
from services.safety.emergency.board import Board
from services.safety.emergency.carriers import Carriers
from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.signals import Durability, Signal
from services.safety.emergency.held import Held
from services.safety.emergency.origins import origin_of
from services.safety.emergency.road import Road
from services.safety.emergency.timing import Timing


@dataclass(frozen=True, slots=True)
class Taken:
    """A signal as it was taken, and how safe it is."""

    signal: Signal
    durability: Durability


class Desk:
    """One a process."""

    def __init__(
        self, clock: Clock, board: Board, carriers: Carriers, timing: Timing, road: Road, late_audit: LateAudit
    ) -> None:
        self._clock = clock
        self.board, self.carriers, self._timing = board, carriers, timing
        self._road, self._late_audit = road, late_audit

    @property
    def now(self) -> datetime:
        return self._clock.now()

    @property
    def call(self) -> Call:
        """The call in hand."""
        return current_call()

    def emergency(self, emergency_id: UUID) -> Emergency:
        """An emergency of the caller's force. Raises NotFound."""
        found = self.board.get(self.call.caller.force, emergency_id)
        if found is None:
            raise NotFound("emergency")
        return found

    def seen(self, emergency_id: UUID) -> Emergency:
        """An emergency that the caller's force may see, its own or a neighbour's. Raises NotFound."""
        found = self.board.seen_by(self.call.caller.force, emergency_id)
        if found is None:
            raise NotFound("emergency")
        return found

    async def happened(self, signal: Signal, shown: Message | None = None) -> Taken:
        """Something happened. Consoles are told before anything is stored; then it is made to last.

        `shown` is what the caller is shown of it, for the audit. A signal that is safe already only leaves its audit
        row: it was sent twice.
        """
        known = self.board.held(signal.id)
        if known is not None and known.durability is Durability.COMMITTED:
            self.looked(shown)
            return Taken(known.signal, known.durability)
        held = Held(signal, origin=origin_of(self.call, shown, self.now))
        self.board.add(held)
        if signal.press is not None:
            self._timing.pressed_here(signal)
        durability = await self._road.keep(self.board.held(signal.id) or held)
        self.board.settle(held, durability)
        return Taken(signal, durability)

    def looked(self, shown: Message | None) -> None:
        """Nothing happened, and the caller was shown something. Nobody waits for that to be on record."""
        self._late_audit.add(self.call, shown)

    def message(self, emergency_id: UUID) -> types.Emergency:
        """An emergency as it is shown now to whoever may see it. Raises NotFound."""
        return self.board.message(self.seen(emergency_id))
