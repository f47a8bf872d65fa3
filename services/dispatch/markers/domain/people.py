"""Who among the marked people could be somebody, however the name and the date of birth were written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from services.dispatch.markers.domain import evidence
from services.dispatch.markers.domain.births import UNKNOWN, Births, day_of
from services.dispatch.markers.domain.concerns import Person
from services.dispatch.markers.domain.distinct import Columns, Numbers
from services.dispatch.markers.domain.lexicon import Lexicon
from services.dispatch.markers.domain.markers import Subject
from services.dispatch.markers.domain.spelling import Piece, family_spellings, given_spellings, pieces

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Resembling:
    """A marker, by its owner's number, whose person could be the one asked for. `dated`: both dates of birth known."""

    owner: int
    bits: float
    dated: bool


class PeopleLookup:
    """Every name of every marked person: each way of writing its given with each of its family part is a row."""

    def __init__(self, short_forms: Mapping[str, frozenset[str]]) -> None:
        self._lexicon = Lexicon(short_forms)
        self._births = Births()
        self._rows = Columns(4)

    def add(self, owner: int, subject: Subject) -> None:
        """Adds the names of a marker's person."""
        born = self._births.number(subject.date_of_birth)
        for given, family in subject.names():
            for one, other in product(given_spellings(given), family_spellings(family)):
                self._rows.add([self._lexicon.number(one), self._lexicon.number(other), born, owner])

    def drop(self, owners: Numbers) -> None:
        """Leaves out these owners."""
        self._rows.drop(owners)

    def find(self, people: Sequence[Person]) -> list[list[Resembling]]:
        """For each person, the markers of whoever could be that person: each once, with its best evidence."""
        asked = [pieces(person.given, person.family) for person in people]
        rows = self._rows.rows()
        words = sorted({piece.text for parts in asked for piece in parts})
        if not words or not rows.shape[1]:
            return [[] for _ in people]
        alike = self._lexicon.resemblance(words)
        of_given, of_family = evidence.of_given(alike), evidence.of_family(alike)
        as_given = {word: of_given[at].take(rows[0]) for at, word in enumerate(words)}
        as_family = {word: of_family[at].take(rows[1]) for at, word in enumerate(words)}
        return [
            self._resembling(rows, _best(parts, as_given, as_family, rows.shape[1]), person)
            for person, parts in zip(people, asked, strict=True)
        ]

    def _resembling(self, rows: Numbers, name: Floats, person: Person) -> list[Resembling]:
        born = day_of(person.date_of_birth)
        if born is None:
            dated, total = np.zeros(len(name), dtype=np.bool_), name
        else:
            dated = rows[2] != UNKNOWN
            total = name + self._births.evidence(born).take(rows[2])
        enough = total >= np.where(dated, evidence.ENOUGH_WITH_DATES, evidence.ENOUGH_BY_NAME)
        best: dict[int, Resembling] = {}
        for row in np.flatnonzero(enough):
            found = Resembling(int(rows[3, row]), round(float(total[row]), 2), bool(dated[row]))
            if found.owner not in best or best[found.owner].bits < found.bits:
                best[found.owner] = found
        return list(best.values())


def _best(parts: Sequence[Piece], as_given: Mapping[str, Floats], as_family: Mapping[str, Floats], rows: int) -> Floats:
    """Bits of each row's name: one piece of the name asked taken for its given name, another for its family name.

    Which box of the form a piece was written in plays no part, so exchanged, joined and left out parts are all one.
    """
    best = np.zeros(rows, dtype=np.float32)
    for piece in parts:
        np.maximum(best, as_given[piece.text], out=best)
        np.maximum(best, as_family[piece.text], out=best)
    for one, other in permutations(parts, 2):
        if not one.covers & other.covers:
            np.maximum(best, as_given[one.text] + as_family[other.text], out=best)
    return best
