"""The contract declares what the kernel enforces: policy beside each RPC and event, personal data marked (I7)."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import pytest
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, MethodDescriptor

from services.kernel.contract import events_of, topics
from services.kernel.server import policies_of
from services.table import SERVICES
from tests.contract import declared
from tests.contract.rules import enum_faults, event_faults, field_faults, rpc_faults

# Looks like personal data by its name and is none: each with the reason.
NOT_PERSONAL = {
    "peel.crime.v1.ExportStreetCrimeResponse.longitude": "published: the public map point, never the exact place",
    "peel.crime.v1.ExportStreetCrimeResponse.latitude": "published: the public map point, never the exact place",
    "peel.crime.v1.ExportStreetCrimeResponse.location": "published: on or near a street, never the address",
    "peel.crime.v1.ExportStreetCrimeResponse.lsoa_name": "name of a census area",
}
Declared = TypeVar("Declared", MethodDescriptor, Descriptor, FieldDescriptor, EnumDescriptor)


def faults(rule: Callable[[Declared], Iterator[str]], of: Iterable[Declared]) -> list[str]:
    return [f"{one.full_name} {fault}" for one in of for fault in rule(one)]


def test_every_rpc_declares_its_policy() -> None:
    assert len(declared.methods()) >= 18
    assert faults(rpc_faults, declared.methods()) == []


def test_every_event_declares_topic_and_key() -> None:
    assert len(declared.events()) >= 10
    assert faults(event_faults, declared.events()) == []


def test_every_field_that_looks_personal_is_marked() -> None:  # I7
    looks = {fault.split(" ")[0] for fault in faults(field_faults, declared.fields())}
    assert looks - set(NOT_PERSONAL) == set()


@pytest.mark.parametrize("field", NOT_PERSONAL)
def test_each_exception_is_still_needed(field: str) -> None:
    found = [one for one in declared.fields() if one.full_name == field]
    assert len(found) == 1
    assert list(field_faults(found[0]))


def test_every_enum_begins_with_unspecified() -> None:
    assert faults(enum_faults, declared.enums()) == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_kernel_sees_what_the_files_declare(service: str) -> None:
    package = f"peel.{service}.v1."
    rpcs = {method.full_name for method in declared.methods() if method.full_name.startswith(package)}
    assert {policy.full_name for policy in policies_of(service).values()} == rpcs
    assert set(events_of(service)) == {event for event in declared.events() if event.full_name.startswith(package)}


def test_no_proto_package_is_outside_the_service_table() -> None:
    shared = {"options", "type"}
    assert {file.package.split(".")[1] for file in declared.files()} - shared == set(SERVICES)


def test_the_topic_catalogue() -> None:  # one topic an aggregate
    assert [topic.name for topic in topics(SERVICES)] == [
        "crime.crime.v1",
        "crime.report.v1",
        "dispatch.assignment.v1",
        "dispatch.incident.v1",
        "dispatch.unit.v1",
        "intake.contact.v1",
        "intake.incident.v1",
        "safety.device.v1",
        "safety.emergency.v1",
        "safety.marker.v1",
        "safety.path.v1",
        "safety.welfare.v1",
    ]
