"""Emergencies for the tests of what they are: a radio that presses, and people who do something about it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.safety.emergency.domain import answering, naming
from services.safety.emergency.domain.answering import Answer, Code
from services.safety.emergency.domain.folding import Emergency, fold
from services.safety.emergency.domain.ladder import Rung
from services.safety.emergency.domain.receiving import Arrival, receive
from services.safety.emergency.domain.signals import Carrier, EscalationLevel, Press, Signal

FORCE = "west-yorkshire"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LADDER = tuple(
    Rung(level, timedelta(seconds=seconds), level.name)
    for level, seconds in zip(list(EscalationLevel)[1:], (10, 20, 30, 60), strict=True)
)


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def pressed(
    radio: str = "2341001",
    press_id: str = "1",
    *,
    known: Iterable[Emergency] = (),
    seconds: float = 0,
    carrier: Carrier | None = None,
    request_id: UUID | None = None,
    **parts: Any,
) -> Signal:
    """The signal of a press."""
    arrival = Arrival(FORCE, at(seconds), "gateway-1", request_id or uuid4())
    carrier = carrier or Carrier(naming.device_id(FORCE, radio))
    return receive(Press(radio, press_id, **parts), carrier, arrival, known)


def answer(by: str = "dispatcher-1", seconds: float = 5, seen: frozenset[UUID] | None = None) -> Answer:
    """What somebody says, having seen all or these."""
    return Answer(by, at(seconds), seen)


def taken(*signals: Signal, by: str = "dispatcher-1", seconds: float = 5) -> tuple[Signal, ...]:
    """The signals, and an acknowledgement of all of them."""
    signal = answering.acknowledge(fold(signals), "pod-1", answer(by, seconds))
    assert signal is not None
    return (*signals, signal)


def safe(*signals: Signal, code: Code = Code.SAFE, seconds: float = 6) -> tuple[Signal, ...]:
    """The signals, and a code given."""
    signal = answering.give_code(fold(signals), code, answer("officer-1", seconds))
    assert signal is not None
    return (*signals, signal)


def guessed(*signals: Signal, times: int = 1, by: str = "somebody", seconds: float = 6) -> tuple[Signal, ...]:
    """The signals, and so many wrong codes, each of a call of its own."""
    for number in range(times):
        signal = answering.give_wrong_code(fold(signals), answer(by, seconds + number / 100), uuid4())
        assert signal is not None
        signals = (*signals, signal)
    return signals


def cleared(*signals: Signal, by: str = "dispatcher-1", seconds: float = 7, **parts: Any) -> tuple[Signal, ...]:
    """The signals, and a clear of all of them."""
    rules: dict[str, Any] = {"roles": frozenset({"ROLE_DISPATCHER"}), "codes_known": True, "explanation": "seen well"}
    signal = answering.clear(fold(signals), answer(by, seconds), **(rules | parts))
    assert signal is not None
    return (*signals, signal)
