"""Names as common as they are in a British city: what people could be called, and how often.

English family names carry the shares that Faker took from the Office for National Statistics; its 500 are
more than half of the people here. Its other lists have an order or none at all, so they get the skew that names have
everywhere (Zipf's law). What Faker has too little of is put together here: northern place names as family names, and
the head of the British Muslim names. Nothing of this is known to the matcher.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray


def listed(names: str) -> tuple[str, ...]:
    """Names that stand one after the other."""
    return tuple(names.split())


_PLACES = listed(
    "Ack Ains Ash Barra Bent Birt Brad Brier Butter Calver Chad Clay Clegg Copp Cross Dear Duck Eccle Fair Far Fern "
    "Green Grims Hallis Hard Hasling Hat Hay Heb Hey Hep Hind Holling Hol Horse Hut Ing Kers Lang Longs Lum Mars Midg "
    "Oaken Ollers Ol Os Pil Ram Ratter Raw Red Roch Rams Sed Shackle Shuttle Snel Stans Sut Thorn Tot Turn Un Ward "
    "Whit Wins Wol Wors Wrig"
)
_ENDINGS = listed(
    "bottom bridge brook burn bury by clough croft dale den field ford gate greave ham head hill holme hurst land ley "
    "low man royd shaw sall side stall ster thwaite ton wood worth"
)
_MUSLIM_GIVEN = listed(
    "Mohammed Muhammad Mohammad Ali Ahmed Abdul Fatima Aisha Omar Maryam Ibrahim Yusuf Hassan Hussain Zainab Khadija "
    "Imran Usman Bilal Khalid Tariq Nasreen Shabana Saima Samina Rukhsana Parveen Shazia Asif Nadeem Zahid Shahid"
)
_MUSLIM_FAMILY = listed(
    "Khan Hussain Ahmed Ali Begum Akhtar Mahmood Bibi Malik Shah Iqbal Hussein Kauser Miah Uddin Rahman Chaudhry Mirza "
    "Qureshi Butt Raja Sheikh Siddiqui Bano Aslam Rehman Ashraf Javed Mir Hanif Saleem Zaman Bashir"
)

_FAMILY_LISTS = {"pl_PL": "unisex_last_names"}


@dataclass(frozen=True, slots=True)
class Pool:
    """Names and their shares, which add up to one."""

    names: tuple[str, ...]
    shares: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Community:
    """People who take their names from the same lists, and their share of the city."""

    share: float
    given: Pool
    family: Pool


@cache
def communities() -> tuple[Community, ...]:
    """Those of a city in the north of England, roughly as its last census has them."""
    english = _weighed(_faker("en_GB", "last_names"))
    tail = _ranked([*_faker("en_US", "last_names"), *_towns(), *_faker("en_IE", "last_names")], exponent=0.6)
    english_family = _mixed((0.58, english), (0.42, tail))
    muslim = _mixed((0.7, _ranked(_MUSLIM_GIVEN)), (0.3, _ranked(_faker("en_PK", "first_names"), exponent=0.5)))
    muslim_family = _mixed((0.8, _ranked(_MUSLIM_FAMILY)), (0.2, _ranked(_faker("en_PK", "last_names"), exponent=0.5)))
    return (
        Community(0.38, _english_given("male"), english_family),
        Community(0.38, _english_given("female"), english_family),
        Community(0.12, muslim, muslim_family),
        _community(0.03, "en_IN"),
        _community(0.03, "en_IE"),
        _community(0.02, "pl_PL"),
        _community(0.02, "yo_NG"),
        _community(0.01, "ro_RO"),
        _community(0.01, "pt_PT"),
    )


def _english_given(sex: str) -> Pool:
    usual = _ranked(_faker("en_GB", f"first_names_{sex}"))
    seldom = [*_faker("en_IE", f"first_names_{sex}"), *_faker("en_US", f"first_names_{sex}")]
    return _mixed((0.94, usual), (0.06, _ranked(seldom, exponent=0.4)))


def _community(share: float, locale: str) -> Community:
    given = _ranked(_faker(locale, "first_names"), exponent=0.6)
    return Community(share, given, _ranked(_faker(locale, _FAMILY_LISTS.get(locale, "last_names")), exponent=0.6))


def _faker(locale: str, kind: str) -> Any:
    return getattr(import_module(f"faker.providers.person.{locale}").Provider, kind)


def _towns() -> list[str]:
    return [place + ending for ending in _ENDINGS for place in _PLACES]


def _weighed(shares: dict[str, float]) -> Pool:
    return _pool(tuple(shares), tuple(shares.values()))


def _ranked(names: Iterable[str], exponent: float = 0.8) -> Pool:
    """A share that falls with the rank in the list."""
    distinct = tuple(dict.fromkeys(names))
    return _pool(distinct, [1 / rank**exponent for rank in range(1, len(distinct) + 1)])


def _mixed(*parts: tuple[float, Pool]) -> Pool:
    names: dict[str, float] = {}
    for part, pool in parts:
        for name, share in zip(pool.names, pool.shares, strict=True):
            names[name] = names.get(name, 0.0) + part * float(share)
    return _weighed(names)


def _pool(names: Sequence[str], weights: Sequence[float]) -> Pool:
    shares = np.asarray(weights, dtype=np.float64)
    return Pool(tuple(names), shares / shares.sum())
