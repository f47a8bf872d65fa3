"""The estimate of the recording rate: domain facts 2.9, R-CR-04."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crime.domain import CrimeFlag, Stratum, recording_rate, strata, wilson
from tests.unit.crime.building import ASSAULT, BURGLARY, RAPE, TABLES


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_agrees_with_published_values(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=0.0001)


def test_all_recorded_is_not_certainty() -> None:
    low, high = wilson(20, 20)
    assert low == pytest.approx(0.8389, abs=0.0001)
    assert high == 1.0


def test_the_audit_of_2020_could_tell_its_rate_to_within_three_points() -> None:  # 2.9: 77.7 % of about 900
    low, high = wilson(699, 900)
    assert 0.747 < low < 0.777 < high < 0.805


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (1, 0), (2, 1), (-1, 3)])
def test_a_proportion_of_nothing_is_an_error(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        wilson(successes, trials)


@given(st.integers(1, 10_000), st.data())
def test_the_interval_holds_the_rate_and_stays_between_none_and_all(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = wilson(successes, trials)
    assert 0.0 <= low <= successes / trials <= high <= 1.0


def test_the_rate_of_a_stratum() -> None:
    rate = recording_rate(Stratum.VIOLENCE, should_be_recorded=4, recorded=3, within_duty=2)
    assert (rate.rate, rate.recorded_within_duty) == (0.75, 2)
    assert (rate.low, rate.high) == wilson(3, 4)


def test_an_empty_stratum_has_no_rate() -> None:
    rate = recording_rate(Stratum.SEXUAL, should_be_recorded=0, recorded=0, within_duty=0)
    assert (rate.rate, rate.low, rate.high) == (None, None, None)


def test_an_allegation_counts_to_every_stratum_it_belongs_to() -> None:
    offences = TABLES.offences.by_code
    assert strata(offences[ASSAULT], []) == {Stratum.OVERALL, Stratum.VIOLENCE}
    assert strata(offences[RAPE], [CrimeFlag.ONLINE]) == {Stratum.OVERALL, Stratum.SEXUAL}
    assert strata(offences[BURGLARY], [CrimeFlag.DOMESTIC_ABUSE]) == {Stratum.OVERALL, Stratum.DOMESTIC_ABUSE}
