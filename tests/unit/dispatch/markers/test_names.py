"""Names and dates of birth as they get written (F11, F12, R-SR-01)."""

import pytest

from services.dispatch.markers.domain import Certainty, MatchedBy, Person
from tests.unit.dispatch.markers.marking import TODAY, a_marker, a_person, an_index, certainty, found, naming, ways

MARKED = a_person("Mohammed Tariq", "O'Connor-Wiśniewski", "1985-03-31")


def test_the_same_name_and_date_is_exact() -> None:
    assert certainty(MARKED, naming("Mohammed Tariq", "O'Connor-Wiśniewski", "1985-03-31")) is Certainty.EXACT


@pytest.mark.parametrize(
    ("given", "family"),
    [
        ("MOHAMMED TARIQ", "OCONNOR WISNIEWSKI"),
        ("o\u2019connor wis\u0301niewski", "mohammed tariq"),
        ("", "Mohammed Tariq O'Connor-Wiśniewski"),
    ],
)
def test_case_accents_apostrophes_hyphens_and_boxes_make_no_difference(given: str, family: str) -> None:
    assert certainty(MARKED, naming(given, family, "1985-03-31")) is Certainty.EXACT


@pytest.mark.parametrize(
    ("given", "family"),
    [
        ("Muhamad", "Wisnevski"),
        ("Tariq", "Okonner"),
        ("Mohamed", "Conner"),
        ("M", "O'Connor"),
        ("Mohammed", "Ashworth"),
        ("Mohammed", ""),
        ("Wisniewski", "Mohammed"),
        ("Mohammedtariq", "Oconnorwisniewski"),
    ],
)
def test_with_the_date_of_birth_any_likeness_is_enough(given: str, family: str) -> None:  # R-SR-01
    assert found(MARKED, naming(given, family, "1985-03-31")) is not None


@pytest.mark.parametrize(
    "born",
    ["1985-03-13", "1985-04-01", "1985-03-30", "1986-03-31", "1885-03-31", "1958-03-31", "1985-01-01", "1985-08-31"],
)
def test_a_date_of_birth_with_a_mistake_still_counts_for_the_name(born: str) -> None:  # R-SR-01
    assert found(MARKED, naming("Mohamed", "O'Connor", born)) is not None


def test_day_and_month_exchanged() -> None:
    assert found(a_person("Ann", "Lee", "1985-03-07"), naming("Anne", "Leigh", "1985-07-03")) is not None


def test_another_date_of_birth_is_another_person() -> None:
    assert found(MARKED, naming("Mohammed Tariq", "O'Connor-Wiśniewski", "1962-11-08")) is None


def test_the_date_of_birth_alone_is_nobody() -> None:
    assert found(MARKED, naming("Peggy", "Hartshead", "1985-03-31")) is None
    assert found(MARKED, naming("", "", "1985-03-31")) is None


@pytest.mark.parametrize(
    ("marked", "named"), [("1985-03-31", ""), ("", "1985-03-31"), ("", ""), ("1985", "1985-03-31")]
)
def test_an_unknown_date_of_birth_never_counts_against(marked: str, named: str) -> None:
    assert certainty(a_person("Siobhán", "Nuttall", marked), naming("Siobhan", "Nuttal", named)) is Certainty.LIKELY


def test_without_a_date_a_name_has_to_fit_better() -> None:
    assert found(MARKED, naming("Mohammed", "Ashworth")) is None
    assert found(MARKED, naming("M", "O'Connor")) is None
    assert found(MARKED, naming("", "O'Connor")) is None
    assert found(MARKED, naming("Mohamed", "O'Conor")) is not None


def test_a_name_alone_is_no_more_than_possible_where_many_have_it() -> None:
    many = [a_marker(a_person("David", "Smith", f"19{year}-05-01"), year) for year in range(60, 64)]
    alone = an_index(*many[:3]).find(naming("David", "Smith"), TODAY)
    among = an_index(*many).find(naming("David", "Smith"), TODAY)
    assert [match.certainty for match in alone] == [Certainty.LIKELY] * 3
    assert [match.certainty for match in among] == [Certainty.POSSIBLE] * 4


def test_several_markers_of_one_person_are_no_namesakes() -> None:
    many = [a_marker(a_person("David", "Smith", "1960-05-01"), number) for number in range(5)]
    assert {match.certainty for match in an_index(*many).find(naming("David", "Smith"), TODAY)} == {Certainty.LIKELY}


def test_short_forms_and_aliases() -> None:
    marked = a_person("Margaret", "Entwistle", aliases=(("Rosa", "Delph"),))
    assert ways(found(marked, naming("Peggy", "Entwhistle"))) == {MatchedBy.PERSON_NAMED}
    assert ways(found(marked, naming("Roza", "Delf"))) == {MatchedBy.PERSON_NAMED}
    assert found(marked, naming("Peggy", "Delph")) is None


def test_a_particle_alone_is_no_name() -> None:
    assert found(a_person("Anna", "van der Berg"), naming("Anna", "van Dijk")) is None
    assert found(a_person("Anna", "van der Berg"), naming("Anna", "Vanderberg")) is not None


def test_nothing_that_is_asked_or_marked_shows_in_a_repr() -> None:  # I7
    marker = a_marker(MARKED, handling="Ask for Ada")
    shown = repr(marker) + repr(naming("Mohammed", "Ashworth", "1985-03-31")) + repr(Person("Mohammed", "Ashworth"))
    assert not any(word in shown for word in ("Mohammed", "Ashworth", "1985", "Connor", "Ada"))
