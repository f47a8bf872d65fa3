"""Which markers are about an organisation, however its name was written."""

from collections.abc import Iterator

import numpy as np
from rapidfuzz.fuzz import token_sort_ratio
from rapidfuzz.process import cdist

from services.dispatch.markers.domain.distinct import Columns, Distinct, Numbers
from services.dispatch.markers.domain.spelling import words
from services.dispatch.markers.domain.terms import Certainty

# Legal forms and fillers, which are left out as often as not.
_NO_NAME = frozenset(
    ("the", "and", "of", "co", "company", "ltd", "limited", "plc", "llp", "lp", "inc", "cic", "cio", "uk")
)
_SAME, _LIKELY, _POSSIBLE = 100.0, 90.0, 80.0


class OrganisationLookup:
    """The names of organisations."""

    def __init__(self) -> None:
        self._names = Distinct()
        self._rows = Columns(2)

    def add(self, owner: int, name: str) -> None:
        """Adds a name."""
        if name:
            self._rows.add([self._names.number(_plain(name)), owner])

    def drop(self, owners: Numbers) -> None:
        """Leaves out these owners."""
        self._rows.drop(owners)

    def find(self, name: str) -> Iterator[tuple[int, Certainty]]:
        """The owners of names that are, or may be, the same."""
        asked = _plain(name)
        if not asked:
            return
        names, owners = self._rows.rows()
        alike = cdist([asked], self._names.texts(), scorer=token_sort_ratio, score_cutoff=_POSSIBLE, dtype=np.float32)
        likeness = alike[0].take(names)
        for row in np.flatnonzero(likeness >= _POSSIBLE):
            yield int(owners[row]), _certainty(float(likeness[row]))


def _plain(name: str) -> str:
    every = words(name)
    return " ".join([word for word in every if word not in _NO_NAME] or every)


def _certainty(likeness: float) -> Certainty:
    if likeness >= _SAME:
        return Certainty.EXACT
    return Certainty.LIKELY if likeness >= _LIKELY else Certainty.POSSIBLE
