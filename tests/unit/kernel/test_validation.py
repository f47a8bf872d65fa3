"""Check notes every broken rule and raises once; what it returns is then never used."""

from datetime import UTC, datetime, timedelta
from enum import IntEnum
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from services.kernel.errors import Invalid, Violation
from services.kernel.validation import EARLIEST, Check
from services.kernel.wire import stamp

NOW = datetime(2018, 7, 4, 11, 0, tzinfo=UTC)


class Colour(IntEnum):
    UNSPECIFIED = 0
    RED = 1


def noted(check: Check) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        check.done()
    return [(one.field, one.reason) for one in refused.value.violations]


def test_nothing_noted_raises_nothing() -> None:
    check = Check(NOW)
    assert check.uuid("id", "0190a000-0000-7000-8000-000000000001") == UUID("0190a000-0000-7000-8000-000000000001")
    assert check.known("colour", 1, Colour) is Colour.RED
    assert check.known("colour", 0, Colour, required=False) is Colour.UNSPECIFIED
    assert check.text("name", "Quill", longest=5, required=True, pattern="[A-Za-z]+") == "Quill"
    assert check.text("name", "", longest=5, pattern="[A-Z]") == ""
    assert check.time("at", stamp(NOW), required=True, given=True) == NOW
    assert check.time("at", stamp(EARLIEST), required=True, given=True) == EARLIEST
    assert check.time("at", Timestamp(), required=False, given=False) is None
    assert (check.size("size", 0), check.size("size", 500)) == (50, 500)
    check.done()


@pytest.mark.parametrize("text", ["", "x", "0190a000-0000-7000-8000-00000000000", "\x00", "٠" * 31])  # noqa: RUF001
def test_what_is_no_uuid(text: str) -> None:
    check = Check(NOW)
    assert check.uuid("id", text) == UUID(int=0)
    assert noted(check) == [("id", "INVALID_VALUE")]


@pytest.mark.parametrize(("value", "reason"), [(0, "INVALID_VALUE"), (2, "ENUM_UNKNOWN"), (-1, "ENUM_UNKNOWN")])
def test_what_is_no_known_value(value: int, reason: str) -> None:
    check = Check(NOW)
    check.known("colour", value, Colour)
    assert noted(check) == [("colour", reason)]


@pytest.mark.parametrize("text", ["", "  \t", "toolong", "a\x00", "a1", "abc\n"])
def test_what_is_no_such_text(text: str) -> None:
    check = Check(NOW)
    check.text("name", text, longest=5, required=True, pattern="[a-z]+")
    assert noted(check) == [("name", "INVALID_VALUE")]


@pytest.mark.parametrize(
    "value",
    [
        stamp(NOW + timedelta(microseconds=1)),
        stamp(EARLIEST - timedelta(microseconds=1)),
        Timestamp(seconds=2**62),
        Timestamp(seconds=-(2**62)),
        Timestamp(nanos=-1),
    ],
)
def test_what_is_no_time(value: Timestamp) -> None:
    check = Check(NOW)
    assert check.time("at", value, required=True, given=True) is None
    assert noted(check) == [("at", "INVALID_VALUE")]


def test_a_time_that_must_be_given() -> None:
    check = Check(NOW)
    assert check.time("at", Timestamp(), required=True, given=False) is None
    assert noted(check) == [("at", "INVALID_VALUE")]


@pytest.mark.parametrize("value", [-1, 501])
def test_what_is_no_page_size(value: int) -> None:
    check = Check(NOW)
    check.size("page_size", value)
    assert noted(check) == [("page_size", "INVALID_VALUE")]


def test_of_too_many_entries_only_as_many_as_there_may_be_are_looked_at() -> None:
    check = Check(NOW)
    assert check.entries("flags", [1, 2, 3], most=3) == [1, 2, 3]
    check.done()
    assert check.entries("flags", [1, 2, 3], most=2) == [1, 2]
    assert noted(check) == [("flags", "INVALID_VALUE")]


def test_everything_wrong_is_told_at_once() -> None:
    check = Check(NOW)
    check.uuid("id", "x")
    check.known("colour", 7, Colour)
    check.violation("period", "must not end before it starts", "PERIOD_REVERSED")
    assert noted(check) == [("id", "INVALID_VALUE"), ("colour", "ENUM_UNKNOWN"), ("period", "PERIOD_REVERSED")]


def test_of_very_many_the_first_twenty_are_named_and_the_rest_counted() -> None:
    refused = Invalid([Violation(f"people[{n}].phone", "is wrong") for n in range(25)])
    assert len(refused.violations) == 20
    assert refused.rule.endswith("people[19].phone: is wrong; and 5 more")
