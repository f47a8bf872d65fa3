"""What is told by one string that is either right or not: telephones and cars."""

import re
from collections.abc import Iterable

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from services.dispatch.domain.hazards.distinct import Columns, Distinct, Numbers

_NO_DIGIT, _NO_MARK = re.compile(r"[^0-9]"), re.compile(r"[^A-Z0-9]")

_TELLING = 5


def telephone(number: str) -> str:
    """The digits of a number as E.164 has them; one that was written the British way is British."""
    digits = _NO_DIGIT.sub("", number)
    if number.lstrip().startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    return f"44{digits[1:]}" if digits.startswith("0") else digits


def registration(mark: str) -> str:
    """The letters and digits of a registration mark."""
    return _NO_MARK.sub("", mark.upper())


class KeyLookup:
    """Owners by their keys."""

    def __init__(self) -> None:
        self._keys = Distinct()
        self._rows = Columns(2)

    def add(self, owner: int, keys: Iterable[str]) -> None:
        """Adds an owner's keys."""
        for key in keys:
            self._rows.add([self._keys.number(key), owner])

    def drop(self, owners: Numbers) -> None:
        """Leaves out these owners."""
        self._rows.drop(owners)

    def find(self, key: str) -> list[int]:
        """The owners of a key."""
        return self._owners([self._keys.known(key)])

    def near(self, key: str) -> list[int]:
        """The owners of keys with one character more, less, other or exchanged with its neighbour.

        None for a key of so few characters that one of them is much of it.
        """
        if len(key) < _TELLING:
            return []
        wrong = cdist([key], self._keys.texts(), scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
        return self._owners(np.flatnonzero(wrong[0] == 1).tolist())

    def _owners(self, numbers: list[int]) -> list[int]:
        keys, owners = self._rows.rows()
        mine: list[int] = owners[np.isin(keys, numbers) & (keys > 0)].tolist()
        return mine
