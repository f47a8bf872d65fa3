"""The rules of the contract can fail: each is shown a contract that breaks it."""

from collections.abc import Iterator

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pool import DescriptorPool

from peel.options.v1 import options_pb2 as options
from tests.contract.rules import enum_faults, event_faults, field_faults, rpc_faults

GOOD_RPC = options.RpcPolicy(
    roles=[options.ROLE_OFFICER], audit=options.AUDIT_ACTION_ALTERATION, workflow="W2", idempotent=True
)
SUSPECT = [
    "family_name",
    "phone",
    "mobile_number",
    "home_address",
    "date_of_birth",
    "narrative",
    "email",
    "email_address",
    "postcode",
    "uprn",
    "vrm",
    "notes",
    "threat",
    "harm",
    "risk",
    "investigation",
    "vulnerability",
    "engagement",
]


class Synthetic:
    """A proto file in the making: package peel.example.v1."""

    def __init__(self) -> None:
        self.file = descriptor_pb2.FileDescriptorProto(
            name="peel/example/v1/events.proto", package="peel.example.v1", syntax="proto3"
        )

    def message(self, name: str, *fields: Field) -> descriptor_pb2.DescriptorProto:
        message = self.file.message_type.add(name=name)
        for number, field in enumerate(fields, start=1):
            message.field.add().CopyFrom(field)
            message.field[-1].number = number
        return message

    def rpc(self, name: str, policy: options.RpcPolicy | None, *fields: Field, asks: bool, answers: bool) -> None:
        """A method. `asks` and `answers` say on which sides it is a stream."""
        self.message("Asked", *fields)
        service = self.file.service.add(name="ExampleService")
        method = service.method.add(
            name=name,
            input_type=".peel.example.v1.Asked",
            output_type=".peel.example.v1.Asked",
            client_streaming=asks,
            server_streaming=answers,
        )
        if policy is not None:
            method.options.Extensions[options.rpc].CopyFrom(policy)

    def built(self) -> FileDescriptor:
        return DescriptorPool().AddSerializedFile(self.file.SerializeToString())


def field(
    name: str, kind: "Field.Type.ValueType" = Field.TYPE_STRING, *, repeated: bool = False, of: str = ""
) -> Field:
    label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
    return Field(name=name, type=kind, label=label, type_name=f".peel.example.v1.{of}" if of else None)


def personal(made: Field) -> Field:
    made.options.Extensions[options.personal] = True
    return made


def rpc_without(**parts: object) -> options.RpcPolicy:
    policy = options.RpcPolicy()
    policy.CopyFrom(GOOD_RPC)
    for part in parts:
        policy.ClearField(part)  # type: ignore[arg-type]
    return policy


def found_in_rpc(
    name: str, policy: options.RpcPolicy | None, *fields: Field, asks: bool = False, answers: bool = False
) -> Iterator[str]:
    synthetic = Synthetic()
    synthetic.rpc(name, policy, *fields, asks=asks, answers=answers)
    return rpc_faults(synthetic.built().services_by_name["ExampleService"].methods[0])


def test_a_good_rpc_has_no_fault() -> None:
    assert list(found_in_rpc("ChangeThing", GOOD_RPC, field("request_id"))) == []


@pytest.mark.parametrize(
    ("name", "policy", "fields", "fault"),
    [
        ("ChangeThing", None, ["request_id"], "declares no policy"),
        ("ChangeThing", rpc_without(roles=None), ["request_id"], "has no roles"),
        ("ChangeThing", rpc_without(audit=None), ["request_id"], "has no audit action"),
        ("ChangeThing", rpc_without(workflow=None), ["request_id"], "has no workflow"),
        ("ChangeThing", rpc_without(idempotent=None), [], "changes something but is not idempotent"),
        ("ChangeThing", GOOD_RPC, [], "is idempotent without a request_id"),
        ("GetThing", rpc_without(idempotent=None), ["request_id"], "has a request_id that nothing looks at"),
        ("GetThing", rpc_without(idempotent=None), ["force"], "takes a force that is not compared with the caller's"),
        ("GetThing", rpc_without(idempotent=None), ["thing_id"], "takes thing_id without naming the kind of record"),
    ],
)
def test_a_faulty_rpc_is_found(name: str, policy: options.RpcPolicy | None, fields: list[str], fault: str) -> None:
    assert list(found_in_rpc(name, policy, *(field(one) for one in fields))) == [fault]


def test_a_stream_of_requests_needs_no_request_id() -> None:
    policy = rpc_without(idempotent=None)
    assert list(found_in_rpc("ReportThings", policy, asks=True)) == []
    assert list(found_in_rpc("ReportThings", policy, field("request_id"), asks=True)) == []
    assert list(found_in_rpc("ReportThings", GOOD_RPC, field("request_id"), asks=True)) == [
        "is a stream of requests and cannot be repeated as one"
    ]


@pytest.mark.parametrize("name", ["RecommendThings", "WatchThings", "SearchThings"])
def test_what_only_reads_needs_no_request_id(name: str) -> None:
    assert list(found_in_rpc(name, rpc_without(idempotent=None))) == []


def test_only_a_stream_can_stand() -> None:
    policy = rpc_without(idempotent=None)
    policy.standing = True
    assert list(found_in_rpc("WatchThings", policy)) == ["stands and is no stream"]
    assert list(found_in_rpc("WatchThings", policy, answers=True)) == []
    assert list(found_in_rpc("ReportThings", policy, asks=True)) == []


def found_in_event(topic: str | None, key: str, *fields: Field) -> list[str]:
    synthetic = Synthetic()
    synthetic.message("Part", field("thing_id"), field("count", Field.TYPE_INT32))
    event = synthetic.message("ThingHappened", *fields)
    if topic is not None:
        event.options.Extensions[options.event].CopyFrom(options.EventPolicy(topic=topic, key=key))
    return list(event_faults(synthetic.built().message_types_by_name["ThingHappened"]))


def test_a_good_event_has_no_fault() -> None:
    part = field("part", Field.TYPE_MESSAGE, of="Part")
    assert found_in_event("example.thing.v1", "part.thing_id", part) == []
    assert found_in_event("example.thing.v1", "thing_id", field("thing_id")) == []


@pytest.mark.parametrize(
    ("topic", "key", "fault"),
    [
        (None, "", "declares no policy"),
        ("things", "thing_id", "has a topic that is not <service>.<aggregate>.v1"),
        ("example.thing.v2", "thing_id", "has a topic that is not <service>.<aggregate>.v1"),
        ("other.thing.v1", "thing_id", "has a topic of another service"),
        ("example.thing.v1", "", "has a key that is not the path of one string"),
        ("example.thing.v1", "nowhere", "has a key that is not the path of one string"),
        ("example.thing.v1", "thing_id.deeper", "has a key that is not the path of one string"),
        ("example.thing.v1", "part.count", "has a key that is not the path of one string"),
        ("example.thing.v1", "parts.thing_id", "has a key that is not the path of one string"),
        ("example.thing.v1", "other_id", "has a key that is not the id of its topic's aggregate"),
    ],
)
def test_a_faulty_event_is_found(topic: str | None, key: str, fault: str) -> None:
    part = field("part", Field.TYPE_MESSAGE, of="Part")
    parts = field("parts", Field.TYPE_MESSAGE, repeated=True, of="Part")
    assert found_in_event(topic, key, field("thing_id"), field("other_id"), part, parts) == [fault]


def found_in_field(made: Field) -> list[str]:
    synthetic = Synthetic()
    synthetic.message("Part")
    synthetic.message("Thing", made)
    return list(field_faults(synthetic.built().message_types_by_name["Thing"].fields[0]))


@pytest.mark.parametrize("name", SUSPECT)
def test_an_unmarked_personal_field_is_found(name: str) -> None:  # I7
    assert found_in_field(field(name)) == ["looks like personal data and is not marked as such"]
    assert found_in_field(personal(field(name))) == []


def test_an_unmarked_coordinate_is_found() -> None:  # I7
    assert found_in_field(field("latitude", Field.TYPE_DOUBLE)) == [
        "looks like personal data and is not marked as such"
    ]
    assert found_in_field(field("longitude", Field.TYPE_FLOAT)) == [
        "looks like personal data and is not marked as such"
    ]


@pytest.mark.parametrize(
    "name", ["offence_code", "number", "grade", "contact_id", "lsoa", "stage", "platform", "format"]
)
def test_other_fields_are_not_suspected(name: str) -> None:
    assert found_in_field(field(name)) == []


def test_a_marked_message_is_found() -> None:
    made = personal(field("place", Field.TYPE_MESSAGE, of="Part"))
    assert found_in_field(made) == ["is marked as personal but is a message: its fields are what is marked"]


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        (["THING_STATE_UNSPECIFIED", "THING_STATE_OPEN"], []),
        (["THING_STATE_OPEN"], ["does not begin with THING_STATE_UNSPECIFIED = 0"]),
        (["THING_STATE_UNSPECIFIED", "OPEN"], ["OPEN does not begin with THING_STATE_"]),
    ],
)
def test_a_faulty_enum_is_found(values: list[str], faults: list[str]) -> None:
    synthetic = Synthetic()
    enum = synthetic.file.enum_type.add(name="ThingState")
    for number, value in enumerate(values):
        enum.value.add(name=value, number=number)
    assert list(enum_faults(synthetic.built().enum_types_by_name["ThingState"])) == faults
