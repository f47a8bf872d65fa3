"""All emergencies that a replica knows of: signals in, emergencies out."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from services.safety.emergency.domain.folding import Emergency, earlier, fold
from services.safety.emergency.domain.signals import Signal, SignalKind


class Holding:
    """Adding is all that can be done to it, and adding twice changes nothing: so any two that have heard the same
    signals, in whatever order, hold the same emergencies (I4)."""

    def __init__(self) -> None:
        self._signals: dict[UUID, dict[UUID, Signal]] = {}
        self._folded: dict[UUID, Emergency] = {}
        self._of_radio: dict[tuple[str, str], set[UUID]] = {}

    def add(self, signal: Signal) -> bool:
        """Adds a signal; returns whether that says anything new."""
        of_one = self._signals.setdefault(signal.emergency_id, {})
        known = of_one.get(signal.id)
        if known is not None and earlier(known, signal) == known:
            return False
        of_one[signal.id] = signal
        self._folded.pop(signal.emergency_id, None)
        if signal.kind is SignalKind.PRESSED and signal.press is not None and signal.press.radio:
            self._of_radio.setdefault((signal.force, signal.press.radio), set()).add(signal.emergency_id)
        return True

    def get(self, emergency_id: UUID) -> Emergency | None:
        """An emergency, None where nothing was heard of it."""
        of_one = self._signals.get(emergency_id)
        if of_one is None:
            return None
        folded = self._folded.get(emergency_id)
        if folded is None:
            folded = self._folded[emergency_id] = fold(of_one.values())
        return folded

    def of_radio(self, force: str, radio: str) -> list[Emergency]:
        """A radio's emergencies."""
        return [one for key in self._of_radio.get((force, radio), ()) if (one := self.get(key)) is not None]

    def all(self) -> Iterator[Emergency]:
        """Every emergency."""
        for emergency_id in tuple(self._signals):
            if (one := self.get(emergency_id)) is not None:
                yield one

    def forget(self, emergency_ids: Iterable[UUID]) -> None:
        """Lets go of emergencies that nobody will ask after."""
        for emergency_id in emergency_ids:
            gone = self.get(emergency_id)
            self._signals.pop(emergency_id, None)
            self._folded.pop(emergency_id, None)
            if gone is not None and gone.radio:
                of_radio = self._of_radio.get((gone.force, gone.radio), set())
                of_radio.discard(emergency_id)
                if not of_radio:
                    self._of_radio.pop((gone.force, gone.radio), None)
