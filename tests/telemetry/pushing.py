"""Calls with personal data in every place where a caller can put some; most of them are refused, each in its way."""

from collections.abc import Iterator

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.kernel.contract import files_of
from services.kernel.server import policies_of
from tests.integration.services.calling import Metadata, Person
from tests.integration.services.every_rpc import every_path
from tests.integration.services.running import PROCESSES, SERVED_BY, SHARED_FORCE, Running
from tests.integration.services.telling import alleging, contact, request_id

NAUGHTY = "Zephyrine Quillfeather, 1931-02-17, +447700900877, Exampleford"
OPEN_CONTACT = "/peel.intake.v1.IntakeService/OpenContact"
_FOREIGN = ("/grpc.health.v1.Health/Check", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
_UNKNOWN = ("/peel.intake.v1.IntakeService/Zephyrine", "/Quillfeather/Exampleford")
# Text that is not UTF-8, a body that breaks off, and no message at all.
_BROKEN = (b"\x0a\x0c" + NAUGHTY.encode()[:9] + b"\xff\xfe", b"\x0a\x7f" + NAUGHTY.encode(), b"\xff" * 9)


class Pusher:
    """Makes the calls, and keeps all that came back with each that was refused."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self.refusals: list[str] = []

    def every_text_field(self) -> None:
        """In every text field of every request, at any depth, one after the other."""
        for path in sorted(every_path()):
            for request in _each_text(_request_of(path)):
                self._push(path, request.SerializeToString())

    def malformed(self) -> None:
        """Bodies that cannot be read: for our services, for those that come with gRPC, and for none."""
        for path in (*sorted(every_path()), *_FOREIGN, *_UNKNOWN):
            for body in _BROKEN:
                self._push(path, body)

    def metadata(self) -> None:
        """In what goes with a request."""
        body = contact(SHARED_FORCE, self._running.now, alleging()).SerializeToString()
        for name, value in (
            ("authorization", f"Bearer {NAUGHTY}"),
            ("authorization", NAUGHTY),
            ("traceparent", NAUGHTY),
            ("tracestate", f"peel={NAUGHTY}"),
            ("baggage", f"victim={NAUGHTY}"),
            ("peel-purpose", NAUGHTY),
            ("x-zephyrine", NAUGHTY),
            ("x-note-bin", NAUGHTY.encode()),
        ):
            # By somebody known, and by nobody.
            self._push(OPEN_CONTACT, body, self._known([(name, value)]))
            self._push(OPEN_CONTACT, body, Person(None, [(name, value)]))

    def addresses(self) -> None:
        """In the address of a page."""
        for process in PROCESSES:
            assert self._running.page(process, "/Zephyrine?name=Quillfeather")[0] == 404

    def _known(self, more: Metadata = ()) -> Person:
        return self._running.person("call_handler", "crime_recorder", "decision_maker", "auditor", more=more)

    def _push(self, path: str, body: bytes, who: Person | None = None) -> None:
        known = path in every_path()
        channel = self._running.channels[SERVED_BY[path.split("/")[1]] if known else "intake"]
        # A stream that stands answers at once, or never.
        standing = known and policies_of(path.split(".")[1])[path].standing
        method = channel.unary_unary(path, None, None)
        try:
            method(body, timeout=1 if standing else 10, metadata=(who or self._known()).headers)
        except grpc.RpcError as error:
            self.refusals.append(f"{error.code()} {error.details()} {error.trailing_metadata()}")


def _request_of(path: str) -> Descriptor:
    offered, name = path.removeprefix("/").split("/")
    services = [one for file in files_of(path.split(".")[1]) for one in file.services_by_name.values()]
    (service,) = (one for one in services if one.full_name == offered)
    return service.methods_by_name[name].input_type


def _each_text(kind: Descriptor) -> Iterator[Message]:
    """A message of that kind for each of its text fields, with personal data in that one."""
    for field in kind.fields:
        for value in _values(field):
            message = GetMessageClass(kind)()
            for name, usual in (("force", SHARED_FORCE), ("request_id", request_id())):
                if name in kind.fields_by_name:
                    setattr(message, name, usual)
            _put(message, field, value)
            yield message


def _values(field: FieldDescriptor) -> Iterator[Message | str]:
    if field.type == FieldDescriptor.TYPE_STRING:
        yield NAUGHTY
    elif field.message_type is not None:
        yield from _each_text(field.message_type)


def _put(message: Message, field: FieldDescriptor, value: Message | str) -> None:
    if field.is_repeated:
        getattr(message, field.name).append(value)
    elif isinstance(value, Message):
        getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, value)
