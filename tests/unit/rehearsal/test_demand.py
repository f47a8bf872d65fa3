"""Times of first contact: within the month, in the force's own time, and with the peaks of the stated model."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from deploy.rehearsal.demand import Demand, Pattern, pattern_of, span_of, weight

LONDON = ZoneInfo("Europe/London")


def test_a_month_begins_and_ends_at_midnight_of_the_force() -> None:
    july = span_of("2018-07")
    assert july.start == datetime(2018, 6, 30, 23, tzinfo=UTC)
    assert july.end == datetime(2018, 7, 31, 23, tzinfo=UTC)
    assert len(july.hours) == 31 * 24


def test_the_month_in_which_summer_time_ends_has_an_hour_more() -> None:
    assert len(span_of("2018-10").hours) == 31 * 24 + 1
    assert len(span_of("2018-03").hours) == 31 * 24 - 1


def test_a_year_ends_with_december() -> None:
    assert span_of("2018-12").end == datetime(2019, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("pattern", [Pattern.NIGHT_LIFE, Pattern.PATROL])
def test_weekend_nights_are_two_to_three_times_the_mean(pattern: Pattern) -> None:
    local = [hour.astimezone(LONDON) for hour in span_of("2018-07").hours]
    weights = {hour: weight(pattern, hour) for hour in local}
    mean = sum(weights.values()) / len(weights)
    nights = [
        weights[hour]
        for hour in local
        if (hour.hour >= 22 or hour.hour < 3) and (hour - timedelta(hours=3)).weekday() in (4, 5)
    ]
    assert 2 < sum(nights) / len(nights) / mean < 3


def test_times_are_of_the_month_and_the_same_for_the_same_seed() -> None:
    july = span_of("2018-07")
    demand = Demand(july)
    drawn = [demand.first_contact("Robbery", random.Random(seed)) for seed in range(500)]
    assert all(july.start <= at < july.end for at in drawn)
    assert drawn == [demand.first_contact("Robbery", random.Random(seed)) for seed in range(500)]


def test_shops_are_robbed_while_they_are_open() -> None:
    demand, rng = Demand(span_of("2018-07")), random.Random(1)
    hours = Counter(demand.first_contact("Shoplifting", rng).astimezone(LONDON).hour for _ in range(2000))
    assert pattern_of("Shoplifting") is Pattern.SHOP_HOURS
    assert sum(hours[hour] for hour in range(9, 19)) > 0.75 * 2000
