"""How close a date of birth is to every other, whatever went wrong when it was written."""

from datetime import date

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from services.dispatch.markers.domain.distinct import Columns, Distinct

Floats = NDArray[np.float32]

UNKNOWN = 0
_DAYS = 25_000  # birthdays of the people alive, give or take
_YEAR = 365
# How many dates are within none, one or two wrong digits of a date; beyond, the digits say nothing.
_BY_DIGITS = np.array([1, 40, 700, _DAYS], dtype=np.float32)
# How many are as near in one of day, month and year, for each step that it is away; and at most, all years.
_A_STEP, _STEPS = 6, 25
# One date in eight is written wrongly (three bits), and of those hardly any so wrongly that less than this is left.
_MISWRITTEN, _LEAST = 3.0, 5.0


class Births:
    """The distinct dates of birth of a force's markers, numbered. Number 0 stands for an unknown one."""

    def __init__(self) -> None:
        self._digits = Distinct()
        self._parts = Columns(4)
        self._parts.add([0, 0, 0, 0])

    def number(self, born: str) -> int:
        """The number of an ISO date; `UNKNOWN` where it is none."""
        day = day_of(born)
        if day is None:
            return UNKNOWN
        digits = day.isoformat().replace("-", "")
        if not self._digits.known(digits):
            self._parts.add([day.year, day.month, day.day, day.toordinal()])
        return self._digits.number(digits)

    def evidence(self, born: date) -> Floats:
        """Bits of agreement with each known date, by its number; 0 for one that is not alike, and for an unknown one.

        Close are dates with few other digits (two that crossed count once), with day and month exchanged, few days
        apart, or the same but for a day, a month or a year that is not far away: whichever is the rarest.
        """
        digits = self._digits.texts()
        parts = self._parts.rows()[:, : len(digits)]
        asked = born.isoformat().replace("-", "")
        turned = asked[:4] + asked[6:] + asked[4:6]
        wrong = cdist([asked, turned], digits, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
        near = _BY_DIGITS[wrong[0]]
        near[wrong[1] == 0] = 1 if asked == turned else 2
        off = np.abs(parts - np.array([[born.year], [born.month], [born.day], [born.toordinal()]], dtype=np.int32))
        one_part = (off[:3] > 0).sum(axis=0, dtype=np.int8) <= 1
        steps = np.minimum(off[:3].sum(axis=0), _STEPS)
        np.minimum(near, np.where(one_part, _A_STEP * steps + 1, _DAYS), out=near)
        np.minimum(near, 2 * off[3] + 1, out=near)
        np.minimum(near, np.where(off[0] == 0, _YEAR, _DAYS), out=near)
        bits: Floats = np.log2(_DAYS / near)
        bits[near > 1] -= _MISWRITTEN
        bits[bits < _LEAST - _MISWRITTEN] = 0
        bits[UNKNOWN] = 0
        return bits


def day_of(born: str) -> date | None:
    """The day of an ISO date, None where it is none: nobody can be told by it."""
    try:
        return date.fromisoformat(born)
    except ValueError:
        return None
