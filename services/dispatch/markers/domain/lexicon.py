"""The distinct words of all names in a force, and how much a word resembles each of them.

A hundred thousand people share some ten thousands of words, so a name is compared with words, not with people.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jellyfish import metaphone
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cdist

from services.dispatch.markers.domain.distinct import Columns, Distinct

Floats = NDArray[np.float32]

# What a short form ("Peggy") has of the name it stands for: more than any slip leaves, less than the name itself.
_SHORT_FORM = 0.9
# How much the sound of a word adds to its letters, where it is the more alike of the two.
_SOUND = 0.3


def alike(asked: Sequence[str], known: Sequence[str]) -> Floats:
    """How much strings resemble others, 0 to 1: (asked, known).

    The mean of two measures that go wrong differently. Jaro-Winkler forgives much and trusts beginnings, so short
    names look alike to it; the edit distance (a crossing counts once) punishes each letter and knows no beginnings.
    """
    found: Floats = cdist(asked, known, scorer=JaroWinkler.normalized_similarity, dtype=np.float32)
    found += _edits(asked, known)
    found /= 2
    return found


def _edits(asked: Sequence[str], known: Sequence[str]) -> Floats:
    found: Floats = cdist(asked, known, scorer=OSA.normalized_similarity, dtype=np.float32)
    return found


class Lexicon:
    """The words of names. `short_forms` has, for a word, the others that may stand for it."""

    def __init__(self, short_forms: Mapping[str, frozenset[str]]) -> None:
        self._words = Distinct()
        self._sounds = Distinct()
        self._sound_of = Columns(1)
        self._sound_of.add([0])
        self._short_forms = short_forms

    def number(self, word: str) -> int:
        """The number of a word, which it gets when it is new."""
        number = self._words.known(word)
        if number or not word:
            return number
        self._sound_of.add([self._sounds.number(metaphone(word))])
        return self._words.number(word)

    def resemblance(self, asked: Sequence[str]) -> Floats:
        """How much each word asked resembles each word known, 0 to 1: (asked, words). The empty word is like none."""
        words = self._words.texts()
        found = alike(asked, words)
        sounds = _edits([metaphone(word) for word in asked], self._sounds.texts())
        heard = sounds.take(self._sound_of.rows()[0, : len(words)], axis=1)
        np.maximum(found, (1 - _SOUND) * found + _SOUND * heard, out=found)
        for row, word in enumerate(asked):
            others = [self._words.known(form) for form in self._short_forms.get(word, ())]
            found[row, others] = np.maximum(found[row, others], _SHORT_FORM)
        found[:, 0] = 0
        return found
