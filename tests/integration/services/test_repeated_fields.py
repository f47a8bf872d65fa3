"""Every field of the contract that may be repeated has a bound, and is named where a request goes beyond it."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.kernel.contract import files_of, force_field
from services.kernel.server import policies_of
from services.table import SERVICES
from tests.integration.services.running import SHARED_FORCE, Running

# More than any field may have.
MANY = 10_001
Path = tuple[FieldDescriptor, ...]


def _repeated(kind: Descriptor, before: Path = ()) -> Iterator[Path]:
    for field in kind.fields:
        if field.is_repeated:
            yield (*before, field)
        if field.message_type is not None:
            yield from _repeated(field.message_type, (*before, field))


def _methods() -> dict[str, Any]:
    return {
        f"/{offered.full_name}/{method.name}": method
        for service in SERVICES
        for file in files_of(service)
        for offered in file.services_by_name.values()
        for method in offered.methods
    }


METHODS = _methods()
# What a replica of the emergency path tells another is what it has stored: one that is no signal is passed over.
OURS = "/peel.safety.v1.PeerService/PushSignals"
CASES = [
    (path, fields)
    for path, method in METHODS.items()
    for fields in _repeated(method.input_type)
    if path != OURS or len(fields) == 1
]


def _many(message: Any, path: Path) -> None:
    """Fills the last field of the path, within one entry of each before it."""
    for field in path[:-1]:
        inner = getattr(message, field.name)
        message = inner.add() if field.is_repeated else inner
    last = getattr(message, path[-1].name)
    if path[-1].message_type is not None:
        for _ in range(MANY):
            last.add()
    else:
        last.extend([str(uuid4()) if path[-1].type == FieldDescriptor.TYPE_STRING else 1] * MANY)


def _request(kind: Descriptor, path: Path) -> Message:
    request = GetMessageClass(kind)()
    if force := force_field(kind):
        setattr(request, force, SHARED_FORCE)
    if "request_id" in kind.fields_by_name:
        request.request_id = str(uuid4())  # type: ignore[attr-defined]
    _many(request, path)
    return request


def test_there_is_something_to_bound() -> None:
    assert len(CASES) > 15


@pytest.mark.parametrize(("path", "fields"), CASES, ids=lambda one: one if isinstance(one, str) else one[-1].name)
def test_too_many_entries_are_refused_and_the_field_is_named(running: Running, path: str, fields: Path) -> None:
    offered, name = path.removeprefix("/").split("/")
    policy = policies_of(offered.split(".")[1])[path]
    person = running.person(min(policy.roles).removeprefix("ROLE_").lower())
    request = _request(METHODS[path].input_type, fields)
    stream = METHODS[path].client_streaming
    refusal = person.refused(getattr(running.stubs[offered], name), iter([request]) if stream else request)
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    named = "".join(f".{field.name}" + ("[0]" if field.is_repeated else "") for field in fields)[1:].removesuffix("[0]")
    # Another rule may be broken by the same field.
    assert re.search(rf"(^|[:;] ){re.escape(named)}: must have [0-9a-z ]+ entries", refusal.message)
