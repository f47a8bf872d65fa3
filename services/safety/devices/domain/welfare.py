"""Time within which somebody has to check in (R-OS-08)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

# After this share of the time somebody is to call them.
WARN_AT = 0.8
# Stands for a hazard of which nobody knows what it is: it was not checked, or its marker is restricted.
UNKNOWN_HAZARD = "?"
ANY = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """How many minutes at a scene of a grade with a hazard; ANY of either."""

    grade: str
    code: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Welfare:
    """A timer of a device. `by_status`: it runs because its unit is at a scene. `sequence` counts its events.

    `clock` names its durable timers. Begun again it has others, so that nobody waits for those that fire just then.
    """

    id: UUID
    clock: UUID
    force: str
    device_id: UUID
    radio: str = field(repr=False)
    unit_id: UUID | None
    by_status: bool
    minutes: int
    started_at: datetime
    ended_at: datetime | None = None
    emergency_id: UUID | None = None
    sequence: int = 0

    @property
    def warn_at(self) -> datetime:
        return self.started_at + timedelta(minutes=self.minutes) * WARN_AT

    @property
    def due_at(self) -> datetime:
        return self.started_at + timedelta(minutes=self.minutes)


def minutes_at_scene(rules: Iterable[Rule], grade: str, codes: Collection[str]) -> int:
    """The shortest time of all the rules that apply. Raises ValueError where none does."""
    return min(
        rule.minutes for rule in rules if rule.grade in (ANY, grade) and (rule.code == ANY or rule.code in codes)
    )


def begins_at(since: datetime, last: Welfare | None, now: datetime) -> datetime | None:
    """From when a unit's time counts that says it is at a scene `since` then, where none runs: not from when that was
    heard of. None where somebody has said meanwhile that nobody has to check in there any more.

    `last` is the time that ran last for it. One that became an emergency has another after it, from its end on.
    """
    if last is not None and last.ended_at is not None and last.ended_at > since:
        return None if last.emergency_id is None else min(last.ended_at, now)
    return min(since, now)


def warned(welfare: Welfare) -> Welfare:
    """The timer of somebody who is to be called."""
    return replace(welfare, sequence=welfare.sequence + 1)


def begun_again(welfare: Welfare, at: datetime, clock: UUID, minutes: int | None = None) -> Welfare:
    """The timer after a sign that its people are well, or with another time from then on."""
    return replace(
        welfare,
        started_at=at,
        clock=clock,
        minutes=welfare.minutes if minutes is None else minutes,
        sequence=welfare.sequence + 1,
    )


def ended(welfare: Welfare, now: datetime, emergency_id: UUID | None = None) -> Welfare:
    """The timer when nobody has to check in any more, or when nobody had: it has become that emergency."""
    return replace(welfare, ended_at=now, emergency_id=emergency_id, sequence=welfare.sequence + 1)
