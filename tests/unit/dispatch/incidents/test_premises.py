"""People are met at premises, not in a street (R-MK-01)."""

import pytest

from services.dispatch.incidents.domain.premises import premises_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 Ash Mount, Leeds LS1 4AP", "12, ASH MOUNT, LEEDS, ls14ap"),
        ("Flat 2, 12a High Street, Exampleford", "flat 2 12A High St, Exampleford"),
    ],
)
def test_the_same_premises_however_they_are_written(one: str, other: str) -> None:
    assert premises_key(one) == premises_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 Ash Mount, Leeds LS1 4AP", "14 Ash Mount, Leeds LS1 4AP"),
        ("12 Ash Mount, Leeds LS1 4AP", "12a Ash Mount, Leeds LS1 4AP"),
        ("Flat 2, 12 Ash Mount, Leeds LS1 4AP", "Flat 3, 12 Ash Mount, Leeds LS1 4AP"),
        ("12 Ash Mount, Leeds", "12 Ash Mount, Wakefield"),
    ],
)
def test_others_are_others(one: str, other: str) -> None:
    assert premises_key(one) != premises_key(other)


@pytest.mark.parametrize("address", ["", "On or near Ash Mount", "Ash Mount, Leeds LS1 4AP", "Rose Cottage, Mill Lane"])
def test_a_street_is_no_premises(address: str) -> None:
    assert premises_key(address) == ""
