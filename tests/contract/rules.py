"""What must hold for the contract. Each rule returns what is wrong, so that a test can show that it finds it."""

import re
from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, MethodDescriptor

from peel.options.v1 import options_pb2 as options

READING = ("Export", "Get", "List", "Recommend", "Reconcile", "Search", "Watch")
WORKFLOW = re.compile(r"W([1-9]|1[01])|OPS")
TOPIC = re.compile(r"(?P<service>[a-z]+)\.(?P<aggregate>[a-z]+)\.v1")

# Words of a field's name, between underscores, that say it may hold something about a person.
LOOKS_PERSONAL = (
    r"names?|surname|forename|alias|nickname|title|initials",
    r"phone|telephone|mobile|msisdn|imei|imsi|fax",
    r"e?mail|handle|username|url",
    r"address|street|house|postcode|uprn|location|what3words",
    r"latitude|longitude|lat|lon|lng|easting|northing",
    r"birth|born|dob|age|died|death",
    r"sex|gender|ethnicity|nationality|religion|language|disability|occupation",
    r"passport|licence|license|nino|nhs|pnc|cro|iban|account",
    r"vrm|vin|registration|plate",
    r"narrative|account|statement|description|text|notes?|comments?|remarks?|message|transcript|summary|words",
    r"photo|image|picture|voice|fingerprint|dna|face",
    # The parts of THRIVE are a handler's own words about somebody's life.
    r"threat|harm|risk|investigation|vulnerability|engagement",
)
_LOOKS_PERSONAL = re.compile(rf"(?:^|_)(?:{'|'.join(LOOKS_PERSONAL)})(?:_|$)")
_CAN_SAY = {
    FieldDescriptor.TYPE_STRING,
    FieldDescriptor.TYPE_BYTES,
    FieldDescriptor.TYPE_DOUBLE,
    FieldDescriptor.TYPE_FLOAT,
}


def rpc_faults(method: MethodDescriptor) -> Iterator[str]:
    """Who may call, what is logged (DPA 2018 s.62), which workflow it serves, and whether it can be repeated."""
    if not method.GetOptions().HasExtension(options.rpc):
        yield "declares no policy"
        return
    policy = method.GetOptions().Extensions[options.rpc]
    if not policy.roles or options.ROLE_UNSPECIFIED in policy.roles:
        yield "has no roles"
    if policy.audit == options.AUDIT_ACTION_UNSPECIFIED:
        yield "has no audit action"
    if not WORKFLOW.fullmatch(policy.workflow):
        yield "has no workflow"
    if policy.standing and not (method.client_streaming or method.server_streaming):
        yield "stands and is no stream"
    yield from _repeat_faults(method, policy)
    yield from _request_faults(method)


def _repeat_faults(method: MethodDescriptor, policy: options.RpcPolicy) -> Iterator[str]:
    """A change can be repeated. A stream of requests as a whole cannot; each of its messages may carry its own id."""
    if method.client_streaming:
        if policy.idempotent:
            yield "is a stream of requests and cannot be repeated as one"
        return
    changes = not method.name.startswith(READING)
    request_id = method.input_type.fields_by_name.get("request_id")
    if changes and not policy.idempotent:
        yield "changes something but is not idempotent"
    if policy.idempotent and (request_id is None or request_id.type != FieldDescriptor.TYPE_STRING):
        yield "is idempotent without a request_id"
    if not policy.idempotent and request_id is not None:
        yield "has a request_id that nothing looks at"


def _request_faults(method: MethodDescriptor) -> Iterator[str]:
    for field in method.input_type.fields:
        extensions = field.GetOptions().Extensions
        if field.name == "force" and not extensions[options.force]:
            yield "takes a force that is not compared with the caller's"
        if field.name.endswith("_id") and field.name != "request_id" and not extensions[options.record]:
            yield f"takes {field.name} without naming the kind of record"


def event_faults(event: Descriptor) -> Iterator[str]:
    """Which topic it travels on, and by which key."""
    if not event.GetOptions().HasExtension(options.event):
        yield "declares no policy"
        return
    policy = event.GetOptions().Extensions[options.event]
    topic = TOPIC.fullmatch(policy.topic)
    if topic is None:
        yield "has a topic that is not <service>.<aggregate>.v1"
    elif topic["service"] != event.file.package.split(".")[1]:
        yield "has a topic of another service"
    key = field_at(event, policy.key)
    if key is None or key.type != FieldDescriptor.TYPE_STRING or key.is_repeated:
        yield "has a key that is not the path of one string"
    elif topic is not None and key.name != f"{topic['aggregate']}_id":
        yield "has a key that is not the id of its topic's aggregate"


def field_at(message: Descriptor, path: str) -> FieldDescriptor | None:
    """The field at the end of a dotted path of single messages."""
    *through, last = path.split(".")
    for part in through:
        field = message.fields_by_name.get(part)
        if field is None or field.is_repeated or field.message_type is None:
            return None
        message = field.message_type
    return message.fields_by_name.get(last)


def field_faults(field: FieldDescriptor) -> Iterator[str]:
    """I7: what may hold personal data says so, or it would reach logs, spans and the audit unmarked."""
    marked = field.GetOptions().Extensions[options.personal]
    if field.type in _CAN_SAY and _LOOKS_PERSONAL.search(field.name) and not marked:
        yield "looks like personal data and is not marked as such"
    if field.message_type is not None and marked:
        yield "is marked as personal but is a message: its fields are what is marked"


def enum_faults(enum: EnumDescriptor) -> Iterator[str]:
    """Left out is told from the first real value."""
    prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum.name).upper()
    if enum.values[0].number != 0 or enum.values[0].name != f"{prefix}_UNSPECIFIED":
        yield f"does not begin with {prefix}_UNSPECIFIED = 0"
    for value in enum.values:
        if not value.name.startswith(f"{prefix}_"):
            yield f"{value.name} does not begin with {prefix}_"
