"""Moments on the wire, against protobuf's own conversions."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.wire import moment, stamp

FIRST, LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
MOMENTS = st.builds(
    lambda since, zone: (FIRST + since).astimezone(zone), st.timedeltas(timedelta(0), LAST - FIRST), ZONES
)


@given(MOMENTS)
def test_a_moment_is_written_as_protobuf_writes_it_and_read_back_whole(at: datetime) -> None:
    expected = Timestamp()
    expected.FromDatetime(at)
    assert stamp(at) == expected
    assert moment(stamp(at)) == at
    assert moment(stamp(at)).tzinfo is UTC


@given(st.integers(-62_135_596_800, 253_402_300_799), st.integers(0, 999_999_999))
def test_what_is_finer_than_a_microsecond_is_cut_off(seconds: int, nanos: int) -> None:
    written = Timestamp(seconds=seconds, nanos=nanos)
    assert moment(written) == written.ToDatetime(tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "nanos"),
    [(-62_135_596_801, 0), (253_402_300_800, 0), (2**63 - 1, 0), (-(2**63), 0), (0, -1), (0, 1_000_000_000)],
)
def test_what_is_no_moment_of_the_calendar(seconds: int, nanos: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        moment(Timestamp(seconds=seconds, nanos=nanos))


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        stamp(FIRST.replace(tzinfo=None))
