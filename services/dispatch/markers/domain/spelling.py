"""Names without the accidents of writing: no case, accents, apostrophes, hyphens or blanks."""

import re
from dataclasses import dataclass

from anyascii import anyascii

_APOSTROPHES = re.compile("['`\u2018\u2019\u02bc]")
_BETWEEN = re.compile(r"[^a-z0-9]+")
_PARTICLE = 3  # "van", "al", "de", "mc": letters at most of what is no name beside a longer one
# Of one part of a name; a box of a form that has more in it is no name.
_KEPT, _ASKED = 3, 6


@dataclass(frozen=True, slots=True)
class Piece:
    """A word of a name, or its words as one, and which words of the whole name it covers (one bit a word)."""

    text: str
    covers: int


def words(name: str) -> list[str]:
    """The words of a name in plain small letters: "Seán O'Brien-Núñez" has sean, obrien and nunez."""
    plain = _APOSTROPHES.sub("", anyascii(name).lower())
    return [word for word in _BETWEEN.split(plain) if word]


def given_spellings(given: str) -> list[str]:
    """How given names may be written: by each of them. Two in one word resemble the first of them well enough."""
    return words(given)[:_KEPT] or [""]


def family_spellings(family: str) -> list[str]:
    """How a family name may be written: by each word that tells, or by all as one.

    Particles do not tell, unless there is nothing else: whoever is a "van" is not known by it.
    """
    every = words(family)
    telling = [word for word in every if len(word) > _PARTICLE] or every
    return [*telling[:_KEPT], *(["".join(every)] if len(every) > 1 else [])] or [""]


def pieces(given: str, family: str) -> list[Piece]:
    """Everything that may stand for a given or a family name, whichever box of the form it was written in."""
    found: list[Piece] = []
    first = 0
    for part in (given, family):
        every = words(part)[:_ASKED]
        found += [Piece(word, 1 << first + at) for at, word in enumerate(every)]
        if len(every) > 1:
            found.append(Piece("".join(every), (1 << len(every)) - 1 << first))
        first += len(every)
    return found
