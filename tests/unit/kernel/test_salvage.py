"""What is whole of a damaged message is kept, and nothing that arrives can make reading it fail."""

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.person_pb2 import Person
from peel.type.v1.place_pb2 import Place, Point
from services.kernel import salvage as salvages
from services.kernel.salvage import salvage, unreadable_field

READ = intake.OpenContactRequest.FromString
TEXT = st.text(max_size=300)
REQUESTS = st.builds(
    intake.OpenContactRequest,
    request_id=TEXT,
    force=TEXT,
    narrative=TEXT,
    channel=st.sampled_from(types.Channel.values()),
    people=st.lists(st.builds(Person, ref=TEXT, phone=TEXT), max_size=3),
    place=st.builds(Place, address=TEXT, point=st.builds(Point, latitude=st.floats(), longitude=st.floats())),
)


def ends(message: Message) -> list[tuple[int, bytes]]:
    """Where each field ends in the message's bytes, and the bytes until there: fields are serialised in their order."""
    whole, until = message.SerializeToString(deterministic=True), []
    kept = type(message)()
    for field, value in message.ListFields():
        for one in value if field.is_repeated else (value,):
            part = type(message)()
            if field.is_repeated:
                getattr(part, field.name).append(one)
            elif field.message_type is not None:
                getattr(part, field.name).CopyFrom(one)
            else:
                setattr(part, field.name, one)
            kept.MergeFrom(part)
            body = kept.SerializeToString(deterministic=True)
            assert whole.startswith(body)
            until.append((len(body), body))
    return until


@given(st.binary(max_size=600))
def test_any_bytes_at_all_give_a_message(body: bytes) -> None:
    salvage(READ, body).SerializeToString()


@given(REQUESTS, st.binary(max_size=50), st.integers(min_value=0))
def test_a_valid_message_with_anything_in_it_gives_a_message(
    message: intake.OpenContactRequest, noise: bytes, at: int
) -> None:
    body = message.SerializeToString()
    at %= len(body) + 1
    salvage(READ, body[:at] + noise + body[at:]).SerializeToString()


@given(REQUESTS, st.integers(min_value=0))
def test_any_prefix_keeps_every_field_that_is_whole(message: intake.OpenContactRequest, at: int) -> None:
    body = message.SerializeToString(deterministic=True)
    at %= len(body) + 1
    whole = [until for end, until in ends(message) if end <= at]
    assert salvage(READ, body[:at]).SerializeToString(deterministic=True) == (whole[-1] if whole else b"")


@given(REQUESTS)
def test_a_whole_message_is_kept_whole(message: intake.OpenContactRequest) -> None:
    body = message.SerializeToString(deterministic=True)
    assert salvage(READ, body).SerializeToString(deterministic=True) == body


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (b"\x0a\x02\xff\xfe", "text that is not UTF-8"),
        (b"\x42\x03\x0a\x09x", "a nested message that is none"),
        (b"\xf8\xff\x03\x05", "a field that nobody knows"),
    ],
)
def test_what_is_broken_costs_its_neighbours_nothing(broken: bytes, what: str) -> None:
    before = intake.OpenContactRequest(force="north-force").SerializeToString()
    after = intake.OpenContactRequest(narrative="help").SerializeToString()
    kept = salvage(READ, before + broken + after)
    assert (kept.force, kept.narrative) == ("north-force", "help"), what


@pytest.mark.parametrize(
    "broken",
    [b"\x0b", b"\x0e", b"\x00", b"\x80" * 11, b"\x0a\xff\xff\xff\xff\x7f", b"\x09\x01", b"\x0d\x01", b"\x08\x80"],
)
def test_reading_ends_where_nobody_can_tell_the_next_field(broken: bytes) -> None:
    before = intake.OpenContactRequest(force="north-force").SerializeToString()
    assert salvage(READ, before + broken).force == "north-force"


def test_a_body_of_endless_fields_is_read_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salvages, "_MOST_FIELDS", 2)
    person = intake.OpenContactRequest(people=[Person(ref="p")]).SerializeToString()
    assert len(salvage(READ, 5 * person).people) == 2


WHOLE = intake.OpenContactRequest(
    force="north-force",
    people=[Person(ref="p1"), Person(ref="p2", given_name="Zephyrine")],
    place=Place(address="Exampleford"),
    narrative="on the stairs",
    vehicle_registrations=["AB12CDE", "XY34ZZZ"],
).SerializeToString()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b"north-force", "force"),
        (b"Zephyrine", "people[1].given_name"),
        (b"p1", "people[0].ref"),
        (b"Exampleford", "place.address"),
        (b"on the stairs", "narrative"),
        (b"XY34ZZZ", "vehicle_registrations[1]"),
    ],
)
def test_text_that_is_none_is_named_by_its_field(text: bytes, field: str) -> None:
    assert WHOLE.count(text) == 1
    assert unreadable_field(READ, WHOLE.replace(text, text[:-1] + b"\xff")) == field


@pytest.mark.parametrize("body", [WHOLE, WHOLE[:-1], b"\xff" * 64, b""])
def test_a_body_without_such_a_field_names_none(body: bytes) -> None:
    assert unreadable_field(READ, body) == ""


@given(st.binary(max_size=300))
def test_looking_for_it_never_fails(body: bytes) -> None:
    assert isinstance(unreadable_field(READ, body), str)
