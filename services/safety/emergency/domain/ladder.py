"""Escalation: a function of time, so that memory and durable timers cannot disagree (R-OS-03)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.signals import EscalationLevel, Signal, SignalKind


@dataclass(frozen=True, slots=True)
class Rung:
    """A level, how long after an alarm it is reached while nobody takes it, and who is told; by radio those within so
    many metres, everybody where that is 0."""

    level: EscalationLevel
    after: timedelta
    told: str
    within_metres: float = 0.0


@dataclass(frozen=True, slots=True)
class Reached:
    """A level and the moment it was reached."""

    level: EscalationLevel
    at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """An alarm that nobody has taken, a level that it has reached, and when."""

    alarm: Signal
    rung: Rung
    at: datetime


# First rung first.
Ladder = Sequence[Rung]
_ENDS = (SignalKind.ACKNOWLEDGED, SignalKind.CLEARED)


def level_at(emergency: Emergency, now: datetime, ladder: Ladder) -> Reached | None:
    """The highest level that its alarms in question have reached, None before the first.

    What is on record counts too: a level once reached is not taken back by a ladder that was changed. A synthetic press
    escalates to nobody.
    """
    if emergency.synthetic:
        return None
    ends = _ends(emergency)
    alarms = emergency.open_alarms or emergency.alarms
    reached = [
        Reached(rung.level, alarm.at + rung.after)
        for alarm in alarms
        for rung in ladder
        if alarm.at + rung.after <= min(now, ends.get(alarm.id, now))
    ]
    since = alarms[0].at if alarms else now
    reached += [Reached(one.level, one.at) for one in emergency.of(SignalKind.ESCALATED) if since <= one.at <= now]
    return max(reached, key=lambda one: (one.level, -one.at.timestamp()), default=None)


def ever_reached(emergency: Emergency, level: EscalationLevel, now: datetime, ladder: Ladder) -> bool:
    """Whether any of its alarms, taken and cleared ones included, has reached a level or a higher one."""
    if emergency.synthetic:
        return False
    ends = _ends(emergency)
    return any(one.level >= level for one in emergency.of(SignalKind.ESCALATED)) or any(
        rung.level >= level and alarm.at + rung.after <= min(now, ends.get(alarm.id, now))
        for alarm in emergency.alarms
        for rung in ladder
    )


def alerts(emergency: Emergency, now: datetime, ladder: Ladder) -> Iterator[Alert]:
    """Every level that those of its alarms have reached which nobody has taken yet."""
    if emergency.synthetic:
        return
    for alarm in emergency.untaken:
        for rung in ladder:
            if alarm.at + rung.after <= now:
                yield Alert(alarm, rung, alarm.at + rung.after)


def next_level_at(emergency: Emergency, now: datetime, ladder: Ladder) -> datetime | None:
    """When the next level is reached if nobody does anything; None where nothing escalates any further."""
    if emergency.synthetic:
        return None
    return min(
        (alarm.at + rung.after for alarm in emergency.untaken for rung in ladder if alarm.at + rung.after > now),
        default=None,
    )


def reaches(emergency: Emergency, alarm: UUID, due: datetime) -> bool:
    """Whether an alarm that came before `due` was still untaken then."""
    if emergency.synthetic or not any(one.id == alarm for one in emergency.alarms):
        return False
    ended = _ends(emergency).get(alarm)
    return ended is None or ended >= due


def _ends(emergency: Emergency) -> dict[UUID, datetime]:
    """When each alarm was first taken or cleared."""
    ends: dict[UUID, datetime] = {}
    for signal in emergency.signals:
        if signal.kind in _ENDS:
            for alarm in signal.covers:
                ends.setdefault(alarm, signal.at)
    return ends
