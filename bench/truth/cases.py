"""Known people as they are told of when they are met again, each with what went wrong.

A kind belongs to a group: those that the thresholds of the matcher were chosen with, those that they were not, and
several mistakes at once, which were not either.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from bench.truth import misdating, misnaming
from bench.truth.misnaming import Name
from bench.truth.nominals import Nominal, Nominals

_MIDDLE_NAME_TOLD = 0.3
_DATE_KINDS = (*misdating.KINDS.values(), *misdating.HELD_OUT.values())
_NAME_KINDS = (*misnaming.KINDS.values(), *misnaming.HELD_OUT.values())


class Group(Enum):
    """What a kind was used for."""

    CHOSEN_WITH = "chosen with"
    HELD_OUT = "held out"
    SEVERAL = "several at once"


@dataclass(frozen=True, slots=True)
class Told:
    """A person as told of: a name and an ISO date of birth."""

    given: str
    family: str
    born: str


@dataclass(frozen=True, slots=True)
class Case:
    """A nominal, by number, and how it was told of. `named`: the name has a mistake, so it also counts without date."""

    kind: str
    group: Group
    number: int
    told: Told
    named: bool


_Make = Callable[[Nominal, random.Random], Told | None]


def told(nominal: Nominal, rng: random.Random) -> Told:
    """Told of as known; second given names are left out more often than not."""
    return Told(*_as_said(nominal, rng), nominal.born.isoformat())


def cases(nominals: Nominals, known: Sequence[int], per_kind: int, rng: random.Random) -> Iterator[Case]:
    """So many of each kind; people who cannot be told of wrongly in a kind are passed over."""
    for kind, group, make, named in _kinds():
        made = 0
        while made < per_kind:
            nominal = nominals[rng.choice(known)]
            person = make(nominal, rng)
            if person is not None:
                yield Case(kind, group, nominal.number, person, named)
                made += 1


def _kinds() -> Iterator[tuple[str, Group, _Make, bool]]:
    for group, named in ((Group.CHOSEN_WITH, misnaming.KINDS), (Group.HELD_OUT, misnaming.HELD_OUT)):
        for name, kind in named.items():
            yield name, group, _misnamed(kind), True
    for group, dated in ((Group.CHOSEN_WITH, misdating.KINDS), (Group.HELD_OUT, misdating.HELD_OUT)):
        for name, date_kind in dated.items():
            yield name, group, _misdated(date_kind), False
    yield "two_of_the_name", Group.SEVERAL, _twice_misnamed, True
    yield "name_and_date", Group.SEVERAL, _misnamed_and_misdated, True
    yield "two_of_the_name_and_date", Group.SEVERAL, _twice_misnamed_and_misdated, True


def _misnamed(kind: misnaming.Kind) -> _Make:
    def make(nominal: Nominal, rng: random.Random) -> Told | None:
        # Some kinds need the whole name: who leaves a second name out cannot be called by it.
        name = kind(Name(*_as_said(nominal, rng)), rng) or kind(Name(nominal.given, nominal.family), rng)
        return Told(name.given, name.family, nominal.born.isoformat()) if name else None

    return make


def _misdated(kind: misdating.Kind) -> _Make:
    def make(nominal: Nominal, rng: random.Random) -> Told | None:
        born = kind(nominal.born, rng)
        return Told(*_as_said(nominal, rng), born) if born else None

    return make


def _twice_misnamed(nominal: Nominal, rng: random.Random) -> Told | None:
    once = rng.choice(_NAME_KINDS)(Name(nominal.given, nominal.family), rng)
    if once is None or not once.given or not once.family:
        return None
    twice = rng.choice(_NAME_KINDS)(once, rng)
    return Told(twice.given, twice.family, nominal.born.isoformat()) if twice and twice.given + twice.family else None


def _misnamed_and_misdated(nominal: Nominal, rng: random.Random) -> Told | None:
    return _with_date(_misnamed(rng.choice(_NAME_KINDS))(nominal, rng), nominal, rng)


def _twice_misnamed_and_misdated(nominal: Nominal, rng: random.Random) -> Told | None:
    return _with_date(_twice_misnamed(nominal, rng), nominal, rng)


def _with_date(person: Told | None, nominal: Nominal, rng: random.Random) -> Told | None:
    born = rng.choice(_DATE_KINDS)(nominal.born, rng)
    return Told(person.given, person.family, born) if person and born else None


def _as_said(nominal: Nominal, rng: random.Random) -> tuple[str, str]:
    first, *middle = nominal.given.split()
    return (nominal.given if middle and rng.random() < _MIDDLE_NAME_TOLD else first), nominal.family
