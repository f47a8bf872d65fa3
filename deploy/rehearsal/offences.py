"""Which offence a row of the public file was: it names a category, and the codes within it are drawn.

In proportion to how often the police of England and Wales recorded each code in 2017-18.
"""

import random
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate

from deploy.rehearsal.demand import Span
from services.crime.domain import Basis, Offence, OffenceTable
from services.kernel.reference import read_table

_REFERENCE = "services.crime.reference"
# What is told in a month may have happened some days before it.
_BEFORE = timedelta(days=7)


class OffenceDraw:
    """Draws codes that a force may record for all of a month."""

    def __init__(self, table: OffenceTable, span: Span) -> None:
        counts = {line["code"]: int(line["count_2017_18"]) for line in read_table(_REFERENCE, "offences.csv")}
        first, last = (span.start - _BEFORE).date(), span.end.date()
        every: dict[str, list[Offence]] = {}
        for code, count in counts.items():
            offence = table.by_code[code]
            holds = offence.validity.covers(first) and offence.validity.covers(last)
            if count and holds and offence.recordable:
                every.setdefault(offence.category, []).append(offence)
        self._every = {category: _Weighted.by(counts, offences) for category, offences in every.items()}
        self._of_a_victim = {
            category: _Weighted.by(counts, found)
            for category, offences in every.items()
            if (found := [one for one in offences if one.basis is Basis.VICTIM])
        }

    def offence(self, category: str, rng: random.Random) -> Offence:
        """An offence of a category of the public file. Raises KeyError for a category without any in that month."""
        return self._every[category].draw(rng)

    def has_victims(self, category: str) -> bool:
        """Whether an offence of this category can have a victim: drugs and weapons have none."""
        return category in self._of_a_victim

    def offence_against_a_victim(self, category: str, rng: random.Random) -> Offence:
        """The same, among those that have a victim. Raises KeyError for a category that has none."""
        return self._of_a_victim[category].draw(rng)


@dataclass(frozen=True, slots=True)
class _Weighted:
    offences: Sequence[Offence]
    sums: Sequence[int]

    @classmethod
    def by(cls, counts: Mapping[str, int], offences: Sequence[Offence]) -> "_Weighted":
        return cls(offences, list(accumulate(counts[one.code] for one in offences)))

    def draw(self, rng: random.Random) -> Offence:
        return self.offences[bisect(self.sums, rng.random() * self.sums[-1], hi=len(self.sums) - 1)]
