"""What holds for every set of markers, whatever they are about (I3, R-MK-01, R-SR-02)."""

from dataclasses import replace
from datetime import date, timedelta
from threading import Thread
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.markers.domain import (
    Address,
    Certainty,
    Concerns,
    Marker,
    MarkerIndex,
    Match,
    Person,
    Subject,
    SubjectKind,
)
from services.dispatch.markers.domain.organisations import OrganisationLookup
from services.dispatch.markers.domain.spelling import words
from tests.unit.dispatch.markers.marking import TODAY, a_marker, a_person, an_index, at, naming

# Few of each, so that markers and incidents meet.
_GIVEN = st.sampled_from(["Ada", "Adah", "Mohammed", "Muhammad Ali", "Seán", "Jo", "", "Łukasz", "D'Arcy"])
_FAMILY = st.sampled_from(["Fernleigh", "Fernley", "van der Berg", "Smith-Jones", "Smith", "O'Connor", "Ng", ""])
_BORN = st.sampled_from(["", "1970-02-03", "1970-03-02", "1970-02-04", "1988-12-31", "1989-01-01", "soon"])
_PHONES = st.lists(st.sampled_from(["+447700900123", "07700900124", ""]), max_size=2).map(tuple)
_VEHICLES = st.lists(st.sampled_from(["AB12CDE", "ab12 cdf", "ZZ99ZZZ", ""]), max_size=2).map(tuple)
_UPRN = st.sampled_from(["", "11", "12"])
_PLACE = st.sampled_from(["", "10 Ash Mount, Bury, BL9 1AA", "10a ash mt bury", "Flat 1, 10 Ash Mount BL9 1AA", "?"])
_FIRM = st.sampled_from(["", "Fold Chemical Ltd", "Fold Chemicals"])
_SUBJECTS = st.builds(
    Subject,
    st.sampled_from(list(SubjectKind)[1:]),
    _GIVEN,
    _FAMILY,
    st.lists(st.tuples(_GIVEN, _FAMILY), max_size=1).map(tuple),
    _BORN,
    _FIRM,
    st.lists(st.builds(Address, _UPRN, _PLACE), max_size=2).map(tuple),
    _PHONES,
    _VEHICLES,
)
_PEOPLE = st.lists(st.builds(Person, _GIVEN, _FAMILY, _BORN), max_size=2).map(tuple)
_CONCERNS = st.builds(Concerns, _PEOPLE, _UPRN, _PLACE, st.just(""), _PHONES, _VEHICLES, st.tuples(_FIRM), _PEOPLE)
_MARKERS = st.lists(_SUBJECTS, max_size=6).map(
    lambda subjects: [a_marker(subject, number) for number, subject in enumerate(subjects)]
)
_WORD = st.text(st.characters(categories=("Lu", "Ll", "Lo"), max_codepoint=0x24F), min_size=1, max_size=12)
_NAME = st.lists(_WORD, min_size=1, max_size=3).map(" ".join)
_DAY = st.dates(date(1900, 1, 1), date(2026, 1, 1))

# The machine may be busy: how fast it is, is measured by the bench.
_STEADY = settings(deadline=None)


def _found(matches: list[Match]) -> set[UUID]:
    return {match.marker.id for match in matches}


@given(_MARKERS, _SUBJECTS, _CONCERNS)
@_STEADY
def test_a_further_marker_never_hides_another(markers: list[Marker], more: Subject, concerns: Concerns) -> None:
    index = an_index(*markers)
    before = _found(index.find(concerns, TODAY))
    index.put(a_marker(more, 99))
    assert before <= _found(index.find(concerns, TODAY))


@given(_MARKERS, _CONCERNS)
@_STEADY
def test_each_marker_appears_once_and_with_a_way(markers: list[Marker], concerns: Concerns) -> None:
    matches = an_index(*markers).find(concerns, TODAY)
    assert len(_found(matches)) == len(matches)
    assert all(match.by for match in matches)


@given(st.data(), _MARKERS, _CONCERNS)
@_STEADY
def test_the_order_of_arrival_makes_no_difference(
    data: st.DataObject, markers: list[Marker], concerns: Concerns
) -> None:
    shuffled = data.draw(st.permutations(markers))
    assert an_index(*shuffled).find(concerns, TODAY) == an_index(*markers).find(concerns, TODAY)


@given(_MARKERS, st.lists(st.tuples(st.integers(0, 6), st.none() | _SUBJECTS), max_size=8), _CONCERNS)
@_STEADY
def test_changes_come_to_the_same_as_building_anew(
    markers: list[Marker], changes: list[tuple[int, Subject | None]], concerns: Concerns
) -> None:
    index = an_index(*markers)
    kept = {marker.id: marker for marker in markers}
    for version, (number, subject) in enumerate(changes, start=2):
        if subject is None:
            index.remove(UUID(int=number))
            kept.pop(UUID(int=number), None)
        else:
            marker = replace(a_marker(subject, number), version=version)
            index.put(marker)
            kept[marker.id] = marker
    assert len(index) == len(kept)
    assert index.find(concerns, TODAY) == an_index(*kept.values()).find(concerns, TODAY)


@given(_NAME, _NAME, _DAY)
@settings(max_examples=300, deadline=None)
def test_the_name_and_the_date_as_marked_are_always_found(given: str, family: str, born: date) -> None:
    marked = a_person(given, family, born.isoformat())
    if not words(given) and not words(family):
        return
    (match,) = an_index(a_marker(marked)).find(naming(given, family, born.isoformat()), TODAY)
    assert match.certainty is Certainty.EXACT
    assert an_index(a_marker(marked)).find(naming(family, given, born.isoformat()), TODAY)


def test_the_older_version_of_a_marker_changes_nothing() -> None:
    new = replace(a_marker(a_person("Ada", "Fernleigh")), version=3)
    index = an_index(new)
    index.put(a_marker(a_person("Dora", "Hallshaw")))
    index.put(replace(a_marker(a_person("Dora", "Hallshaw")), version=3))
    assert [match.marker for match in index.find(naming("Ada", "Fernleigh"), TODAY)] == [new]
    assert len(index) == 1


def test_another_force_has_its_own_index() -> None:
    with pytest.raises(ValueError, match="another force"):
        MarkerIndex("west-yorkshire").put(a_marker(a_person("Ada", "Fernleigh")))


def test_many_revisions_leave_no_trace() -> None:
    index = an_index()
    for version in range(3_000):
        street = f"{version % 7 + 1} Ash Mount, Bury"
        index.put(replace(a_marker(a_person("Ada", "Fernleigh", addresses=(Address("", street),))), version=version))
    assert [match.marker.version for match in index.find(naming("Ada", "Fernleigh"), TODAY)] == [2_999]
    assert index.find(at("3 Ash Mount, Bury"), TODAY) == []
    rows = index._lookups._people._rows.rows()
    assert rows.shape[1] < 2_100


def test_one_thread_searches_while_another_writes() -> None:
    """A marker that is revised all the while is found every time: in one version, and once."""
    ada = a_marker(a_person("Ada", "Fernleigh", "1970-02-03"))
    index = an_index(ada)

    def revise() -> None:
        for version in range(2, 1_500):
            index.put(replace(ada, version=version, expires_at=TODAY + timedelta(days=version)))
            index.put(a_marker(a_person("Ada", f"Fernleigh{version}", "1970-02-03"), version))
            index.remove(UUID(int=version))

    writer = Thread(target=revise)
    writer.start()
    searches = 0
    while writer.is_alive() or searches < 10:
        found = [match.marker.id for match in index.find(naming("Ada", "Fernleigh", "1970-02-03"), TODAY)]
        assert found.count(ada.id) == 1
        searches += 1
    writer.join()


def test_a_marker_that_breaks_halfway_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:  # I3
    """Its names may be in the lookups by then: they must lead to nobody, least of all to the next marker."""
    ada, jo = naming("Ada", "Fernleigh"), naming("Jo", "Ng")
    index = an_index()
    with monkeypatch.context() as broken:
        broken.setattr(OrganisationLookup, "add", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.put(a_marker(a_person("Ada", "Fernleigh"), 1))
    index.put(a_marker(a_person("Jo", "Ng"), 2))
    assert _found(index.find(ada, TODAY)) == set()
    assert _found(index.find(jo, TODAY)) == {UUID(int=2)}
    index.remove(UUID(int=1))
    assert _found(index.find(jo, TODAY)) == {UUID(int=2)}
    index.put(a_marker(a_person("Ada", "Fernleigh"), 1))
    assert _found(index.find(ada, TODAY)) == {UUID(int=1)}
