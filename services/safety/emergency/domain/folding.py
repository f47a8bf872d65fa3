"""An emergency, as its signals make it: the same whatever order they came in, and however often (I4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from uuid import UUID

from services.safety.emergency.domain.positions import Position, position_of
from services.safety.emergency.domain.signals import ALARMS, Carrier, Press, Signal, SignalKind

# A code has four digits at least: so many guesses find one of the two in one of some 1,700 cases.
MOST_WRONG_CODES = 3


class EmergencyState(IntEnum):
    """Where it stands. There is no state that time alone reaches."""

    UNSPECIFIED = 0
    OPEN = 1
    ACKNOWLEDGED = 2
    CLEARED = 3


class Gravity(IntEnum):
    UNSPECIFIED = 0
    EMERGENCY = 1
    SEVERAL_OFFICERS = 2
    DURESS = 3


@dataclass(frozen=True)
class Emergency:
    """A set of signals, and what follows from it.

    An alarm (a press, a duress code) is open until a clear names it, and escalates until an acknowledgement does. So a
    press that comes after either begins anew, however late it is heard of.
    """

    id: UUID
    force: str
    # Oldest first.
    signals: tuple[Signal, ...] = field(repr=False)

    def of(self, kind: SignalKind) -> tuple[Signal, ...]:
        """Its signals of a kind, oldest first."""
        return tuple(signal for signal in self.signals if signal.kind is kind)

    @cached_property
    def alarms(self) -> tuple[Signal, ...]:
        """What somebody has to take, oldest first."""
        return tuple(signal for signal in self.signals if signal.kind in ALARMS)

    @cached_property
    def open_alarms(self) -> tuple[Signal, ...]:
        """Alarms that no clear names."""
        return self._not_named_by(SignalKind.CLEARED, self.alarms)

    @cached_property
    def untaken(self) -> tuple[Signal, ...]:
        """Open alarms that no acknowledgement names: each escalates."""
        return self._not_named_by(SignalKind.ACKNOWLEDGED, self.open_alarms)

    @cached_property
    def state(self) -> EmergencyState:
        if not self.alarms:
            # Something was heard about it, and not yet what it is.
            return EmergencyState.UNSPECIFIED
        if not self.open_alarms:
            return EmergencyState.CLEARED
        return EmergencyState.OPEN if self.untaken else EmergencyState.ACKNOWLEDGED

    @cached_property
    def gravity(self) -> Gravity:
        """Its own. That others pressed nearby is not in its signals."""
        duress = any(alarm.kind is SignalKind.DURESS_CODE for alarm in self._in_question)
        return Gravity.DURESS if duress else Gravity.EMERGENCY

    @cached_property
    def presses(self) -> tuple[Press, ...]:
        """Oldest first."""
        return tuple(signal.press for signal in self.signals if signal.press is not None)

    @cached_property
    def radio(self) -> str:
        return self.presses[0].radio if self.presses else ""

    @cached_property
    def synthetic(self) -> bool:
        return bool(self.presses) and all(press.synthetic for press in self.presses)

    @property
    def raised_at(self) -> datetime | None:
        """When the first alarm came."""
        return self.alarms[0].at if self.alarms else None

    @cached_property
    def carrier(self) -> Carrier | None:
        """Whoever carries the device, as known at the newest press."""
        return next((signal.carrier for signal in reversed(self.signals) if signal.carrier is not None), None)

    @cached_property
    def position(self) -> Position:
        """Where it is, by the best that is known (R-OS-04)."""
        return position_of(self.signals)

    @cached_property
    def acknowledgements(self) -> tuple[Signal, ...]:
        """Those that name an alarm in question, oldest first: an older one of something cleared says nothing."""
        return self._about_what_is_asked(SignalKind.ACKNOWLEDGED)

    @property
    def acknowledged(self) -> Signal | None:
        """By whom and when the newest of the alarms that anybody has taken was taken first."""
        for alarm in reversed(self._in_question):
            for signal in self.acknowledgements:
                if alarm.id in signal.covers:
                    return signal
        return None

    @property
    def wrong_codes(self) -> int:
        """Codes that were given since the alarms in question and were neither of the carrier's two."""
        return len(self._about_what_is_asked(SignalKind.CODE_WRONG))

    @property
    def codes_locked(self) -> bool:
        """Somebody guesses, or the officer cannot remember: no code is believed any more (R-OS-06)."""
        return self.wrong_codes >= MOST_WRONG_CODES

    @property
    def safe_code_given(self) -> bool:
        """The initiator is safe: said after every press, never under duress, and not guessed (R-OS-06)."""
        pressed = tuple(alarm for alarm in self.open_alarms if alarm.kind is SignalKind.PRESSED)
        if self.gravity is Gravity.DURESS or self.codes_locked or not pressed:
            return False
        return not self._not_named_by(SignalKind.SAFE_CODE, pressed)

    @property
    def cleared(self) -> Signal | None:
        """The clear that ended it, where it has ended."""
        return self.of(SignalKind.CLEARED)[-1] if self.state is EmergencyState.CLEARED else None

    @property
    def _in_question(self) -> tuple[Signal, ...]:
        """What is open; of an emergency that has ended, all there was."""
        return self.open_alarms or self.alarms

    def _about_what_is_asked(self, kind: SignalKind) -> tuple[Signal, ...]:
        asked = {alarm.id for alarm in self._in_question}
        return tuple(signal for signal in self.of(kind) if signal.covers & asked)

    def _not_named_by(self, kind: SignalKind, alarms: tuple[Signal, ...]) -> tuple[Signal, ...]:
        named = frozenset[UUID]().union(*(signal.covers for signal in self.of(kind)))
        return tuple(alarm for alarm in alarms if alarm.id not in named)


def earlier(one: Signal, other: Signal) -> Signal:
    """Which of two tellings of one signal counts: two replicas may both have been the first to hear of it."""
    return min(one, other, key=lambda signal: (signal.at, signal.by, signal.explanation))


def fold(signals: Iterable[Signal]) -> Emergency:
    """The emergency of these signals, which all name the same one. Raises ValueError for none or several."""
    known: dict[UUID, Signal] = {}
    for signal in signals:
        known[signal.id] = earlier(signal, known.get(signal.id, signal))
    ordered = tuple(sorted(known.values(), key=lambda signal: (signal.at, signal.id)))
    names = {(signal.emergency_id, signal.force) for signal in ordered}
    if len(names) != 1:
        raise ValueError("signals of one emergency, and at least one")
    ((emergency_id, force),) = names
    return Emergency(emergency_id, force, ordered)
