"""Synthetic people: nobody real, and nobody who could be taken for real.

Names are put together from syllables, and every family name ends in "Example". Telephone numbers are of the ranges
that Ofcom keeps free for use in drama.
"""

import random
from datetime import date, timedelta

from peel.type.v1.person_pb2 import Person

_FIRST = ("Ba", "Ce", "Do", "Fi", "Ga", "Hu", "Ji", "Ka", "Lo", "Mi", "Na", "Po", "Ri", "Su", "Ti", "Vo", "Wi", "Zu")
_LAST = ("bri", "dol", "fen", "gar", "lin", "mas", "nix", "quo", "rem", "sta", "tov", "vel", "wyn", "zor")
_DRAMA_NUMBERS = ("+441134960", "+441144960", "+441614960", "+447700900")
_MARK = "Example"


def person(ref: str, rng: random.Random, today: date) -> Person:
    """A grown-up with a name, a date of birth and a telephone number."""
    born = today - timedelta(days=rng.randrange(18 * 366, 90 * 365))
    return Person(
        ref=ref,
        given_name=_word(rng),
        family_name=f"{_word(rng)}-{_MARK}",
        date_of_birth=born.isoformat(),
        phone=f"{rng.choice(_DRAMA_NUMBERS)}{rng.randrange(1000):03d}",
    )


def unnamed(ref: str) -> Person:
    """Somebody of whom nobody knows a name."""
    return Person(ref=ref)


def _word(rng: random.Random) -> str:
    return rng.choice(_FIRST) + rng.choice(_LAST)
