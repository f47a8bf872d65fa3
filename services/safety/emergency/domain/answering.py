"""What people and consoles do about an emergency, and who may end it (R-OS-02, R-OS-06).

Each says which alarms it is about, as far as it had seen them: nothing is taken or ended that nobody looked at.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.kernel.errors import Refused
from services.safety.emergency.domain import naming
from services.safety.emergency.domain.folding import Emergency, Gravity
from services.safety.emergency.domain.signals import EscalationLevel, Signal, SignalKind

SUPERVISOR = "ROLE_SUPERVISOR"


class Code(Enum):
    """Which of a carrier's two codes was given."""

    SAFE = "safe"
    DURESS = "duress"


@dataclass(frozen=True, slots=True)
class Answer:
    """Who says something about an emergency, when, and which alarms they had seen; None is all that are known here."""

    by: str
    at: datetime
    seen: frozenset[UUID] | None = None

    def of(self, alarms: tuple[Signal, ...]) -> frozenset[UUID]:
        """Which of these alarms it is about."""
        known = frozenset(alarm.id for alarm in alarms)
        return known if self.seen is None else known & self.seen


def shown(emergency: Emergency, console: str, answer: Answer) -> Signal | None:
    """A console has it on its screen. None where that is known of all it has seen."""
    told = frozenset[UUID]().union(*(s.covers for s in emergency.of(SignalKind.SHOWN) if s.console == console))
    covers = answer.of(emergency.alarms) - told
    return _signal(emergency, SignalKind.SHOWN, answer, covers, console=console) if covers else None


def acknowledge(emergency: Emergency, console: str, answer: Answer) -> Signal | None:
    """A person takes it. None where nothing that they had seen is left to take."""
    covers = answer.of(emergency.untaken)
    return _signal(emergency, SignalKind.ACKNOWLEDGED, answer, covers, console=console) if covers else None


def give_code(emergency: Emergency, code: Code, answer: Answer) -> Signal | None:
    """The initiator gives a code. None where the emergency has ended, and for a safe code that is believed no more.

    A duress code always is an alarm: the worse is believed.
    """
    covers = answer.of(emergency.open_alarms)
    if not covers or (emergency.codes_locked and code is Code.SAFE):
        return None
    kind = SignalKind.SAFE_CODE if code is Code.SAFE else SignalKind.DURESS_CODE
    return _signal(emergency, kind, answer, covers)


def give_wrong_code(emergency: Emergency, answer: Answer, attempt: UUID) -> Signal | None:
    """Somebody gives a code that is none. None where the emergency has ended, or where one more changes nothing.

    `attempt` names this one, the same for every try of one call.
    """
    covers = answer.of(emergency.open_alarms)
    if not covers or emergency.codes_locked:
        return None
    return _signal(emergency, SignalKind.CODE_WRONG, answer, covers, speaker=f"{answer.by}/{attempt}")


def clear(
    emergency: Emergency, answer: Answer, *, roles: frozenset[str], codes_known: bool, explanation: str
) -> Signal | None:
    """A controller ends it. None where all that they had seen is cleared already.

    Raises Refused(NOT_ACKNOWLEDGED | SAFE_CODE_MISSING | SECOND_PERSON_NEEDED). After a duress code no safe code is
    believed: somebody may stand beside the officer. Nor is one after too many guesses.
    """
    covers = answer.of(emergency.open_alarms)
    if not covers:
        return None
    if covers & {alarm.id for alarm in emergency.untaken}:
        raise Refused("NOT_ACKNOWLEDGED", rule="an emergency is acknowledged before it is cleared")
    if emergency.gravity is Gravity.DURESS or emergency.codes_locked or not codes_known:
        _second_person(emergency, answer.by, roles)
    elif not emergency.safe_code_given:
        raise Refused("SAFE_CODE_MISSING", rule="only an initiator who has given the safe code is cleared")
    return _signal(emergency, SignalKind.CLEARED, answer, covers, explanation=explanation)


def escalated(emergency: Emergency, alarm: UUID, level: EscalationLevel, at: datetime, by: str) -> Signal:
    """The record that an alarm has reached a level."""
    return Signal(
        id=naming.escalated_id(emergency.id, alarm, level),
        emergency_id=emergency.id,
        force=emergency.force,
        kind=SignalKind.ESCALATED,
        at=at,
        by=by,
        level=level,
    )


def _second_person(emergency: Emergency, by: str, roles: frozenset[str]) -> None:
    taken_by = {signal.by for signal in emergency.acknowledgements}
    if SUPERVISOR not in roles or by in taken_by:
        raise Refused(
            "SECOND_PERSON_NEEDED",
            rule="without a safe code a supervisor clears it who has not acknowledged it",
            permission=True,
        )


def _signal(
    emergency: Emergency,
    kind: SignalKind,
    answer: Answer,
    covers: frozenset[UUID],
    *,
    console: str = "",
    explanation: str = "",
    speaker: str = "",
) -> Signal:
    # One console says that it shows something once, whoever sits at it.
    speaker = console if kind is SignalKind.SHOWN else speaker or answer.by
    return Signal(
        id=naming.told_id(kind.name, emergency.id, speaker, covers),
        emergency_id=emergency.id,
        force=emergency.force,
        kind=kind,
        at=answer.at,
        by=answer.by,
        console=console,
        explanation=explanation,
        covers=covers,
        synthetic=emergency.synthetic,
    )
