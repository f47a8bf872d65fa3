"""Nobody in a rehearsal could be taken for a real person."""

import random
from datetime import date

from deploy.people.synthetic import person, unnamed

TODAY = date(2018, 7, 31)


def test_people_are_marked_as_examples_and_have_numbers_kept_for_drama() -> None:
    rng = random.Random(5)
    for _ in range(300):
        one = person("v1", rng, TODAY)
        assert one.family_name.endswith("-Example")
        assert one.phone.startswith(("+441134960", "+441144960", "+441614960", "+447700900"))
        assert len(one.phone) == 13
        assert date(1925, 1, 1) < date.fromisoformat(one.date_of_birth) < date(2001, 1, 1)


def test_the_same_seed_makes_the_same_person() -> None:
    assert person("v1", random.Random(7), TODAY) == person("v1", random.Random(7), TODAY)


def test_whoever_cannot_be_traced_has_no_name() -> None:
    assert not unnamed("v1").family_name
