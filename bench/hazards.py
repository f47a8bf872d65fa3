"""How surely, and how fast, the markers that concern an incident are found among a million nominals (I3, R-SR-01).

python -m bench.hazards [--per-kind 30]

A hundred thousand of the million carry a marker. A person is looked for by name and date of birth alone. Each kind of
mistake counts as much as any other; cases of several mistakes count as one kind. What is shown beyond the right marker
is counted for people who carry none, and for people who carry one.
"""

import gc
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from uuid import UUID

import numpy as np
import psutil
import typer

from bench.marked import FORCE, TODAY, marker_of, naming, whole
from bench.truth import miswriting
from bench.truth.cases import Case, Group, cases, told
from bench.truth.nominals import Nominals
from services.dispatch.markers.domain import Certainty, Concerns, Marker, MarkerIndex, Match
from services.dispatch.reference.short_forms import short_forms

_NOMINALS, _MARKED, _SEED = 1_000_000, 100_000, 20261124
PER_KIND = 30
_INCIDENTS, _ADDRESSES = 250, 30
_PUTS, _WARM_UP = 2_000, 10


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of the truth set for which the right marker is among those shown."""

    overall: float
    chosen_with: float
    held_out: float
    several: float
    by_kind: dict[str, float]
    by_certainty: dict[str, float]


@dataclass(frozen=True, slots=True)
class Strangers:
    """Markers that an incident shows and that are not those of the person it names."""

    mean: float
    median: float
    p95: float
    none: float
    mean_by_certainty: dict[str, float]


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock, which others at work on the machine lengthen, and of the processor."""

    seconds: list[float]
    cpu_seconds: list[float]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run. Milliseconds by the number of people named; megabytes of a hundred thousand markers."""

    p50_ms: dict[int, float]
    p99_ms: dict[int, float]
    p99_cpu_ms: dict[int, float]
    with_date: Found
    without_date: Found
    by_address: dict[str, float]
    strangers: dict[str, Strangers]
    index_mb: float
    markers_mb: float
    put_us: float


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure and what it is to reach, or to stay below."""

    name: str
    value: float
    aim: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.aim if self.at_least else self.value <= self.aim


def aims(figures: Figures) -> list[Aim]:
    """What issue 4 asks for, and how few strangers make an answer useful."""
    strangers = figures.strangers["unmarked with date"].mean
    return [
        Aim("markers of an incident that names one person, p99", figures.p99_ms[1], 50.0, " ms"),
        Aim("markers found by misspelt name and date of birth", 100 * figures.with_date.overall, 99.0, " %", True),
        Aim("strangers shown for a name and a date of birth, mean", strangers, 3.0),
        Aim("index of 100,000 markers, beside the markers", figures.index_mb, 60.0, " MB"),
    ]


def notes(figures: Figures) -> list[tuple[str, float, str]]:
    """What is worth knowing beside them: name, figure, unit."""
    without = figures.strangers["unmarked without date"]
    return [
        ("the same, processor time", figures.p99_cpu_ms[1], " ms"),
        ("the same, five people, p99", figures.p99_ms[5], " ms"),
        ("several mistakes at once, name and date of birth", 100 * figures.with_date.several, " %"),
        ("found by misspelt name alone", 100 * figures.without_date.overall, " %"),
        ("strangers shown for a name alone, mean", without.mean, ""),
        ("strangers shown for a name alone, median", without.median, ""),
        ("100,000 markers themselves", figures.markers_mb, " MB"),
    ]


class Bench:
    """The population, the markers on a tenth of it, and their index."""

    def __init__(self) -> None:
        self._rng = random.Random(_SEED)
        self._nominals = Nominals(_NOMINALS, _SEED)
        self._marked = self._rng.sample(range(_NOMINALS), _MARKED)
        self._unmarked = sorted(set(self._rng.sample(range(_NOMINALS), 4 * _INCIDENTS)) - set(self._marked))
        started_at = _resident_mb()
        self._markers = [marker_of(self._nominals[number], self._rng) for number in self._marked]
        self._markers_at = _resident_mb()
        self._index = MarkerIndex(FORCE, self._markers, short_forms=short_forms())
        self._index_at = _resident_mb()
        self._started_at = started_at

    def measure(self, per_kind: int) -> Figures:
        """Everything, one after the other."""
        truth = list(cases(self._nominals, self._marked, per_kind, self._rng))
        speeds = {people: self._speed(people) for people in (1, 2, 5)}
        return Figures(
            p50_ms={people: _quantile(took.seconds, 0.5) for people, took in speeds.items()},
            p99_ms={people: _quantile(took.seconds, 0.99) for people, took in speeds.items()},
            p99_cpu_ms={people: _quantile(took.cpu_seconds, 0.99) for people, took in speeds.items()},
            with_date=self._found(truth, dated=True),
            without_date=self._found([case for case in truth if case.named], dated=False),
            by_address=dict(self._by_address()),
            strangers={
                f"{who} {'with' if dated else 'without'} date": self._strangers(numbers, dated=dated)
                for who, numbers in (("unmarked", self._unmarked), ("marked", self._marked))
                for dated in (True, False)
            },
            index_mb=round(self._index_at - self._markers_at, 1),
            markers_mb=round(self._markers_at - self._started_at, 1),
            put_us=round(self._put_us(), 1),
        )

    def _find(self, concerns: Concerns) -> list[Match]:
        return self._index.find(concerns, TODAY)

    def _speed(self, people: int) -> Took:
        """Of incidents of which everything is known, and which name so many people."""
        took = Took([], [])
        for number in range(_INCIDENTS):
            numbers = [self._rng.randrange(_NOMINALS) for _ in range(people)]
            concerns = whole([told(self._nominals[one], self._rng) for one in numbers], self._nominals[numbers[0]])
            began, cpu_began = time.perf_counter(), time.thread_time()
            self._find(concerns)
            # The first ones warm everything up.
            if number >= _WARM_UP:
                took.seconds.append(time.perf_counter() - began)
                took.cpu_seconds.append(time.thread_time() - cpu_began)
        return took

    def _found(self, truth: Sequence[Case], *, dated: bool) -> Found:
        seen: dict[str, list[Certainty | None]] = {}
        for case in truth:
            matches = self._find(naming(case.told, dated=dated))
            seen.setdefault(case.kind, []).append(_certainty(matches, case.number))
        groups = {case.kind: case.group for case in truth}
        shares = {kind: fmean(one is not None for one in all_) for kind, all_ in seen.items()}
        by_group = {group: [shares[kind] for kind in shares if groups[kind] is group] for group in Group}
        several = fmean(by_group[Group.SEVERAL])
        every = [one for all_ in seen.values() for one in all_ if one is not None]
        return Found(
            overall=_round(fmean([*by_group[Group.CHOSEN_WITH], *by_group[Group.HELD_OUT], several])),
            chosen_with=_round(fmean(by_group[Group.CHOSEN_WITH])),
            held_out=_round(fmean(by_group[Group.HELD_OUT])),
            several=_round(several),
            by_kind={kind: _round(share) for kind, share in shares.items()},
            by_certainty=_by_certainty(every, len(every)),
        )

    def _by_address(self) -> Iterator[tuple[str, float]]:
        for name, kind in miswriting.KINDS.items():
            found: list[bool] = []
            while len(found) < _ADDRESSES:
                nominal = self._nominals[self._rng.choice(self._marked)]
                written = kind(nominal.address, self._rng)
                if written:
                    matches = self._find(Concerns(address=written))
                    found.append(_certainty(matches, nominal.number) is not None)
            yield name, _round(fmean(found))

    def _strangers(self, numbers: Sequence[int], *, dated: bool) -> Strangers:
        counts, shown = [], []
        for number in self._rng.sample(numbers, _INCIDENTS):
            concerns = naming(told(self._nominals[number], self._rng), dated=dated)
            others = [match.certainty for match in self._find(concerns) if match.marker.id != UUID(int=number)]
            counts.append(len(others))
            shown += others
        return Strangers(
            mean=round(fmean(counts), 2),
            median=float(np.quantile(counts, 0.5)),
            p95=float(np.quantile(counts, 0.95)),
            none=_round(fmean(count == 0 for count in counts)),
            mean_by_certainty=_by_certainty(shown, _INCIDENTS),
        )

    def _put_us(self) -> float:
        """Microseconds to take in a revised marker, clearing up included."""
        revised = [_revised(marker) for marker in self._rng.sample(self._markers, _PUTS)]
        began = time.perf_counter()
        for marker in revised:
            self._index.put(marker)
        return 1e6 * (time.perf_counter() - began) / _PUTS


def _revised(marker: Marker) -> Marker:
    return replace(marker, version=marker.version + 1)


def _certainty(matches: Sequence[Match], number: int) -> Certainty | None:
    """That of the right marker; None where it is not shown."""
    return next((match.certainty for match in matches if match.marker.id == UUID(int=number)), None)


def _by_certainty(shown: Sequence[Certainty], of: int) -> dict[str, float]:
    return {one.name: _round(shown.count(one) / of) for one in list(Certainty)[1:]}


def _quantile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    return round(1_000 * float(np.quantile(seconds, share)), 1)


def _round(share: float) -> float:
    return round(share, 4)


def _resident_mb() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


def main(per_kind: int = PER_KIND) -> None:
    """Measures and prints JSON; status 1 where an aim was missed."""
    figures = Bench().measure(per_kind)
    typer.echo(json.dumps(asdict(figures), indent=2))
    raise typer.Exit(0 if all(aim.met for aim in aims(figures)) else 1)


if __name__ == "__main__":
    typer.run(main)
