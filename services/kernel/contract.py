"""Reads what the protos declare: who may call, what is audited, where an event goes, what is personal.

Everything is read from descriptors once and kept; nothing here looks at a value but the walkers at the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor
from google.protobuf.message import Message

from peel.options.v1 import options_pb2 as options


@dataclass(frozen=True, slots=True)
class RpcPolicy:
    """What holds for every call of one RPC."""

    full_name: str
    roles: frozenset[str]
    audit: str
    workflow: str
    idempotent: bool
    standing: bool = False
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """How one kind of event travels. `key` is the path of the field that names its aggregate."""

    topic: str
    key: tuple[str, ...]
    compacted: bool
    single: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic that some event's option names. `single`: it has one partition, whatever others have."""

    name: str
    compacted: bool
    single: bool = False


def rpc_policy(method: MethodDescriptor) -> RpcPolicy:
    """The policy of an RPC. Raises LookupError for one that declares none."""
    declared = method.GetOptions()
    if not declared.HasExtension(options.rpc):
        raise LookupError(f"{method.full_name} declares no (peel.options.v1.rpc)")
    policy = declared.Extensions[options.rpc]
    return RpcPolicy(
        full_name=method.full_name,
        roles=frozenset(options.Role.Name(role) for role in policy.roles),
        audit=options.AuditAction.Name(policy.audit).removeprefix("AUDIT_ACTION_"),
        workflow=policy.workflow,
        idempotent=policy.idempotent,
        standing=policy.standing,
        emergency=policy.emergency,
    )


@cache
def event_policy(event: Descriptor) -> EventPolicy:
    """The policy of an event. Raises LookupError for one that declares none."""
    declared = event.GetOptions()
    if not declared.HasExtension(options.event):
        raise LookupError(f"{event.full_name} declares no (peel.options.v1.event)")
    policy = declared.Extensions[options.event]
    return EventPolicy(policy.topic, tuple(policy.key.split(".")), policy.compacted, policy.single)


def aggregate_id(event: Message) -> str:
    """The id of the aggregate that the event is about."""
    value: object = event
    for part in event_policy(event.DESCRIPTOR).key:
        value = getattr(value, part)
    return str(value)


@cache
def files_of(service: str) -> tuple[FileDescriptor, ...]:
    """Every proto file of a service's package, by name."""
    package = import_module(f"peel.{service}.v1")
    names = sorted(module.name for module in iter_modules(package.__path__) if module.name.endswith("_pb2"))
    return tuple(import_module(f"{package.__name__}.{name}").DESCRIPTOR for name in names)


def events_of(service: str) -> tuple[Descriptor, ...]:
    """The events that a service's package declares."""
    file = import_module(f"peel.{service}.v1.events_pb2").DESCRIPTOR
    return tuple(file.message_types_by_name.values())


def topics(services: tuple[str, ...]) -> tuple[Topic, ...]:
    """The topic catalogue: every topic that an event of these services names, by name."""
    policies = [event_policy(event) for service in services for event in events_of(service)]
    return tuple(
        Topic(name, any(p.compacted for p in of_it), any(p.single for p in of_it))
        for name in sorted({p.topic for p in policies})
        if (of_it := [p for p in policies if p.topic == name])
    )


@cache
def independent_roles() -> frozenset[str]:
    """Roles whose holder may hold no other."""
    values = options.Role.DESCRIPTOR.values
    return frozenset(v.name for v in values if v.GetOptions().Extensions[options.independent])


@cache
def force_field(request: Descriptor) -> str | None:
    """Name of the request field that says which force the call is about, where there is one."""
    for field in request.fields:
        if field.GetOptions().Extensions[options.force]:
            return field.name
    return None


@dataclass(frozen=True, slots=True)
class _Walk:
    """What to look at in one kind of message: its own marked fields, and the fields that may hold more."""

    # Each with its name as the audit writes it, and whether the contract tells a value left out from a zero: a
    # longitude of 0 is one.
    personal: tuple[tuple[str, str, bool], ...]
    records: tuple[tuple[str, str], ...]
    inner: tuple[tuple[str, bool], ...]


@cache
def _walk(message: Descriptor) -> _Walk:
    def marked(field: FieldDescriptor) -> bool:
        return field.message_type is not None and bool(_reach(field.message_type))

    return _Walk(
        personal=tuple(
            (f.name, f"{message.name}.{f.name}", f.has_presence)
            for f in message.fields
            if f.GetOptions().Extensions[options.personal]
        ),
        records=tuple((f.name, kind) for f in message.fields if (kind := f.GetOptions().Extensions[options.record])),
        inner=tuple((f.name, f.is_repeated) for f in message.fields if marked(f)),
    )


@cache
def _reach(message: Descriptor, seen: tuple[str, ...] = ()) -> bool:
    """Whether a message of this kind can hold, at any depth, a field that is personal or names a record."""
    for field in message.fields:
        extensions = field.GetOptions().Extensions
        if extensions[options.personal] or extensions[options.record]:
            return True
        inner = field.message_type
        if inner is not None and inner.full_name not in seen and _reach(inner, (*seen, message.full_name)):
            return True
    return False


def marks(message: Message) -> tuple[set[str], set[str]]:
    """Names of the personal fields that are set in the message ("Person.phone"), and its records ("contact:<id>")."""
    fields: set[str] = set()
    records: set[str] = set()
    stack = [message]
    while stack:
        current = stack.pop()
        walk = _walk(current.DESCRIPTOR)
        for name, written, has_presence in walk.personal:
            if current.HasField(name) if has_presence else getattr(current, name):
                fields.add(written)
        for name, record in walk.records:
            if value := getattr(current, name):
                records.add(f"{record}:{value}")
        for name, repeated in walk.inner:
            if repeated:
                stack.extend(getattr(current, name))
            elif current.HasField(name):
                stack.append(getattr(current, name))
    return fields, records


def clear_personal(message: Message) -> tuple[str, ...]:
    """Takes every personal field out of the message, at any depth; returns their names ("Person.phone"), in order."""
    removed: set[str] = set()
    _clear_personal(message, removed)
    return tuple(sorted(removed))


def _clear_personal(message: Message, removed: set[str]) -> None:
    for field, value in message.ListFields():
        if field.GetOptions().Extensions[options.personal]:
            removed.add(f"{message.DESCRIPTOR.name}.{field.name}")
            message.ClearField(field.name)
        elif field.message_type is not None:
            for inner in value if field.is_repeated else (value,):
                _clear_personal(inner, removed)


def personal_field_names(services: tuple[str, ...]) -> Iterator[str]:
    """Every field name that some message of these services marks as personal: the log scrubber's list."""
    shared = [import_module(f"peel.type.v1.{part}_pb2").DESCRIPTOR for part in ("place", "person")]
    for file in (*shared, *(file for service in services for file in files_of(service))):
        for message in file.message_types_by_name.values():
            yield from (name for name, _, _ in _walk(message).personal)
