"""Addresses: by property number, and by text however it was written (R-MK-01)."""

import pytest

from services.dispatch.markers.domain import Address, Certainty, MatchedBy, Subject, SubjectKind
from tests.unit.dispatch.markers.marking import at, certainty, found, living_at, ways

HERE = "Flat 2, 10 Ash Mount, Bradford, BD7 3AN"


@pytest.mark.parametrize("kind", [SubjectKind.ADDRESS, SubjectKind.PERSON])
def test_the_property_number_is_exact_whatever_the_text(kind: SubjectKind) -> None:
    subject = Subject(kind, "Ada", "Fernleigh", addresses=(Address("100012345", "somewhere"),))
    match = found(subject, at("elsewhere", uprn="000100012345"))
    assert match is not None
    assert match.certainty is Certainty.EXACT
    assert match.by == {MatchedBy.ADDRESS}


@pytest.mark.parametrize(
    "text",
    [
        "10 ash mount flat 2 bd73an",
        "FLAT 2  10 ASH MT. BRADFORD BD7 3AN",
        "Apartment 2, 10, Ash Mount, BD7 3AN",
        "Apt. 2, 010 Ash Mount, BD7 3AN, Bradford, West Yorkshire",
    ],
)
def test_the_same_place_written_otherwise(text: str) -> None:
    assert certainty(living_at(Address("", HERE)), at(text)) is Certainty.EXACT


@pytest.mark.parametrize(
    ("text", "surety"),
    [
        ("Flat 2, 10 Ahs Mount, BD7 3AN", Certainty.LIKELY),
        ("Flat 2, 10, BD7 3AN", Certainty.LIKELY),
        ("Flat 2, 10 Ash Mount, Bradford", Certainty.LIKELY),
        ("Flat 3, 10 Ash Mount, BD7 3AN", Certainty.POSSIBLE),
        ("10 Ash Mount, BD7 3AN", Certainty.POSSIBLE),
        ("10A Ash Mount, BD7 3AN", Certainty.POSSIBLE),
        ("Flat 2, 10 Ash Mount", Certainty.POSSIBLE),
        ("Flat 2, 10 Ash Mount, Bradford, BD7 8XX", Certainty.POSSIBLE),
        ("110 Ash Mount, Bradford, BD7 3AN", None),
        ("1 Ash Mount, Bradford, BD7 3AN", None),
        ("Flat 2, 10 Ash Road, Bradford", None),
        ("Flat 2, 10 Ash Mount, Leeds", None),
        ("Flat 2, 10 Ash Mount, Leeds, LS1 4AP", None),
        ("Ash Mount, Bradford", None),
        ("on or near Ash Mount", None),
        ("", None),
    ],
)
def test_how_sure_a_place_is(text: str, surety: Certainty | None) -> None:
    assert certainty(living_at(Address("", HERE)), at(text)) is surety


@pytest.mark.parametrize(
    ("marked", "asked"),
    [
        ("12 St John's Road, Sale", "12 Saint Johns Rd, Sale"),
        ("5 Broadway, Sale", "5 Broadway Sale"),
        ("Rose Cottage, Mill Lane, Bury, BL9 1AA", "rose cottage mill ln bury bl9 1aa"),
        ("3 Park Hill Gardens, Bury", "3 Park Hill Gdns Bury"),
    ],
)
def test_streets_in_many_writings(marked: str, asked: str) -> None:
    assert ways(found(living_at(Address("", marked)), at(asked))) == {MatchedBy.ADDRESS}


def test_two_property_numbers_are_two_dwellings_however_they_are_written() -> None:
    assert certainty(living_at(Address("11", HERE)), at(HERE, uprn="12")) is Certainty.POSSIBLE
    assert certainty(living_at(Address("11", HERE)), at(HERE, uprn="11")) is Certainty.EXACT
    assert certainty(living_at(Address("", HERE)), at(HERE, uprn="12")) is Certainty.EXACT
    both = living_at(Address("11", HERE), Address("12", "Flat 9, 3 Elm Row, Bradford"))
    assert certainty(both, at(HERE, uprn="12")) is Certainty.EXACT
