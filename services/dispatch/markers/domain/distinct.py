"""Distinct strings with numbers, and columns of numbers that grow.

Both have one writer and may be read from another thread meanwhile: whoever reads sees what was there when it began.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FIRST_ROOM = 1024

Numbers = NDArray[np.signedinteger[Any]]


class Distinct:
    """Strings, each once, numbered from 1. Number 0 is the empty string: nothing is known."""

    def __init__(self) -> None:
        self._texts = [""]
        self._numbers = {"": 0}

    def __len__(self) -> int:
        return len(self._texts)

    def number(self, text: str) -> int:
        """The number of a string, which it gets when it is new."""
        number = self._numbers.get(text)
        if number is None:
            number = len(self._texts)
            self._texts.append(text)
            self._numbers[text] = number
        return number

    def known(self, text: str) -> int:
        """The number of a string, 0 where it has none."""
        return self._numbers.get(text, 0)

    def texts(self) -> list[str]:
        """All strings in the order of their numbers: a copy, so that it stays as it is."""
        return self._texts[:]


class Columns:
    """Rows of whole numbers, kept by column; the last number of each row is its owner's.

    A row never changes. Room grows by a share of what is there, so adding costs little.
    """

    def __init__(self, width: int, dtype: type[np.signedinteger[Any]] = np.int32) -> None:
        self._table = np.zeros((width, _FIRST_ROOM), dtype=dtype)
        self._rows = self._table[:, :0]

    def rows(self) -> Numbers:
        """All rows, (width, rows): a view that stays as it is."""
        return self._rows

    def add(self, row: Sequence[int]) -> None:
        """Adds a row."""
        count = self._rows.shape[1]
        if count == self._table.shape[1]:
            self._table = _with_room(self._rows)
        self._table[:, count] = row
        self._rows = self._table[:, : count + 1]

    def drop(self, owners: Numbers) -> None:
        """Leaves out every row of these owners from now on."""
        kept = self._rows[:, ~np.isin(self._rows[-1], owners)]
        self._table = _with_room(kept)
        self._rows = self._table[:, : kept.shape[1]]


def _with_room(rows: Numbers) -> Numbers:
    """A copy with room for an eighth more."""
    room = max(_FIRST_ROOM, rows.shape[1] // 8)
    return np.concatenate([rows, np.zeros((len(rows), room), dtype=rows.dtype)], axis=1)
