"""What is killed, and when: seeded, spread over the month, and never at its ends."""

from itertools import pairwise

import pytest

from deploy.rehearsal.kills import Kill, kill_hours

HOURS = 744


@pytest.mark.parametrize(
    ("kill", "victims"),
    [
        (Kill.worker, ["crime-worker"] * 3),
        (Kill.kafka, ["kafka"]),
        (Kill.postgres, ["postgres"]),
        (Kill.all, ["crime-worker"] * 3 + ["kafka", "postgres"]),
        (None, []),
    ],
)
def test_each_is_killed_as_often_as_promised(kill: Kill | None, victims: list[str]) -> None:
    hours = kill_hours(kill, HOURS)
    assert sorted(hours.values()) == sorted(victims)
    assert all(0.1 * HOURS <= hour <= 0.9 * HOURS for hour in hours)


def test_the_same_hours_are_drawn_every_time_with_time_to_recover_between_them() -> None:
    assert kill_hours(Kill.all, HOURS) == kill_hours(Kill.all, HOURS)
    hours = sorted(kill_hours(Kill.all, HOURS))
    assert min(later - earlier for earlier, later in pairwise(hours)) >= 0.05 * HOURS
