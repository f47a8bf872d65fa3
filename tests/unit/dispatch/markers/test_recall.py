"""How many are found who are written wrongly, on a small truth set (R-SR-01); `make bench` has the large one."""

import random
from collections import defaultdict
from statistics import fmean

import pytest

from bench.marked import FORCE, TODAY, marker_of, naming
from bench.truth.cases import Case, Group, cases, told
from bench.truth.nominals import Nominals
from services.dispatch.markers.domain import Concerns, MarkerIndex
from services.dispatch.reference.short_forms import short_forms

_PEOPLE, _MARKED, _PER_KIND, _SEED = 20_000, 2_000, 8, 4


class _Records:
    """Nominals of whom a tenth carry a marker, and cases of the latter."""

    def __init__(self) -> None:
        self.rng = random.Random(_SEED)
        self.nominals = Nominals(_PEOPLE, _SEED)
        self.marked = self.rng.sample(range(_PEOPLE), _MARKED)
        markers = [marker_of(self.nominals[number], self.rng) for number in self.marked]
        self.index = MarkerIndex(FORCE, markers, short_forms=short_forms())
        self.cases = list(cases(self.nominals, self.marked, _PER_KIND, self.rng))

    def shown(self, concerns: Concerns) -> set[int]:
        return {match.marker.id.int for match in self.index.find(concerns, TODAY)}

    def recall(self, group: Group, *, dated: bool) -> dict[str, float]:
        """By kind."""
        found: dict[str, list[bool]] = defaultdict(list)
        for case in self._of(group, dated=dated):
            found[case.kind].append(case.number in self.shown(naming(case.told, dated=dated)))
        return {kind: fmean(all_) for kind, all_ in found.items()}

    def _of(self, group: Group, *, dated: bool) -> list[Case]:
        return [case for case in self.cases if case.group is group and (dated or case.named)]


@pytest.fixture(scope="module")
def records() -> _Records:
    return _Records()


@pytest.mark.parametrize("group", [Group.CHOSEN_WITH, Group.HELD_OUT])
def test_one_mistake_hides_nobody_whose_date_of_birth_is_known(records: _Records, group: Group) -> None:
    shares = records.recall(group, dated=True)
    assert fmean(shares.values()) >= 0.99, shares


def test_most_are_found_who_are_written_wrongly_in_several_ways(records: _Records) -> None:
    shares = records.recall(Group.SEVERAL, dated=True)
    assert fmean(shares.values()) >= 0.6, shares


def test_a_name_alone_finds_most_who_still_have_one(records: _Records) -> None:
    shares = {**records.recall(Group.CHOSEN_WITH, dated=False), **records.recall(Group.HELD_OUT, dated=False)}
    # Nothing is left of these names that could be looked for.
    for kind in ("married", "no_family_name", "initial", "initials"):
        del shares[kind]
    assert fmean(shares.values()) >= 0.85, shares


def test_few_strangers_are_shown_for_people_without_a_marker(records: _Records) -> None:
    unmarked = sorted(set(range(_PEOPLE)) - set(records.marked))
    asked = [told(records.nominals[number], records.rng) for number in records.rng.sample(unmarked, 100)]
    assert fmean(len(records.shown(naming(one, dated=True))) for one in asked) < 0.2
    assert fmean(len(records.shown(naming(one, dated=False))) for one in asked) < 2
