"""Moments as the contract writes them, and back."""

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp


def stamp(moment: datetime) -> Timestamp:
    """An aware moment as a Timestamp."""
    written = Timestamp()
    written.FromDatetime(moment)
    return written


def optional_stamp(moment: datetime | None) -> Timestamp | None:
    """A moment that may be unknown; None leaves the field out."""
    return None if moment is None else stamp(moment)


def optional_moment(message: Message, field: str) -> datetime | None:
    """The moment in a Timestamp field, aware, UTC; None where it is left out."""
    if not message.HasField(field):
        return None
    moment: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return moment
