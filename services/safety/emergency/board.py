"""All emergencies that this replica knows of, in memory. One a process.

Signals come from its own callers, from other replicas, from the database and from its own disk, in any order and more
than once. Whoever has to hear of a change is told that there is one, and reads what has become of it when they can.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.clock import Clock
from services.kernel.reference import local_date
from services.kernel.telemetry.logs import logger
from services.safety.emergency.domain.folding import Emergency, EmergencyState
from services.safety.emergency.domain.holding import Holding
from services.safety.emergency.domain.ladder import Ladder, ever_reached, level_at, next_level_at
from services.safety.emergency.domain.signals import ALARMS, Durability, EscalationLevel, SignalKind
from services.safety.emergency.emergency_messages import View, emergency_message
from services.safety.emergency.held import Held, Safety
from services.safety.emergency.neighbours import Neighbours
from services.safety.reference.emergency import ladder, nearness, neighbours

_LOG = logger(__name__)
# For the late try of a press, and the console that comes back: what ended since is still asked for.
KEPT_SECONDS = 24 * 3600.0
_SYNTHETIC_KEPT_SECONDS = 600.0
_SAME_DAY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """Something about an emergency is new. `held` is the signal it is about; None where time or a neighbour did it.

    `fresh`: the signal itself is new, and not only how safe it is.
    """

    emergency: Emergency
    held: Held | None = None
    fresh: bool = False

    @property
    def alarm(self) -> bool:
        """Somebody pressed, or gave the duress code."""
        return self.fresh and self.held is not None and self.held.signal.kind in ALARMS

    @property
    def urgent(self) -> bool:
        """Whether a console has to be told at once: not that one more of them shows it, nor that it is safely kept."""
        if self.held is None:
            return True
        lost = self.held.durability is Durability.NOT_DURABLE
        return lost or (self.fresh and self.held.signal.kind is not SignalKind.SHOWN)


class Board:
    """Signals in; what is open, and what changed, out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._holding, self._safety, self._neighbours = Holding(), Safety(), Neighbours()
        self._open: set[UUID] = set()
        self._untaken: dict[UUID, datetime] = {}
        now = clock.now()
        self._day = (now, local_date(now))
        self._touched: dict[UUID, float] = {}
        self._messages: dict[UUID, types.Emergency] = {}
        self._listeners: list[Callable[[Change], None]] = []
        self._forgetters: list[Callable[[Emergency], None]] = []

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Tells somebody of every change, at once: they note it, and must not wait."""
        self._listeners.append(listener)

    def listen_to_forgetting(self, forget: Callable[[Emergency], None]) -> None:
        """Tells somebody of every emergency that is let go of, so that they keep nothing about it either."""
        self._forgetters.append(forget)

    def add(self, held: Held) -> bool:
        """Hears of a signal, or of how safe it is; returns whether the signal was new."""
        fresh = self._holding.add(held.signal)
        safer = self._safety.learn(held, self._clock.now())
        if fresh or safer:
            emergency = self._emergency(held.signal.emergency_id)
            self._tell(Change(emergency, self._safety.get(held.signal.id), fresh))
            if fresh and held.signal.kind is not SignalKind.SHOWN:
                self._look_around(emergency)
        return fresh

    def settle(self, held: Held, durability: Durability) -> None:
        """What was found out about how safe a signal is."""
        self.add(Held(held.signal, durability, held.origin))

    def held(self, signal_id: UUID) -> Held | None:
        """A signal that was heard of."""
        return self._safety.get(signal_id)

    def unsafe(self) -> Iterator[tuple[Held, float]]:
        """Every signal that is not known to be in the database, with when it was heard of by the monotonic clock."""
        return self._safety.unsafe()

    def get(self, force: str, emergency_id: UUID) -> Emergency | None:
        """A force's emergency; None where it is another's, or no press of it was heard of."""
        found = self._holding.get(emergency_id)
        return found if found is not None and found.force == force and found.alarms else None

    def seen_by(self, force: str, emergency_id: UUID) -> Emergency | None:
        """An emergency that a force may see; None where there is none."""
        found = self._holding.get(emergency_id)
        return found if found is not None and found.alarms and self.sees(force, found) else None

    def sees(self, force: str, emergency: Emergency) -> bool:
        """Whether a force may see an emergency: its own, and a neighbour's that nobody there took in time (R-OS-03).

        What was seen once is seen to its end.
        """
        if force == emergency.force:
            return True
        if force not in neighbours(emergency.force, self._today()):
            return False
        last = EscalationLevel.NEIGHBOURING_FORCE
        return ever_reached(emergency, last, self._clock.now(), self.ladder(emergency))

    def of_radio(self, force: str, radio: str) -> list[Emergency]:
        """A radio's emergencies, ended ones included."""
        return self._holding.of_radio(force, radio)

    def open(self, force: str | None = None) -> list[Emergency]:
        """What is open, oldest first; all of it, or what a force may see."""
        found = [one for one in map(self._emergency, self._open) if force is None or self.sees(force, one)]
        return sorted(found, key=lambda one: (one.alarms[0].at, one.id))

    def all(self) -> Iterator[Emergency]:
        """Every emergency, ended ones included, of which a press was heard of."""
        return (one for one in self._holding.all() if one.alarms)

    def lately(self, seconds: float) -> Iterator[Held]:
        """Every signal of what is open, or changed within so many seconds: for a replica that was away."""
        since = time.monotonic() - seconds
        for emergency in self.all():
            if emergency.id in self._open or self._touched.get(emergency.id, since) > since:
                yield from (held for signal in emergency.signals if (held := self.held(signal.id)))

    def message(self, emergency: Emergency) -> types.Emergency:
        """The emergency as it is shown now. One object for all who are shown it: nobody changes it."""
        made = self._messages.get(emergency.id)
        if made is None:
            view = View(
                now=self._clock.now(),
                ladder=self.ladder(emergency),
                nearby=self._neighbours.of(emergency.id),
                # That a console shows it is no matter of life.
                durability=self._safety.of(one for one in emergency.signals if one.kind is not SignalKind.SHOWN),
            )
            made = self._messages[emergency.id] = emergency_message(emergency, view)
        return made

    def ladder(self, emergency: Emergency) -> Ladder:
        """By which it escalates today."""
        return ladder(emergency.force, self._today())

    def next_level_of(self, emergency: Emergency, moment: datetime) -> datetime | None:
        """When an emergency reaches its first level after a moment, if nobody does anything."""
        return next_level_at(emergency, moment, self.ladder(emergency))

    def untaken_since(self) -> list[datetime]:
        """Of each emergency that no person has taken, when the oldest such alarm came."""
        return list(self._untaken.values())

    def level(self, emergency: Emergency, now: datetime) -> str:
        """The name of the level that an emergency has reached."""
        reached = level_at(emergency, now, self.ladder(emergency))
        return (reached.level if reached else EscalationLevel.UNSPECIFIED).name

    def time_went_by(self, emergency: Emergency) -> None:
        """It has reached another level."""
        self._tell(Change(emergency))

    def forget(self) -> None:
        """Lets go of what ended a day ago, and of old synthetic presses."""
        now = time.monotonic()
        gone = [one for one in self._holding.all() if self._is_over(one, now - self._touched.get(one.id, now))]
        for emergency in gone:
            self._safety.forget(emergency.signals)
            self._neighbours.forget(emergency.id)
            self._open.discard(emergency.id)
            self._touched.pop(emergency.id, None)
            self._messages.pop(emergency.id, None)
            for forget in self._forgetters:
                forget(emergency)
        self._holding.forget([emergency.id for emergency in gone])

    @staticmethod
    def _is_over(emergency: Emergency, seconds: float) -> bool:
        if emergency.synthetic:
            return seconds > _SYNTHETIC_KEPT_SECONDS
        return not _is_open(emergency) and seconds > KEPT_SECONDS

    def _emergency(self, emergency_id: UUID) -> Emergency:
        found = self._holding.get(emergency_id)
        if found is None:
            raise LookupError("an emergency that nothing was heard of")
        return found

    def _tell(self, change: Change) -> None:
        emergency = change.emergency
        self._messages.pop(emergency.id, None)
        self._touched[emergency.id] = time.monotonic()
        (self._open.add if _is_open(emergency) else self._open.discard)(emergency.id)
        if emergency.untaken and not emergency.synthetic:
            self._untaken[emergency.id] = emergency.untaken[0].at
        else:
            self._untaken.pop(emergency.id, None)
        if emergency.alarms:
            for listener in self._listeners:
                try:
                    listener(change)
                except Exception as error:  # noqa: BLE001 - nobody's fault keeps a press from the others and the disk
                    _LOG.error("somebody was not told of an emergency", exc_info=error)

    def _today(self) -> date:
        """The day where the forces are: asked for each emergency at each look, so it is not worked out each time."""
        now = self._clock.now()
        if abs(now - self._day[0]) > _SAME_DAY:
            self._day = (now, local_date(now))
        return self._day[1]

    def _look_around(self, emergency: Emergency) -> None:
        rule = nearness(emergency.force, self._today())
        for other in self._neighbours.look(emergency, map(self._emergency, self._open), rule):
            self._tell(Change(self._emergency(other)))
        self._messages.pop(emergency.id, None)


def _is_open(emergency: Emergency) -> bool:
    return emergency.state in (EmergencyState.OPEN, EmergencyState.ACKNOWLEDGED)
