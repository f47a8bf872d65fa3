"""An event that cannot be understood is set aside: it never holds up those behind it, whatever is wrong (I5)."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, cast
from uuid import uuid4

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from services.kernel.envelope import Envelope
from services.kernel.inbox import Inbox, Verdict, verdict
from services.kernel.kafka import Record
from services.kernel.reactions import Reactions
from services.table import SERVICES

# What no version of the contract will ever mean.
NONSENSE: dict[int, Any] = {
    FieldDescriptor.TYPE_STRING: "nonsense",
    FieldDescriptor.TYPE_ENUM: 9_999,
    FieldDescriptor.TYPE_INT64: 10**15,
    FieldDescriptor.TYPE_INT32: 2**31 - 1,
    FieldDescriptor.TYPE_DOUBLE: float("nan"),
    FieldDescriptor.TYPE_FLOAT: float("nan"),
    FieldDescriptor.TYPE_BOOL: True,
}
# These say nothing but words, which can all be taken as they are.
WORDS_ONLY = {"peel.safety.v1.DeviceSilenceChanged"}


def _reactions(service: str) -> Reactions:
    found: Reactions = import_module(f"services.{service}.worker").reactions
    return found


CONSUMED = [(service, name) for service in SERVICES for name in _reactions(service).events]


def _fill(message: Any) -> None:
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        inside = getattr(message, field.name)
        if field.message_type is not None:
            _fill(inside.add() if field.is_repeated else inside)
        elif (value := NONSENSE.get(field.type)) is not None:
            inside.append(value) if field.is_repeated else setattr(message, field.name, value)


def _nothing(message: Message) -> None:
    """Leaves out all that it could say."""


def _read(service: str, name: str, spoil: Callable[[Message], None]) -> Verdict | None:
    """What becomes of it; None where it could be read."""
    reactions = _reactions(service)
    event = reactions.events[name].message()
    spoil(event)
    envelope = Envelope(
        event_id=uuid4(),
        type=name,
        source="/peel/elsewhere",
        subject="subject",
        force="north-force",
        sequence=1,
        time=datetime(2018, 7, 2, tzinfo=UTC),
        traceparent=None,
        payload=event.SerializeToString(),
    )
    inbox = Inbox(reactions, *cast(Any, [None] * 4))
    try:
        inbox._read(Record("topic", 0, 0, None, envelope.payload, envelope.headers()))
    except Exception as error:  # noqa: BLE001 - which ones there are is the question
        return verdict(error)
    return None


@pytest.mark.parametrize(("service", "name"), CONSUMED)
def test_an_event_full_of_nonsense_is_set_aside(service: str, name: str) -> None:
    expected = None if name in WORDS_ONLY else Verdict.POISON
    assert _read(service, name, _fill) is expected


@pytest.mark.parametrize(("service", "name"), CONSUMED)
def test_an_event_that_says_nothing_holds_nobody_up(service: str, name: str) -> None:
    assert _read(service, name, _nothing) in (None, Verdict.POISON)
