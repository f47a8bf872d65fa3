"""Every way in which a marker may concern an incident, and what is shown of it (R-MK-01, R-MK-02)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.dispatch.markers.domain import (
    Address,
    Certainty,
    Concerns,
    MarkerState,
    MatchedBy,
    Person,
    Severity,
    Subject,
    SubjectKind,
)
from tests.unit.dispatch.markers.marking import (
    TODAY,
    a_marker,
    a_person,
    an_index,
    at,
    certainty,
    found,
    naming,
    ways,
)

HOME = Address("100012345", "10 Ash Mount, Bradford, BD7 3AN")
ADA = a_person("Ada", "Fernleigh", "1970-02-03", addresses=(HOME,), phones=("+447700900123",), vehicles=("AB12 CDE",))


@pytest.mark.parametrize(
    ("concerns", "way"),
    [
        (naming("Ada", "Fernlee", "1970-02-03"), MatchedBy.PERSON_NAMED),
        (Concerns(associates=(Person("Ada", "Fernlee", "1970-02-03"),)), MatchedBy.ASSOCIATE_OF_ADDRESS),
        (at("10 Ash Mount BD7 3AN"), MatchedBy.ADDRESS),
        (at(uprn="100012345"), MatchedBy.ADDRESS),
        (Concerns(phones=("+44 7700 900123",)), MatchedBy.PHONE),
        (Concerns(phones=("07700900123",)), MatchedBy.PHONE),
        (naming("Somebody", "Else", phone="+447700900123"), MatchedBy.PHONE),
        (Concerns(vehicles=("ab12cde",)), MatchedBy.VEHICLE),
        (Concerns(vehicles=("AB12 CDF",)), MatchedBy.VEHICLE),
    ],
)
def test_a_person_is_reached_in_every_way(concerns: Concerns, way: MatchedBy) -> None:  # R-MK-01
    assert ways(found(ADA, concerns)) == {way}


def test_a_marker_reached_in_all_ways_is_there_once_with_all_of_them() -> None:  # R-MK-01
    everything = Concerns(
        people=(Person("Ada", "Fernleigh", "1970-02-03"), Person("Adah", "Fernley")),
        uprn="100012345",
        address=HOME.text,
        phones=("+447700900123",),
        vehicles=("AB12CDE", "AB12CDF"),
        associates=(Person("A", "Fernleigh", "1970-02-03"),),
    )
    match = found(ADA, everything)
    assert match is not None
    assert match.certainty is Certainty.EXACT
    assert match.by == set(MatchedBy) - {MatchedBy.UNSPECIFIED, MatchedBy.ORGANISATION}


def test_two_weak_ways_are_a_strong_one() -> None:
    weak = naming("Ada", "Fernlea")
    among_many = [a_marker(replace(ADA, date_of_birth=f"197{year}-02-03"), year + 2) for year in range(5)]
    by_name = an_index(a_marker(ADA), *among_many).find(weak, TODAY)
    assert {match.certainty for match in by_name} == {Certainty.POSSIBLE}
    both = an_index(a_marker(ADA), *among_many).find(replace(weak, address="10B Ash Mount BD7 3AN"), TODAY)
    assert {match.certainty for match in both} == {Certainty.LIKELY}


@pytest.mark.parametrize(
    ("subject", "concerns"),
    [
        (Subject(SubjectKind.PHONE, phones=("+447700900123",)), Concerns(phones=("+447700900123",))),
        (Subject(SubjectKind.VEHICLE, vehicles=("AB12CDE",)), Concerns(vehicles=("AB12 CDE",))),
        (Subject(SubjectKind.ADDRESS, addresses=(HOME,)), at(HOME.text)),
        (
            Subject(SubjectKind.ORGANISATION, organisation="The Fold Chemical Co. Ltd"),
            Concerns(organisations=("Fold Chemical Company",)),
        ),
    ],
)
def test_a_marker_about_anything_is_found_by_it(subject: Subject, concerns: Concerns) -> None:
    assert certainty(subject, concerns) is Certainty.EXACT


def test_organisations_in_other_writings() -> None:
    firm = Subject(SubjectKind.ORGANISATION, organisation="The Fold Chemical Co. Ltd")
    assert certainty(firm, Concerns(organisations=("Fold Chemicals Limited",))) is Certainty.LIKELY
    assert certainty(firm, Concerns(organisations=("Fold Bakery",))) is None
    assert certainty(firm, Concerns(organisations=("Ltd", ""))) is None


def test_nothing_asked_finds_nothing() -> None:
    nobody = a_marker(Subject(SubjectKind.PERSON), 2)
    assert an_index(a_marker(ADA), nobody).find(Concerns(people=(Person(),), phones=("",), vehicles=("",)), TODAY) == []
    assert an_index().find(naming("Ada", "Fernleigh"), TODAY) == []


def test_a_name_spelt_differently_at_a_second_incident_hides_no_marker() -> None:
    """F12: the marker was on the person, and the second incident had the name otherwise and another address."""
    firearms = a_marker(a_person("Shaun", "Entwistle", "1988-09-02", addresses=(HOME,)))
    index = an_index(firearms, *(a_marker(a_person("Dora", "Hallshaw", "1966-01-01"), number) for number in (2, 3)))
    second = Concerns(people=(Person("Sean", "Entwhistle", "1988-02-09"),), address="7 Moor Lane, Bury")
    by_name = index.find(second, TODAY)
    assert [(match.marker.id, match.by) for match in by_name] == [(firearms.id, frozenset({MatchedBy.PERSON_NAMED}))]
    known_there = Concerns(address="7 Moor Lane, Bury", associates=(Person("Shawn", "Entwisle"),))
    by_associate = index.find(known_there, TODAY)
    assert [(match.marker.id, match.by) for match in by_associate] == [
        (firearms.id, frozenset({MatchedBy.ASSOCIATE_OF_ADDRESS}))
    ]


def test_expired_is_shown_as_expired() -> None:
    """Domain facts 4.3: expired is not deleted."""
    index = an_index(a_marker(ADA, expires_at=TODAY))
    assert [match.state for match in index.find(at(HOME.text), TODAY - timedelta(seconds=1))] == [MarkerState.ACTIVE]
    assert [match.state for match in index.find(at(HOME.text), TODAY)] == [MarkerState.EXPIRED]
    # Officer safety has said so: that our clock is behind its own changes nothing.
    assert a_marker(ADA, expired=True).state(TODAY) is MarkerState.EXPIRED


def test_a_restricted_marker_shows_that_it_exists_and_whom_to_ask() -> None:
    marker = a_marker(ADA, restricted=True, contact_point="Protected persons desk, extension 5")
    (match,) = an_index(marker).find(at(HOME.text), TODAY)
    shown = match.marker
    assert (shown.id, shown.restricted, shown.contact_point) == (marker.id, True, "Protected persons desk, extension 5")
    assert (shown.subject, shown.code, shown.source) == (Subject(SubjectKind.PERSON), "", "")


def test_a_withdrawn_marker_is_not_found() -> None:
    index = an_index(a_marker(ADA))
    index.put(replace(a_marker(ADA), version=2, withdrawn=True))
    assert index.find(at(HOME.text), TODAY) == []
    assert a_marker(ADA, withdrawn=True).state(TODAY) is MarkerState.WITHDRAWN


def test_the_surest_come_first_then_those_in_force_then_the_gravest() -> None:
    old = TODAY - timedelta(days=300)
    markers = [
        a_marker(a_person("Ada", "Fernley", "1970-02-04"), 1),
        a_marker(ADA, 2, severity=Severity.LOW),
        a_marker(ADA, 3, severity=Severity.HIGHEST, expires_at=old),
        a_marker(ADA, 4, severity=Severity.NORMAL),
    ]
    matches = an_index(*markers).find(naming("Ada", "Fernleigh", "1970-02-03"), TODAY)
    assert [match.marker.id.int for match in matches] == [4, 2, 3, 1]


def test_a_marker_finds_the_incidents_it_concerns() -> None:  # R-MK-02: found later is pushed to those already sent
    incidents = {
        UUID(int=7): naming("Adah", "Fernlee", "1970-02-03"),
        UUID(int=8): at("99 Moor Lane, Bury"),
        UUID(int=9): at(HOME.text),
    }
    index, withdrawn = an_index(a_marker(ADA)), an_index(a_marker(ADA, withdrawn=True))
    assert {key.int: [match.by for match in index.find(asked, TODAY)] for key, asked in incidents.items()} == {
        7: [{MatchedBy.PERSON_NAMED}],
        8: [],
        9: [{MatchedBy.ADDRESS}],
    }
    assert not any(withdrawn.find(asked, TODAY) for asked in incidents.values())
