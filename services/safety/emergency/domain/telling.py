"""What a device is told of each of its presses (R-OS-02)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from services.safety.emergency.domain.folding import MOST_WRONG_CODES, Emergency
from services.safety.emergency.domain.signals import Signal, SignalKind


class Acknowledgement(IntEnum):
    UNSPECIFIED = 0
    DURABLE = 1
    SHOWN = 2
    PERSON = 3
    CLEARED = 4


# A device, and whoever holds it, is told the same at the same moment after either code (R-OS-06): that it is over. What
# a controller does later must not show which one it was. Only without a code does their clear tell it.
_BY_KIND = {
    SignalKind.SHOWN: Acknowledgement.SHOWN,
    SignalKind.ACKNOWLEDGED: Acknowledgement.PERSON,
    SignalKind.CLEARED: Acknowledgement.CLEARED,
    SignalKind.SAFE_CODE: Acknowledgement.CLEARED,
    SignalKind.DURESS_CODE: Acknowledgement.CLEARED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One acknowledgement of one press, and since when it holds."""

    press: Signal
    acknowledgement: Acknowledgement
    at: datetime


def told(emergency: Emergency) -> Iterator[Told]:
    """What the presses of an emergency are to be told, each acknowledgement once. How durable they are is not in the
    signals."""
    presses = {press.id: press for press in emergency.of(SignalKind.PRESSED)}
    wrong: list[Signal] = []
    seen: set[tuple[UUID, Acknowledgement]] = set()
    for signal in emergency.signals:
        acknowledgement = _BY_KIND.get(signal.kind)
        if signal.kind is SignalKind.CODE_WRONG:
            wrong.append(signal)
        if acknowledgement is None or _is_code_refused(signal, wrong):
            continue
        for press_id in signal.covers & presses.keys():
            if (press_id, acknowledgement) not in seen:
                seen.add((press_id, acknowledgement))
                yield Told(presses[press_id], acknowledgement, signal.at)


def _is_code_refused(signal: Signal, wrong: list[Signal]) -> bool:
    """Whether it is a code that came after too many wrong ones: whoever gave it was told that none is taken."""
    if signal.kind not in (SignalKind.SAFE_CODE, SignalKind.DURESS_CODE):
        return False
    return sum(bool(one.covers & signal.covers) for one in wrong) >= MOST_WRONG_CODES
