"""CloudEvents headers: what goes in comes out, and what is no event of ours is told by header and never by value."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.envelope import Envelope, Malformed, current_event, reacting_to, type_of

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SOME = Envelope(
    event_id=UUID("01890000-0000-7000-8000-000000000001"),
    type="peel.crime.v1.CrimeRecorded",
    source="/peel/crime",
    subject="01890000-0000-7000-8000-000000000002",
    force="west-yorkshire",
    sequence=3,
    time=datetime(2018, 7, 1, 12, 30, 0, 123456, tzinfo=UTC),
    traceparent=TRACEPARENT,
    payload=b"\x0a\x00",
)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)


@given(
    event_id=st.uuids(),
    source=names,
    subject=names,
    force=names,
    sequence=st.integers(1, 2**63 - 1),
    time=st.datetimes(timezones=st.just(UTC)),
    traceparent=st.sampled_from([None, TRACEPARENT]),
    payload=st.binary(),
)
def test_what_goes_in_comes_out(**given: object) -> None:
    envelope = Envelope(type="peel.crime.v1.CrimeRecorded", **given)  # type: ignore[arg-type]
    assert Envelope.from_headers(envelope.headers(), envelope.payload) == envelope


def test_headers_are_cloudevents_in_binary_mode() -> None:
    headers = dict(SOME.headers())
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_time"] == b"2018-07-01T12:30:00.123456Z"
    assert headers["ce_schemaversion"] == b"v1"
    assert headers["content-type"] == b"application/protobuf"
    assert headers["traceparent"] == TRACEPARENT.encode()
    assert type_of(SOME.headers()) == SOME.type


@pytest.mark.parametrize(
    "header",
    [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_subject",
        "ce_force",
        "ce_sequence",
        "content-type",
    ],
)
def test_a_missing_header_is_named(header: str) -> None:
    with pytest.raises(Malformed, match=header) as raised:
        Envelope.from_headers([pair for pair in SOME.headers() if pair[0] != header], SOME.payload)
    assert raised.value.reason == "HEADER_MISSING"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ce_specversion", b"0.3"),
        ("ce_id", b"Mary Example"),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2018-07-01T12:30:00"),
        ("ce_sequence", b"0"),
        ("ce_sequence", b"-1"),
        ("ce_sequence", "²".encode()),
        ("ce_sequence", b"9223372036854775808"),
        ("ce_sequence", b"0" * 5000 + b"1"),
        ("ce_subject", b"\xff"),
        ("content-type", b"application/json"),
    ],
)
def test_a_wrong_header_is_named_and_its_value_is_not(header: str, value: bytes) -> None:  # I7
    wrong = [(name, value if name == header else old) for name, old in SOME.headers()]
    with pytest.raises(Malformed, match=header) as raised:
        Envelope.from_headers(wrong, SOME.payload)
    assert raised.value.reason == "HEADER_INVALID"
    assert "Mary" not in str(raised.value)


def test_a_repeated_header_is_refused() -> None:
    with pytest.raises(Malformed, match="ce_id occurs twice"):
        Envelope.from_headers((*SOME.headers(), ("ce_id", b"x")), SOME.payload)


def test_the_name_of_a_foreign_header_is_not_repeated() -> None:  # I7
    with pytest.raises(Malformed) as raised:
        Envelope.from_headers((*SOME.headers(), ("mary-example", b"\xff")), SOME.payload)
    assert "mary" not in str(raised.value)


def test_a_record_without_a_value_is_no_event() -> None:
    with pytest.raises(Malformed) as raised:
        Envelope.from_headers(SOME.headers(), None)
    assert raised.value.reason == "PAYLOAD_MISSING"


def test_an_unreadable_traceparent_never_costs_an_event() -> None:
    headers = [(name, b"nonsense" if name == "traceparent" else value) for name, value in SOME.headers()]
    assert Envelope.from_headers(headers, SOME.payload).traceparent is None


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    headers = [
        (name, b"2018-07-01T13:30:00.123456+01:00" if name == "ce_time" else value) for name, value in SOME.headers()
    ]
    read = Envelope.from_headers(headers, SOME.payload)
    assert read.time == SOME.time
    assert read.time.utcoffset() == timedelta(0)


def test_the_current_event_is_known_only_while_it_is_reacted_to() -> None:
    with reacting_to(SOME):
        assert current_event() is SOME
    with pytest.raises(LookupError):
        current_event()
