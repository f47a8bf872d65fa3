"""The register of certificate holders: what it makes, revises and takes away, and that the sums come out (R-MK-04)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from itertools import count
from operator import add
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from peel.safety.v1 import api_pb2 as api
from peel.safety.v1 import types_pb2 as types
from services.kernel.errors import Invalid
from services.kernel.validation import Check
from services.safety.markers.domain.marker import Marker
from services.safety.markers.domain.register import (
    LONGEST,
    REFUSALS_NAMED,
    Entry,
    Held,
    Importing,
    Numbered,
    SortedOut,
    Tally,
    gone,
    require_entries,
    sort_out,
)
from services.safety.markers.domain.subjects import Address
from services.safety.markers.domain.terms import MarkerSource, MarkerState, Severity
from services.safety.markers.messages_register import entry_from, imported_message, whole_register_from
from tests.unit.safety.markers.building import CODES, FORCE, NOW, entry, refused, registered


def numbered(entries: Iterable[Entry], first: int = 1) -> list[Numbered]:
    return [Numbered(number, one) for number, one in enumerate(entries, first)]


class Ledger:
    """What the store does with what was sorted out, in memory."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self.imports = 0
        self._ids = count(1)

    def take(self, *batches: Sequence[Numbered], whole: bool = True) -> tuple[Tally, list[SortedOut]]:
        self.imports += 1
        importing = Importing(FORCE, self.imports, CODES, "licensing", NOW)
        results = [self._batch(batch, importing) for batch in batches]
        tally = reduce(add, (one.tally(0, len(self.held)) for one in results), Tally())
        if whole:
            absent = [number for number, one in self.held.items() if one.seen_in < self.imports]
            for number in absent:
                assert gone(self.held.pop(number).marker, importing).state(NOW) is MarkerState.WITHDRAWN
            tally += Tally(withdrawn=len(absent), held=len(self.held))
        return tally, results

    def _batch(self, batch: Sequence[Numbered], importing: Importing) -> SortedOut:
        ids = (UUID(int=number) for number in self._ids)
        result = sort_out(batch, self.held, ids, importing)
        for marker in (*result.created, *result.revised):
            self.held[marker.content.certificate_number] = Held(marker, importing.number)
        seen = {*result.unchanged, *result.kept}
        for number, one in self.held.items():
            if one.marker.id in seen:
                self.held[number] = replace(one, seen_in=importing.number)
        return result

    @property
    def markers(self) -> dict[str, Marker]:
        return {number: one.marker for number, one in self.held.items()}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_an_entry_becomes_a_marker_on_its_holder_and_the_address_of_the_weapons(ledger: Ledger) -> None:
    tally, _ = ledger.take(numbered([entry("YK/1")]))
    assert tally == Tally(received=1, created=1, held=1)
    content = ledger.markers["YK/1"].content
    assert content.source is MarkerSource.FIREARMS_LICENSING
    assert (content.code, content.severity, content.certificate_number) == ("FC", Severity.NORMAL, "YK/1")
    assert (content.subject.family_name, content.subject.addresses) == ("Ferrensby", (entry().kept_at,))
    assert content.review_due == content.expires_at == entry().expires_at
    assert content.grounds


def test_the_same_register_again_changes_nothing(ledger: Ledger) -> None:
    entries = numbered(entry(f"YK/{number}") for number in range(5))
    ledger.take(entries)
    before = ledger.markers
    tally, _ = ledger.take(entries[:2], entries[2:])
    assert tally == Tally(received=5, unchanged=5, held=5)
    assert ledger.markers == before


def test_what_changed_is_revised_and_who_is_gone_is_withdrawn(ledger: Ledger) -> None:
    ledger.take(numbered([entry("YK/1"), entry("YK/2"), entry("YK/3")]))
    tally, _ = ledger.take(numbered([entry("YK/1"), entry("YK/2", kept_at=Address("2"))]))
    assert tally == Tally(received=2, revised=1, unchanged=1, withdrawn=1, held=2)
    assert ledger.markers["YK/2"].version == 2
    assert ledger.markers["YK/2"].content.subject.addresses == (Address("2"),)


def test_a_register_that_broke_off_withdraws_nobody_and_the_next_one_mends_it(ledger: Ledger) -> None:
    entries = numbered(entry(f"YK/{number}") for number in range(6))
    ledger.take(entries)
    tally, _ = ledger.take(entries[:2], whole=False)
    assert (tally.withdrawn, len(ledger.held)) == (0, 6)
    assert ledger.take(entries[:4])[0] == Tally(received=4, unchanged=4, withdrawn=2, held=4)


def test_an_empty_register_withdraws_nobody() -> None:
    with refused("REGISTER_EMPTY"):
        require_entries(0)
    require_entries(1)


BAD = [
    ({"certificate_number": ""}, "certificate_number"),
    ({"family_name": " "}, "family_name"),
    ({"kept_at": Address()}, "kept_at"),
    ({"expires_at": None}, "expires_at"),
    ({"expires_at": NOW}, "expires_at"),
    ({"expires_at": NOW + LONGEST + timedelta(seconds=1)}, "expires_at"),
]


@pytest.mark.parametrize(("parts", "field"), BAD)
def test_a_bad_entry_is_named_by_number_and_field_and_stops_no_other(
    ledger: Ledger, parts: dict[str, object], field: str
) -> None:
    bad = replace(entry("YK/2"), **parts)  # type: ignore[arg-type]
    tally, _ = ledger.take(numbered([entry("YK/1"), bad, entry("YK/3")]))
    assert (tally.received, tally.created, tally.refused, tally.held) == (3, 2, 1, 2)
    assert [(one.number, one.field) for one in tally.refusals] == [(2, field)]


def test_a_slip_of_the_pen_does_not_take_a_warning_away(ledger: Ledger) -> None:
    ledger.take(numbered([entry("YK/1"), entry("YK/2")]))
    tally, _ = ledger.take(numbered([entry("YK/1", family_name=""), entry("YK/2")]))
    assert (tally.refused, tally.kept, tally.withdrawn, tally.held) == (1, 1, 0, 2)
    assert ledger.markers["YK/1"].content.subject.family_name == "Ferrensby"


def test_a_certificate_that_is_named_twice_counts_once() -> None:
    twice = numbered([entry("YK/1"), entry("YK/1", family_name="Larkrise")])
    apart = [[twice[0]], [twice[1]]]
    for batches in ([twice], apart):
        tally, _ = Ledger().take(*batches)
        assert (tally.created, tally.refused, tally.kept, tally.held) == (1, 1, 0, 1)
        assert [(one.number, one.field) for one in tally.refusals] == [(2, "certificate_number")]


def test_no_more_than_a_hundred_refusals_are_named(ledger: Ledger) -> None:
    bad = numbered(entry(f"YK/{number}", family_name="") for number in range(250))
    tally, _ = ledger.take(bad[:120], bad[120:])
    assert (tally.refused, len(tally.refusals)) == (250, REFUSALS_NAMED)
    assert [one.number for one in tally.refusals] == list(range(1, 101))


ENTRIES = st.lists(
    st.builds(
        entry,
        st.sampled_from(["YK/1", "YK/2", "YK/3", "YK/4", ""]),
        family_name=st.sampled_from(["Ferrensby", "Larkrise", ""]),
    ),
    min_size=1,
    max_size=12,
)


@given(st.lists(st.tuples(ENTRIES, st.integers(0, 12), st.booleans()), max_size=5))
def test_the_sums_come_out_however_the_register_comes_and_breaks_off(
    imports: list[tuple[list[Entry], int, bool]],
) -> None:
    ledger = Ledger()
    for entries, cut, whole in imports:
        before = len(ledger.held)
        sent = numbered(entries)
        tally, _ = ledger.take(sent[:cut], sent[cut:], whole=whole)
        assert tally.received == tally.created + tally.revised + tally.unchanged + tally.refused == len(entries)
        assert tally.kept <= tally.refused
        assert tally.held == len(ledger.held) == before + tally.created - tally.withdrawn
        if whole:
            assert tally.held == tally.received - tally.refused + tally.kept


def test_an_entry_as_it_is_sent() -> None:
    assert entry_from(registered(), 7, Check(NOW)) == Numbered(7, entry())


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"certificate_number": "YK 1"}, "certificate_number"),
        ({"certificate_number": "x" * 33}, "certificate_number"),
        ({"family_name": "x" * 101}, "family_name"),
        ({"given_name": "\x00"}, "given_name"),
        ({"date_of_birth": "9 March 1961"}, "date_of_birth"),
        ({"kept_at": types.MarkedAddress()}, "kept_at"),
        ({"kept_at": types.MarkedAddress(uprn="seven")}, "kept_at.uprn"),
        ({"expires_at": Timestamp(seconds=1 << 60)}, "expires_at"),
    ],
)
def test_what_is_badly_written_is_refused_by_its_field_without_its_value(
    ledger: Ledger, parts: dict[str, object], field: str
) -> None:  # I7
    tally, _ = ledger.take([entry_from(registered(**parts), 3, Check(NOW))])
    reply = imported_message(tally)
    assert [(one.number, one.field) for one in reply.refusals] == [(3, field)]
    assert not any(str(value) in str(reply) for value in parts.values() if isinstance(value, str) and len(value) > 3)
    assert (reply.received, reply.refused, reply.held) == (1, 1, 0)


def test_that_the_register_is_whole_is_said_alone() -> None:
    whole_register_from(api.ImportCertificateHoldersRequest(force=FORCE, complete=True), Check(NOW))
    with pytest.raises(Invalid):
        whole_register_from(registered(complete=True), Check(NOW))
