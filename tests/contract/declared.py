"""Everything that the contract declares, found by the files themselves so that nothing new escapes the rules."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from google.protobuf.descriptor import (
    Descriptor,
    EnumDescriptor,
    FieldDescriptor,
    FileDescriptor,
    MethodDescriptor,
)

PROTOS = Path(__file__).parents[2] / "protos"


def files() -> list[FileDescriptor]:
    """Every proto file of Peel."""
    paths = sorted(path.relative_to(PROTOS).with_suffix("") for path in (PROTOS / "peel").rglob("*.proto"))
    return [import_module(f"{'.'.join(path.parts)}_pb2").DESCRIPTOR for path in paths]


def methods() -> list[MethodDescriptor]:
    """Every RPC."""
    return [method for file in files() for offered in file.services_by_name.values() for method in offered.methods]


def events() -> list[Descriptor]:
    """Every message of an events.proto."""
    named = [file for file in files() if file.name.endswith("/events.proto")]
    return [event for file in named for event in file.message_types_by_name.values()]


def messages() -> list[Descriptor]:
    """Every message, nested ones too."""

    def with_nested(message: Descriptor) -> Iterator[Descriptor]:
        yield message
        for nested in message.nested_types:
            yield from with_nested(nested)

    return [one for file in files() for message in file.message_types_by_name.values() for one in with_nested(message)]


def fields() -> list[FieldDescriptor]:
    """Every field of every message."""
    return [field for message in messages() for field in message.fields]


def enums() -> list[EnumDescriptor]:
    """Every enum, those within messages too."""
    top = [enum for file in files() for enum in file.enum_types_by_name.values()]
    return top + [enum for message in messages() for enum in message.enum_types]
