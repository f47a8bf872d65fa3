"""The spool's format: what was written is read, what was damaged is found, and nothing is ever invented."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.spool.records import HEADER, Damage, Entry, added, encode, replayed, scan

KEY, OTHER_KEY = b"00000001-0011223344556677.spool", b"00000002-8899aabbccddeeff.spool"
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

bodies = st.one_of(st.binary(max_size=80), st.just(b"PSL1" * 20))
times = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
entries = st.one_of(st.builds(added, st.uuids(), bodies, times), st.builds(replayed, st.integers(0, 2**64 - 1), times))
several = st.lists(entries, min_size=1, max_size=5)


def encoded(some: list[Entry]) -> bytes:
    return b"".join(encode(entry, KEY) for entry in some)


def whole(content: bytes) -> list[Entry]:
    return [found for _, found in scan(content, KEY) if isinstance(found, Entry)]


def damage(content: bytes) -> list[Damage]:
    return [found for _, found in scan(content, KEY) if isinstance(found, Damage)]


def an_entry(body: bytes = b"somebody pressed", number: int = 1) -> Entry:
    return added(UUID(int=number), body, NOON)


@given(several)
def test_what_was_written_is_read_in_its_order(some: list[Entry]) -> None:
    content = encoded(some)
    found = list(scan(content, KEY))
    assert [entry for _, entry in found] == some
    assert [offset for offset, _ in found] == [len(encoded(some[:count])) for count in range(len(some))]


@given(st.integers(0, 2**64 - 1))
def test_a_mark_names_its_place(place: int) -> None:
    assert whole(encode(replayed(place, NOON), KEY))[0].place == place


@given(several, entries)
def test_an_entry_cut_short_anywhere_is_torn_and_those_before_it_are_whole(some: list[Entry], last: Entry) -> None:
    before, content = encoded(some), encode(last, KEY)
    for length in range(1, len(content)):
        torn = content[:length]
        assert list(scan(before + torn, KEY))[-1] == (len(before), Damage(torn, torn=True))
        assert whole(before + torn) == some


@given(several, st.data())
def test_a_flipped_bit_costs_no_entry_but_its_own_and_is_kept_for_a_person(
    some: list[Entry], data: st.DataObject
) -> None:
    content = bytearray(encoded(some))
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    ends = [len(encoded(some[: count + 1])) for count in range(len(some))]
    hit = next(index for index, end in enumerate(ends) if bit // 8 < end)
    assert whole(bytes(content)) == some[:hit] + some[hit + 1 :]
    # Complete in length, so it may have been promised: changed, and never taken for torn.
    start = ends[hit] - some[hit].size
    assert damage(bytes(content)) == [Damage(bytes(content[start : ends[hit]]), torn=False)]


@given(several, st.binary(min_size=1, max_size=60), st.data())
def test_rubbish_in_between_costs_no_entry(some: list[Entry], rubbish: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(some)))
    assert whole(encoded(some[:at]) + rubbish + encoded(some[at:])) == some


@given(several, st.data())
def test_a_missing_piece_never_makes_an_entry(some: list[Entry], data: st.DataObject) -> None:
    content = encoded(some)
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, len(content)))
    rest = iter(some)
    # A subsequence of what was written: nothing else, nothing twice, nothing out of order.
    assert all(entry in rest for entry in whole(content[:start] + content[end:]))


@given(st.binary(max_size=300))
def test_all_bytes_of_anything_are_accounted_for(content: bytes) -> None:
    assert b"".join(lost.content for lost in damage(content)) == content
    assert whole(content) == []


def test_an_entry_of_another_segment_is_none_of_this_one() -> None:
    # A power cut may leave a block of an older file in a new one: what was replayed long ago must not come back.
    stale = encode(an_entry(), OTHER_KEY)
    assert whole(stale) == []
    assert damage(stale) == [Damage(stale, torn=False)]


@pytest.mark.parametrize("flip", [0, 1])
def test_an_entry_sent_as_a_body_is_never_found_as_one(flip: int) -> None:
    forged = encode(an_entry(b"forged"), OTHER_KEY) * 3
    content = bytearray(encoded([an_entry(forged)]) + encoded([an_entry(number=2)]))
    # Of the magic of the one around it, so that the search goes on inside.
    content[0] ^= flip
    assert b"forged" not in [entry.body for entry in whole(bytes(content))]
    assert whole(bytes(content))[-1] == an_entry(number=2)


def test_a_tail_of_zeros_is_not_taken_for_torn() -> None:
    # Some file systems lengthen a file before they fill it.
    for length in (1, HEADER, 4096):
        assert damage(encoded([an_entry()]) + bytes(length)) == [Damage(bytes(length), torn=False)]


def bits_of_the_last() -> Iterator[tuple[bytes, int]]:
    first, last = encoded([an_entry()]), encoded([an_entry(number=2)])
    for bit in range(len(last) * 8):
        changed = bytearray(last)
        changed[bit // 8] ^= 1 << bit % 8
        yield first + bytes(changed), len(first)


def test_no_flipped_bit_of_the_last_entry_makes_it_look_torn() -> None:
    for content, start in bits_of_the_last():
        assert list(scan(content, KEY))[1:] == [(start, Damage(content[start:], torn=False))]
