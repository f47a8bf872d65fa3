"""A truth set for the search of markers: people, and how their names and dates come to be written wrongly.

None of the errors is a list that the search looks up; all people are invented.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN = _words(
    "Abigail Adeel Agnieszka Aidan Aisha Alasdair Amelia Aneta Anthony Arjun Beatrice Bilal Bronwen Callum Catherine "
    "Chinedu Ciaran Daisy Darius Deborah Dominic Eleanor Emeka Fatima Fergus Florence Geoffrey Giedre Grainne Gurpreet "
    "Hamza Harriet Imran Ingrid Isabella Jacqueline Jakub Jonathan Katarzyna Keiran Khadija Kwame Lakshmi Leszek Liam "
    "Magdalena Malcolm Margaret Mohammed Muhammad Natasha Niamh Nigel Olufemi Padraig Philippa Rajesh Rebecca Roisin "
    "Rukhsana Samuel Sharon Shaun Siobhan Stephen Sunita Tariq Theresa Tomasz Usman Valerie Vikram Wojciech Yusuf "
    "Zainab"
)
_BEGINNINGS = _words(
    "Ash Barra Birken Brad Brier Calder Clay Copper Cross Duck Eccle Fair Fernley Green Hallis Hard Hasling Heb Hollin "
    "Hors Ing Kershaw Lang Mars Midg Oaken Oller Otter Ram Ratten Red Sedge Shackle Shuttle Stan Sutter Thack Tod Turn "
    "Whit Wither Wool Wrig Yeadon"
)
_ENDINGS = _words(
    "bottom bury clough croft den field ford gate ham hurst ley man ray shaw stall thwaite ton wick wood worth"
)
_OWN = _words(
    "Akhtar Begum Chaudhry Dhillon Gallagher Hussain Iqbal Jankowski Kaur Kowalczyk MacDonald Mahmood McLoughlin "
    "Mukherjee Ndlovu O'Connor O'Sullivan Okonkwo Patel Qureshi Rahman Siddiqui Singh Szymanski Uddin Wisniewski"
)
FAMILY = (*(f"{first}{last}" for first in _BEGINNINGS for last in _ENDINGS), *_OWN * 12)
_SOUNDS = (
    ("ph", "f"), ("f", "ff"), ("c", "k"), ("k", "ck"), ("ee", "ea"), ("ie", "y"), ("i", "y"), ("y", "i"), ("s", "ss"),
    ("th", "t"), ("t", "tt"), ("o", "oe"), ("ou", "oo"), ("sz", "sh"), ("ch", "tch"), ("w", "v"), ("z", "s"),
    ("q", "k"), ("ei", "ie"), ("a", "e"), ("e", "a"), ("gh", ""), ("h", ""), ("mb", "m"), ("r", "rr"), ("l", "ll"),
    ("n", "nn"),
)  # fmt: skip
_BESIDE = {"a": "s", "b": "v", "d": "f", "e": "r", "i": "o", "l": "k", "m": "n", "o": "p", "r": "t", "s": "d", "t": "y"}


@dataclass(frozen=True, slots=True)
class Someone:
    """A name and a date of birth, as they are or as they were written."""

    given: str
    family: str
    born: date


Slip = Callable[[Someone, random.Random], Someone]


def people(count: int, rng: random.Random) -> list[Someone]:
    """So many people; some share a name, some a birthday."""
    first = date(1935, 1, 1)
    return [
        Someone(rng.choice(GIVEN), rng.choice(FAMILY), first + timedelta(days=rng.randrange(27_000)))
        for _ in range(count)
    ]


def _family(change: Callable[[str, random.Random], str]) -> Slip:
    return lambda one, rng: replace(one, family=change(one.family, rng))


def _both(change: Callable[[str, random.Random], str]) -> Slip:
    return lambda one, rng: replace(one, given=change(one.given, rng), family=change(one.family, rng))


def _by_ear(text: str, rng: random.Random) -> str:
    plain = text.lower()
    fitting = [pair for pair in _SOUNDS if pair[0] in plain]
    for heard, written in rng.sample(fitting, min(2, len(fitting))):
        plain = plain.replace(heard, written, 1)
    return plain.title()


def _lost(text: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(text))
    return text[:at] + text[at + 1 :]


def _crossed(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _key_beside(text: str, rng: random.Random) -> str:
    places = [at for at, sign in enumerate(text) if sign in _BESIDE] or [0]
    at = rng.choice(places)
    return text[:at] + _BESIDE.get(text[at], "x") + text[at + 1 :]


def _swapped(one: Someone, _: random.Random) -> Someone:
    return replace(one, given=one.family, family=one.given)


def _in_one_box(one: Someone, _: random.Random) -> Someone:
    return replace(one, given="", family=f"{one.given} {one.family}")


def _initial(one: Someone, _: random.Random) -> Someone:
    return replace(one, given=one.given[0])


def _double_barrelled(one: Someone, rng: random.Random) -> Someone:
    return replace(one, family=f"{one.family}-{rng.choice(FAMILY)}")


def _middle_name(one: Someone, rng: random.Random) -> Someone:
    return replace(one, given=f"{one.given} {rng.choice(GIVEN)}")


NAME_SLIPS: dict[str, Slip] = {
    "by ear": _both(_by_ear),
    "letter lost": _family(_lost),
    "letters crossed": _both(_crossed),
    "key beside": _both(_key_beside),
    "swapped": _swapped,
    "in one box": _in_one_box,
    "initial": _initial,
    "double-barrelled": _double_barrelled,
    "middle name": _middle_name,
}


def misdated(one: Someone, rng: random.Random) -> Someone:
    """A day, a month or a decade off; or day and month swapped where that is a date."""
    day = one.born
    if rng.random() < 0.3 and day.day <= 12:
        return replace(one, born=date(day.year, day.day, day.month))
    off = rng.choice([(1, 0, 0), (10, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 10)])
    moved = (day.year + off[0], (day.month - 1 + off[1]) % 12 + 1, (day.day - 1 + off[2]) % 28 + 1)
    return replace(one, born=date(*moved))
