"""Invented people with the names that people have: those of nobody marked must not resemble everybody's.

Drawn from Faker's lists. Names that are put together from a few syllables, and all end alike, agree with each other by
more than chance, and show as false alarms what no force would see.
"""

import random
from collections.abc import Iterable
from datetime import date
from functools import cache

from faker.providers.person.en_GB import Provider as English
from faker.providers.person.en_IE import Provider as Irish
from faker.providers.person.en_IN import Provider as Indian
from faker.providers.person.en_PK import Provider as Pakistani
from faker.providers.person.pl_PL import Provider as Polish

from deploy.people.synthetic import person
from peel.type.v1.person_pb2 import Person

# Of a shorter one a mistake leaves nothing to look for.
_SHORTEST = 4


def somebody(ref: str, rng: random.Random, today: date) -> Person:
    """A grown-up with a name, a date of birth and a telephone number, none of them anybody's in particular."""
    who = person(ref, rng, today)
    given, family = rng.choice(_communities())
    who.given_name, who.family_name = rng.choice(given), rng.choice(family)
    return who


@cache
def _communities() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Given and family names of those who live together in a city; English ones twice, as they are more."""
    english = _long(English.first_names), _long(English.last_names)
    others = [(_long(one.first_names), _long(one.last_names)) for one in (Irish, Indian, Pakistani)]
    return (english, english, *others, (_long(Polish.first_names), _long(Polish.unisex_last_names)))


def _long(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(names) if len(name) >= _SHORTEST and name.isalpha())
