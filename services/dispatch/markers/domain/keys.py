"""What is told by one number or mark that is either right or not: telephones, properties and cars."""

import re
from collections.abc import Iterable

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from services.dispatch.markers.domain.distinct import Columns, Distinct, Numbers

_NO_DIGIT, _NO_MARK = re.compile(r"[^0-9]"), re.compile(r"[^A-Z0-9]")
# Digits of the longest number that is kept; E.164 has fifteen, a property twelve.
_LONGEST = 18
# A mark of fewer characters may be anybody's with one of them wrong.
_TELLING = 5


def telephone(number: str) -> int:
    """A telephone number as E.164 has it, 0 for none; one that was written the British way is British."""
    digits = _NO_DIGIT.sub("", number)
    if not number.lstrip().startswith("+") and digits.startswith("0"):
        digits = digits[2:] if digits.startswith("00") else f"44{digits[1:]}"
    return whole_number(digits)


def whole_number(digits: str) -> int:
    """The number that digits are, 0 for none."""
    return int(digits) if digits.isdecimal() and len(digits) <= _LONGEST else 0


def registration(mark: str) -> str:
    """The letters and digits of a registration mark."""
    return _NO_MARK.sub("", mark.upper())


class NumberLookup:
    """Owners by their numbers; 0 is nobody's."""

    def __init__(self) -> None:
        self._rows = Columns(2, np.int64)

    def add(self, owner: int, numbers: Iterable[int]) -> None:
        """Adds an owner's numbers."""
        for number in numbers:
            self._rows.add([number, owner])

    def drop(self, owners: Numbers) -> None:
        """Leaves out these owners."""
        self._rows.drop(owners)

    def find(self, number: int) -> list[int]:
        """The owners of a number."""
        numbers, owners = self._rows.rows()
        mine: list[int] = owners[(numbers == number) & (numbers > 0)].tolist()
        return mine


class MarkLookup:
    """Owners by their vehicles' registration marks."""

    def __init__(self) -> None:
        self._marks = Distinct()
        self._rows = Columns(2)

    def add(self, owner: int, marks: Iterable[str]) -> None:
        """Adds an owner's marks."""
        for mark in marks:
            self._rows.add([self._marks.number(mark), owner])

    def drop(self, owners: Numbers) -> None:
        """Leaves out these owners."""
        self._rows.drop(owners)

    def find(self, mark: str) -> list[int]:
        """The owners of a mark."""
        return self._owners([self._marks.known(mark)])

    def near(self, mark: str) -> list[int]:
        """The owners of marks with one character more, less, other or exchanged with its neighbour."""
        if len(mark) < _TELLING:
            return []
        wrong = cdist([mark], self._marks.texts(), scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
        return self._owners(np.flatnonzero(wrong[0] == 1).tolist())

    def _owners(self, numbers: list[int]) -> list[int]:
        marks, owners = self._rows.rows()
        mine: list[int] = owners[np.isin(marks, numbers) & (marks > 0)].tolist()
        return mine
