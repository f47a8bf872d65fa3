"""Crime numbers: two digits of force, two of year, seven running."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crime.domain import crime_number
from services.crime.reference import forces

FORCES = forces()


def test_the_123rd_crime_of_west_yorkshire_in_2018() -> None:
    assert crime_number(FORCES["west-yorkshire"].code, 2018, 123) == "13180000123"


def test_greater_manchesters_leading_zero_is_kept() -> None:
    assert crime_number(FORCES["greater-manchester"].code, 2009, 1) == "06090000001"


@pytest.mark.parametrize(("code", "serial"), [("1", 1), ("123", 1), ("x1", 1), ("13", 0), ("13", 10_000_000)])
def test_a_number_that_could_not_be_told_apart_is_not_given(code: str, serial: int) -> None:
    with pytest.raises(ValueError, match=r"force code|running number"):
        crime_number(code, 2018, serial)


given_crimes = st.tuples(
    st.sampled_from(sorted(force.code for force in FORCES.values())), st.integers(2000, 2099), st.integers(1, 9_999_999)
)


@given(given_crimes, given_crimes)
def test_different_crimes_have_different_numbers(one: tuple[str, int, int], other: tuple[str, int, int]) -> None:
    assert (crime_number(*one) == crime_number(*other)) == (one == other)
