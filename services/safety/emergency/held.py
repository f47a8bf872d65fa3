"""Signals in a replica's memory, and what it knows of how safe each is."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from peel.safety.v1 import emergency_types_pb2 as types
from services.safety.emergency.domain.signals import Durability, Signal

# What is known only grows: a signal that was not durable may still become so, and never the other way about.
_KNOWLEDGE = (Durability.UNSPECIFIED, Durability.NOT_DURABLE, Durability.LOCAL, Durability.COMMITTED)
# From safe to unsafe. What is not settled yet is better than what is known to be lost with its process.
_SAFETY = (Durability.COMMITTED, Durability.LOCAL, Durability.UNSPECIFIED, Durability.NOT_DURABLE)


@dataclass(frozen=True, slots=True)
class Held:
    """A signal, how safe it is, and on whose call it came where it is not in the database."""

    signal: Signal
    durability: Durability = Durability.UNSPECIFIED
    origin: types.Origin | None = None
    # Since when it would survive a crash, as far as this replica knows.
    lasting_at: datetime | None = None


class Safety:
    """How safe each signal is, by all that was heard of it."""

    def __init__(self) -> None:
        self._known: dict[UUID, Held] = {}
        # Not known to be in the database, in the order in which they were heard of, and when that was.
        self._unsafe: dict[UUID, float] = {}

    def learn(self, held: Held, now: datetime) -> bool:
        """Hears how safe a signal is somewhere; returns whether that is news."""
        known = self._known.get(held.signal.id)
        if known is not None and _KNOWLEDGE.index(held.durability) <= _KNOWLEDGE.index(known.durability):
            return False
        committed = held.durability is Durability.COMMITTED
        origin = None if committed else held.origin or (known.origin if known else None)
        lasting_at = (known.lasting_at if known else None) or (now if held.durability.lasting else None)
        self._known[held.signal.id] = Held(held.signal, held.durability, origin, lasting_at)
        if committed:
            self._unsafe.pop(held.signal.id, None)
        else:
            self._unsafe.setdefault(held.signal.id, time.monotonic())
        return True

    def get(self, signal_id: UUID) -> Held | None:
        """What is known of a signal."""
        return self._known.get(signal_id)

    def unsafe(self) -> Iterator[tuple[Held, float]]:
        """Every signal that is not known to be in the database, with when it was heard of by the monotonic clock."""
        return ((self._known[signal_id], since) for signal_id, since in tuple(self._unsafe.items()))

    def of(self, signals: Iterable[Signal]) -> Durability:
        """Of the least safe of these."""
        known = [self._known[one.id].durability for one in signals if one.id in self._known]
        return max(known, key=_SAFETY.index, default=Durability.UNSPECIFIED)

    def forget(self, signals: Iterable[Signal]) -> None:
        """Lets go of signals that nobody will ask after."""
        for signal in signals:
            self._known.pop(signal.id, None)
            self._unsafe.pop(signal.id, None)
