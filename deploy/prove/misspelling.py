"""Names as they are written down a second time: by somebody who heard them over the telephone."""

import random
from collections.abc import Callable

from peel.type.v1.person_pb2 import Person

_HEARD = (
    ("ph", "f"),
    ("f", "ph"),
    ("c", "k"),
    ("k", "ck"),
    ("i", "y"),
    ("z", "s"),
    ("x", "ks"),
    ("qu", "kw"),
    ("v", "f"),
)
_VOWELS = "aeiou"


def misspelt(person: Person, rng: random.Random) -> Person:
    """The same person with one mistake in the name, and in one of six a second one in the date of birth."""
    wrong = Person()
    wrong.CopyFrom(person)
    if rng.random() < 0.15:
        wrong.given_name, wrong.family_name = person.family_name, person.given_name
    elif rng.random() < 0.5:
        wrong.given_name = _mistake(person.given_name, rng)
    else:
        wrong.family_name = _mistake(person.family_name, rng)
    year, month, day = person.date_of_birth.split("-")
    if rng.random() < 1 / 6 and int(day) <= 12:
        wrong.date_of_birth = f"{year}-{day}-{month}"
    # Nobody repeats the telephone number to help.
    wrong.phone = ""
    return wrong


def _mistake(name: str, rng: random.Random) -> str:
    mistakes: tuple[Callable[[str, random.Random], str], ...] = (_heard, _dropped, _doubled, _swapped, _vowel)
    for _ in range(10):
        if (wrong := rng.choice(mistakes)(name, rng)) != name:
            return wrong
    return name + name[-1]


def _heard(name: str, rng: random.Random) -> str:
    there = [(one, other) for one, other in _HEARD if one in name.lower()]
    return name.lower().replace(*rng.choice(there), 1).title() if there else name


def _dropped(name: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(name))
    return name[:at] + name[at + 1 :]


def _doubled(name: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(name))
    return name[:at] + name[at] + name[at:]


def _swapped(name: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(name) - 1)
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def _vowel(name: str, rng: random.Random) -> str:
    places = [at for at, letter in enumerate(name) if at and letter in _VOWELS]
    if not places:
        return name
    at = rng.choice(places)
    return name[:at] + rng.choice(_VOWELS) + name[at + 1 :]
