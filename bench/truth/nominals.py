"""A force's nominals: a million synthetic people with names, birthdays, homes, telephones and cars. Nobody is real.

Held as columns of numbers, and made into people one at a time, so that a million of them are there in seconds.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.truth.names import communities, listed

_FIRST_BIRTHDAY, _LAST_BIRTHDAY = date(1934, 1, 1), date(2012, 12, 31)
_DOUBLE_BARRELLED, _MIDDLE_NAME = 0.03, 0.3
_PEOPLE_A_HOME, _HOMES_A_STREET, _FLATS = 2.4, 40, 0.15
_DISTRICTS = ("M1", "M8", "M9", "M14", "M20", "M33", "BL1", "BL9", "OL1", "OL6", "OL16", "SK1", "SK5", "WN1", "WN7")
_TOWNS = ("Manchester", "Salford", "Sale", "Bolton", "Bury", "Oldham", "Ashton", "Rochdale", "Stockport", "Wigan")
_STREETS = listed(
    "Ash Beech Birch Chapel Church Clarence Dale Earl Elm Ferndale George Grange Grove Hawthorn Heath High Holly King "
    "Laburnum Lime Manor Market Mill Moor Oak Orchard Oxford Park Peel Poplar Prince Queen Railway Regent Rose School "
    "Spring Station Tudor Union Victoria Walnut Warwick Wellington West Wharf Willow Windsor Woodland York"
)
_KINDS = ("Street", "Road", "Avenue", "Close", "Drive", "Lane", "Grove", "Mount", "Court", "Place", "Terrace", "Way")


@dataclass(frozen=True, slots=True)
class Nominal:
    """One synthetic person as a records system knows one."""

    number: int
    given: str
    family: str
    born: date
    uprn: str
    address: str
    phone: str
    vehicle: str


class Nominals:
    """So many people of one seed; the same seed makes the same people."""

    def __init__(self, count: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        groups = communities()
        self._group = rng.choice(len(groups), count, p=[group.share for group in groups])
        self._given, self._family = np.zeros((2, count), np.int32), np.zeros((2, count), np.int32)
        for number, group in enumerate(groups):
            members = np.flatnonzero(self._group == number)
            for column in (0, 1):
                self._given[column, members] = rng.choice(len(group.given.names), len(members), p=group.given.shares)
                self._family[column, members] = rng.choice(len(group.family.names), len(members), p=group.family.shares)
        self._has_middle = rng.random(count) < _MIDDLE_NAME
        self._has_double = rng.random(count) < _DOUBLE_BARRELLED
        self._age = rng.integers(0, (_LAST_BIRTHDAY - _FIRST_BIRTHDAY).days, count)
        self._home = rng.integers(0, int(count / _PEOPLE_A_HOME), count)
        self._seed = seed

    def __len__(self) -> int:
        return len(self._group)

    def __getitem__(self, number: int) -> Nominal:
        group = communities()[self._group[number]]
        given, middle = (group.given.names[index] for index in self._given[:, number])
        family, second = (group.family.names[index] for index in self._family[:, number])
        home = int(self._home[number])
        return Nominal(
            number,
            given=f"{given} {middle}" if self._has_middle[number] and middle != given else given,
            family=f"{family}-{second}" if self._has_double[number] and second != family else family,
            born=_FIRST_BIRTHDAY + timedelta(days=int(self._age[number])),
            uprn=str(10_000_000_000 + home),
            address=address(home),
            # Ofcom keeps this range for drama; a million people do not fit into it, so letters of the number go on.
            phone=f"+447700{900_000_000 + number}",
            vehicle=_vehicle(number),
        )

    def shared_names(self, more_than: int) -> float:
        """The share of people whose first given and family name more people than that have."""
        key = (self._group.astype(np.int64) << 48) | (self._given[0].astype(np.int64) << 24) | self._family[0]
        _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
        shared: NDArray[np.bool_] = counts[inverse] > more_than
        return float(shared.mean())


def address(home: int) -> str:
    """The address of a home as it is written on an envelope. Homes of neighbouring numbers are neighbours."""
    number, position = divmod(home, _HOMES_A_STREET)
    street, flats = _street(number)
    if flats:
        return f"Flat {position % 8 + 1}, {position // 8 * 2 + 1} {street}"
    return f"{position + 1} {street}"


@cache
def _street(number: int) -> tuple[str, bool]:
    """Name, town and postcode of a street, and whether it has flats."""
    rng = random.Random(number)
    district = rng.choice(_DISTRICTS)
    postcode = f"{district} {number % 9 + 1}{_letters(number // 9)}"
    town = _TOWNS[_DISTRICTS.index(district) % len(_TOWNS)]
    return f"{rng.choice(_STREETS)} {rng.choice(_KINDS)}, {town}, {postcode}", rng.random() < _FLATS


def _letters(number: int) -> str:
    usable = "ABDEFGHJLNPQRSTUWXYZ"
    return usable[number // len(usable) % len(usable)] + usable[number % len(usable)]


def _vehicle(number: int) -> str:
    """A registration mark of a shape that is in use; one each."""
    letters = "ABCDEFGHJKLMNOPRSTUVWXYZ"
    rest, digits = divmod(number * 7919 % 99_999_989, 100)
    marks = ""
    for _ in range(5):
        rest, index = divmod(rest, len(letters))
        marks += letters[index]
    return f"{marks[:2]}{digits:02d}{marks[2:]}"
