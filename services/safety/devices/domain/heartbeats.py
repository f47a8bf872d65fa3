"""Signs of life: only the newest of a radio counts, and none is believed that says it comes from the future."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.safety.emergency.domain.signals import Point

# A device's clock may be ahead by so much: its heartbeat is then one of now. Refusing it would make the device silent.
AHEAD = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Beat:
    """What a radio said of itself."""

    radio: str
    at: datetime
    point: Point | None = None


@dataclass(frozen=True, slots=True)
class Beats:
    """What one message of a stream came to. `unreadable` are those of which nobody can tell whose, or when."""

    beats: tuple[Beat, ...] = ()
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """What is newest of a radio: when it was heard, and where it last said that it was."""

    radio: str
    at: datetime
    point: Point | None = None
    point_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What a stream of heartbeats came to."""

    received: int = 0
    ignored: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.received + other.received, self.ignored + other.ignored)


def timely(beat: Beat, now: datetime) -> bool:
    """Whether a heartbeat is not from the future."""
    return beat.at <= now + AHEAD


def newest(beats: Iterable[Beat], known: Mapping[str, datetime], now: datetime) -> tuple[list[Heard], Tally]:
    """What is new, by radio, of heartbeats in the order in which they came. `known`: when each radio was heard last."""
    heard: dict[str, Heard] = {}
    received = ignored = 0
    for beat in beats:
        received += 1
        before = heard.get(beat.radio)
        last = before.at if before else known.get(beat.radio)
        at = min(beat.at, now)
        if not timely(beat, now) or (last is not None and at <= last):
            ignored += 1
            continue
        placed = before if before is not None and beat.point is None else None
        heard[beat.radio] = Heard(
            beat.radio,
            at,
            placed.point if placed else beat.point,
            placed.point_at if placed else at if beat.point else None,
        )
    return list(heard.values()), Tally(received, ignored)
