"""By what a marker is found, and how alike two subjects are (R-SR-01)."""

import pytest

from peel.safety.v1 import api_pb2 as api
from services.kernel.errors import Invalid
from services.kernel.validation import Check
from services.safety.markers.domain.finding import (
    Means,
    Way,
    plain,
    plain_address,
    plain_phone,
    plain_registration,
    ways_to,
)
from services.safety.markers.domain.likeness import (
    LEAST,
    Asked,
    birth_likeness,
    births_near,
    likeness,
    name_likeness,
)
from services.safety.markers.domain.register import Numbered
from services.safety.markers.domain.subjects import Address, Alias, Subject
from services.safety.markers.domain.terms import SubjectKind
from services.safety.markers.messages_finding import asked_from, subject_from
from tests.unit.safety.markers.building import FORCE, NOW, SECRETS, content, entry, marker

HER = Alias("Wilhelmina", "Ferrensby")


def test_a_marker_is_found_by_everything_known_of_its_subject() -> None:  # R-MK-01
    assert ways_to(content().subject) == {
        Way(Means.NAME, "wilhelmina ferrensby", "1961-03-09"),
        Way(Means.NAME, "mina larkrise", "1961-03-09"),
        Way(Means.UPRN, "100055000111"),
        Way(Means.ADDRESS, "7 tannery row leeds ls14ap"),
        Way(Means.PHONE, "+447700900123"),
        Way(Means.VEHICLE, "FE61W1L"),
    }


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Seán O'Brien-Núñez", "sean obrien nunez"),
        ("  ZO\u00cb  ", "zoe"),
        ("", ""),
        ("\u0141ukasz", "lukasz"),
    ],
)
def test_a_name_is_plain_however_it_is_written(written: str, found: str) -> None:
    assert plain(written) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("12 Ash St., Leeds, LS1 4AP", "12 ash street leeds ls14ap"),
        ("12 ASH STREET LEEDS ls14ap", "12 ash street leeds ls14ap"),
        ("Flat 2, 9 Elm Rd", "flat 2 9 elm road"),
        ("", ""),
    ],
)
def test_an_address_is_plain_however_it_is_written(written: str, found: str) -> None:
    assert plain_address(written) == found


def test_phones_and_plates_are_plain() -> None:
    for written in ("+441134960000", "0113 496 0000", "(0113) 496-0000", "00441134960000"):
        assert plain_phone(written) == "+441134960000"
    assert plain_registration("ol51 ioo") == plain_registration("0L51100") == "0L51100"


@pytest.mark.parametrize(
    "other",
    [
        Alias("Wilhelmina", "Ferrensby"),
        Alias("WILHELMINA", "FERRENSBY"),
        Alias("Ferrensby", "Wilhelmina"),
        Alias("Wilhelmina Jane", "Ferrensby"),
        Alias("Wilhelmina", "Ferrensby-Larkrise"),
        Alias("", "Wilhelmina Ferrensby"),
        Alias("Willhelmena", "Ferensby"),
        Alias("Wilhelmnia", "Farrensbey"),
        Alias("", "Ferrensby"),
    ],
)
def test_a_misspelt_swapped_or_partial_name_is_alike(other: Alias) -> None:  # R-SR-01, F12
    assert name_likeness(HER, other) > 0.8
    assert name_likeness(other, HER) > 0.8


@pytest.mark.parametrize(
    "other", [Alias("Gordon", "Thackray"), Alias("Walter", "Bairstow"), Alias("", "Ogden"), Alias()]
)
def test_another_name_is_not(other: Alias) -> None:
    assert name_likeness(HER, other) < LEAST


def test_dates_of_birth_agree_as_far_as_they_do() -> None:
    born = "1961-03-09"
    assert birth_likeness(born, born) == 1
    assert 0.8 < birth_likeness(born, "1961-09-03") < 1
    assert 0.8 < birth_likeness(born, "1967-03-09") < 1
    assert birth_likeness(born, "1984-11-27") == 0


def test_births_to_look_at_are_those_a_slip_away() -> None:
    near = births_near("1961-03-09")
    assert {"1961-03-09", "1961-09-03", "1967-03-09", "1961-03-04"} <= set(near)
    assert "1984-11-27" not in near
    assert births_near("") == []


def score(subject: Subject, **asked: object) -> float:
    return likeness(Asked(**asked), subject)  # type: ignore[arg-type]


def test_a_date_of_birth_tells_people_of_one_name_apart() -> None:
    other = Subject(SubjectKind.PERSON, "Wilhelmina", "Ferrensby", date_of_birth="1990-12-24")
    unknown = Subject(SubjectKind.PERSON, "Wilhelmina", "Ferrensby")
    asked = {"name": HER, "date_of_birth": "1961-03-09"}
    assert score(content().subject, **asked) > score(unknown, **asked) > score(other, **asked) >= LEAST


def test_an_alias_is_a_name_too() -> None:
    assert score(content().subject, name=Alias("Meena", "Larkrize")) > 0.8


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ({"uprn": "000100055000111"[3:]}, 1.0, 1.0),
        ({"uprn": "100055000112"}, 0.0, 0.0),
        ({"address": "7 Tannery Rw Leeds"}, 0.85, 1.0),
        ({"address": "7 Tanery Row, LS1 4AP"}, 0.85, 1.0),
        ({"address": "9 Tannery Row, Leeds LS1 4AP"}, 0.0, 0.0),
        ({"address": "7 Harbour View, Whitby"}, 0.0, 0.0),
        ({"phone": "07700 900123"}, 1.0, 1.0),
        ({"phone": "07700 900124"}, 0.0, 0.0),
        ({"vehicle_registration": "FE61 WIL"}, 1.0, 1.0),
        ({"vehicle_registration": "FE16 WIL"}, 0.7, 0.8),
        ({"vehicle_registration": "XX99 ABC"}, 0.0, 0.0),
        ({"organisation_name": "Ferrensby"}, 0.0, 0.0),
    ],
)
def test_addresses_phones_and_vehicles_are_compared_for_what_they_are(
    asked: dict[str, str], least: float, most: float
) -> None:  # R-MK-01
    assert least <= score(content().subject, **asked) <= most


def test_whoever_is_alike_in_two_ways_comes_first() -> None:
    both = score(content().subject, name=Alias("Wilma", "Ferrensbi"), address="7 Tannery Rw, Leeds")
    assert both > score(content().subject, name=Alias("Wilma", "Ferrensbi"))
    assert both > score(content().subject, address="7 Tannery Rw, Leeds")


def test_an_organisation_is_found_by_its_name_misspelt() -> None:
    firm = Subject(SubjectKind.ORGANISATION, organisation_name="Ferrensby Tannery Ltd", addresses=(Address("7"),))
    assert score(firm, organisation_name="Ferensby Tanery") > 0.75
    assert score(firm, organisation_name="Larkrise Bakery") == 0


def test_nobody_is_in_a_repr() -> None:  # I7
    whole = (Asked(name=HER, phone="+447700900123"), marker(), Numbered(1, entry()), ways_to(content().subject))
    assert [secret for secret in SECRETS if secret in repr(whole)] == []


def asked(**parts: str) -> list[str]:
    check = Check(NOW)
    asked_from(api.SearchMarkersRequest(force=FORCE, **parts), check)  # type: ignore[arg-type]
    return _fields(check)


def _fields(check: Check) -> list[str]:
    try:
        check.done()
    except Invalid as invalid:
        return [one.field for one in invalid.violations]
    return []


def test_a_search_asks_for_something_and_says_it_rightly() -> None:
    assert (
        asked(family_name="Ferrensby") == asked(phone="0113 496 0000") == asked(vehicle_registration="fe61 wil") == []
    )
    assert asked() == asked(date_of_birth="1961-03-09") == asked(family_name="'") == [""]
    assert asked(uprn="x", phone="call me", vehicle_registration="A-1", date_of_birth="soon", family_name="F") == [
        "date_of_birth",
        "uprn",
        "phone",
        "vehicle_registration",
    ]


def listed(**parts: str) -> list[str]:
    check = Check(NOW)
    subject_from(api.ListSubjectMarkersRequest(force=FORCE, **parts), check)  # type: ignore[arg-type]
    return _fields(check)


def test_a_list_names_exactly_one_subject() -> None:
    assert listed(uprn="100055000111") == listed(phone="+447700900123") == listed(vehicle_registration="A1") == []
    assert listed(given_name="W", family_name="F", date_of_birth="1961-03-09") == []
    assert listed() == listed(uprn="1", phone="+447700900123") == [""]
    assert listed(family_name="F") == ["given_name", "date_of_birth"]
    assert listed(date_of_birth="1961-03-09") == ["given_name", "family_name"]
