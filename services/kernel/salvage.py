"""Reads as much of a damaged protobuf message as there is to read, for calls that must be taken whatever is wrong.

A message is a row of fields, each with its number and length in front. What breaks one (text that is not UTF-8, a tail
that was cut off, a nested message that is none) need not cost the others.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

Kept = TypeVar("Kept", bound=Message)

# Wire types, and the bytes that those of a fixed width take.
_VARINT, _LENGTH = 0, 2
_WIDTH = {1: 8, 5: 4}
_VARINT_LONGEST = 10
# Each field costs a microsecond of a process that has presses to show; no message of ours has so many.
_MOST_FIELDS = 5_000


def salvage(read: Callable[[bytes], Kept], body: bytes) -> Kept:
    """The message with every top-level field of the body that can be read. Never raises.

    `read` is the message's FromString. Behind a wire type that nobody knows there is no telling where a field begins,
    so reading ends there.
    """
    message = read(b"")
    for start, end in _fields(body):
        try:
            message.MergeFrom(read(body[start:end]))
        except DecodeError:
            continue
    return message


def unreadable_field(read: Callable[[bytes], Message], body: bytes) -> str:
    """The path of the first field that cannot be read, "people[2].given_name"; empty where it is the body as a whole.

    That is text that is not UTF-8, or a message within the message that is none.
    """
    kind = read(b"").DESCRIPTOR
    seen: dict[int, int] = {}
    for start, end in _fields(body):
        tag = _varint(body, start)
        if tag is None:
            return ""
        number = tag[0] >> 3
        at = seen[number] = seen.get(number, -1) + 1
        try:
            read(body[start:end])
        except DecodeError:
            field: Any = kind.fields_by_number.get(number)
            if field is None:
                return ""
            path = f"{field.name}[{at}]" if field.is_repeated else field.name
            length = _varint(body, tag[1])
            if field.message_type is None or length is None or tag[0] & 7 != _LENGTH:
                return path
            read_inner = GetMessageClass(field.message_type).FromString
            inner = unreadable_field(read_inner, body[length[1] : end])
            return f"{path}.{inner}" if inner else path
    return ""


def _fields(body: bytes) -> Iterator[tuple[int, int]]:
    """Where each whole field begins and ends, tag included."""
    start = 0
    for _ in range(_MOST_FIELDS):
        end = _end_of_field(body, start)
        if end is None:
            return
        yield start, end
        start = end


def _end_of_field(body: bytes, start: int) -> int | None:
    """Where the field that begins here ends; None where it does not, or nobody can tell."""
    tag = _varint(body, start)
    if tag is None or tag[0] >> 3 == 0:
        return None
    value, at = tag
    kind = value & 7
    if kind in _WIDTH:
        end = at + _WIDTH[kind]
    elif kind in (_VARINT, _LENGTH):
        number = _varint(body, at)
        if number is None:
            return None
        end = number[1] + (number[0] if kind == _LENGTH else 0)
    else:
        return None
    return end if end <= len(body) else None


def _varint(body: bytes, at: int) -> tuple[int, int] | None:
    """A number of up to ten bytes, and where it ends."""
    value = 0
    for shift, byte in enumerate(body[at : at + _VARINT_LONGEST]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, at + shift + 1
    return None
