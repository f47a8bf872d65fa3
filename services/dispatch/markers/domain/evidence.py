"""What an agreement is worth, in bits: how seldom two different people agree as well by chance.

One bit halves the people of a force who could be meant. Bits of what is independent add up, so they can be weighed
against each other: an exact date of birth makes up for much of a name (Fellegi and Sunter, 1969).

The figures for words were measured between different people with the names of the US census of 1990, those for dates
follow from counting days. How much is enough was chosen on the truth set of `bench.hazards`, which says what each
choice costs: the more is asked for, the fewer strangers are shown, and the more of those who were written wrongly stay
unseen.
"""

import numpy as np
from numpy.typing import NDArray

from services.dispatch.markers.domain.terms import Certainty

Floats = NDArray[np.float32]

_RESEMBLANCE = (0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_GIVEN = (0.0, 2.5, 3.9, 5.2, 6.1, 6.5, 6.7, 6.75)
_FAMILY = (0.0, 2.5, 4.2, 6.3, 8.0, 9.3, 9.7, 9.8)

# Enough to be shown where both dates of birth are known, and where one is not.
ENOUGH_WITH_DATES, ENOUGH_BY_NAME = 19.5, 15.5
# Enough to be called likely.
LIKELY = 23.0
# A whole name, but for a letter or so.
LIKELY_NAME = 16.2
# Up to so many people who answer to a name as well may be meant by it: beyond, a name alone is no more than possible.
FEW = 3

# One home, one line, one car or one firm among a few hundred thousand; less where it is one of several.
_KEYS = {Certainty.EXACT: 18.0, Certainty.LIKELY: 16.0, Certainty.POSSIBLE: 12.0}


def of_key(certainty: Certainty) -> float:
    """Bits for an address, a telephone, a vehicle or an organisation."""
    return _KEYS[certainty]


def of_given(resemblance: Floats) -> Floats:
    """Bits for given names that resemble the one asked so much: of other people, 2**-bits do so as well or better."""
    return np.interp(resemblance, _RESEMBLANCE, _GIVEN).astype(np.float32)


def of_family(resemblance: Floats) -> Floats:
    """The same for family names, which are rarer."""
    return np.interp(resemblance, _RESEMBLANCE, _FAMILY).astype(np.float32)
