"""What the kernel reads out of the contract: personal fields and records of a message, force, key, policy."""

from uuid import UUID

import pytest
from grpc_health.v1 import health_pb2

from peel.crime.v1 import api_pb2 as crime
from peel.crime.v1 import events_pb2 as crime_events
from peel.crime.v1 import types_pb2 as crime_types
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import events_pb2 as intake_events
from peel.intake.v1 import types_pb2 as intake_types
from peel.type.v1.person_pb2 import Person
from peel.type.v1.place_pb2 import Place, Point
from services.kernel.contract import (
    aggregate_id,
    event_policy,
    force_field,
    independent_roles,
    marks,
    personal_field_names,
    rpc_policy,
)
from services.kernel.ids import new_id

CONTACT, INCIDENT, REPORT, CRIME = "c-1", "i-1", "r-1", "x-1"


def told() -> intake_types.Contact:
    return intake_types.Contact(
        contact_id=CONTACT,
        incident_id=INCIDENT,
        narrative="It was dark.",
        people=[Person(ref="v1", family_name="Quill"), Person(ref="s1", phone="+441134960000")],
        place=Place(address="1 Ash Mount"),
    )


def test_marks_are_the_names_of_what_is_set_at_any_depth() -> None:
    fields, records = marks(told())
    assert fields == {"Contact.narrative", "Person.family_name", "Person.phone", "Place.address"}
    assert records == {f"contact:{CONTACT}", f"incident:{INCIDENT}"}


def test_marks_reach_through_a_message_of_another_package() -> None:
    report = crime_types.Report(report_id=REPORT, contact=told(), decisions=[crime_types.Decision(crime_id=CRIME)])
    fields, records = marks(crime.ListReportsResponse(reports=[report, report]))
    assert "Contact.narrative" in fields
    assert records == {f"report:{REPORT}", f"contact:{CONTACT}", f"incident:{INCIDENT}", f"crime:{CRIME}"}


def test_marks_hold_no_values() -> None:  # I7
    fields, _ = marks(told())
    assert all(value not in name for name in fields for value in ("dark", "Quill", "+44", "Ash"))


def test_what_is_not_set_is_not_marked() -> None:
    assert marks(intake_types.Contact(force="west-yorkshire")) == (set(), set())


def test_a_coordinate_of_zero_is_set() -> None:
    # The prime meridian crosses England.
    assert marks(Point(latitude=51.5, longitude=0.0))[0] == {"Point.latitude", "Point.longitude"}
    assert marks(Point(accuracy_metres=3))[0] == set()


@pytest.mark.parametrize(
    ("request_type", "field"),
    [
        (intake.OpenContactRequest, "force"),
        (crime.ExportStreetCrimeRequest, "force"),
        (intake.GetContactRequest, None),
    ],
)
def test_the_force_a_call_is_about(request_type: type[intake.OpenContactRequest], field: str | None) -> None:
    assert force_field(request_type.DESCRIPTOR) == field


def test_an_event_is_keyed_by_its_aggregate() -> None:
    opened = intake_events.ContactOpened(contact=told())
    assert aggregate_id(opened) == CONTACT
    assert aggregate_id(crime_events.RecordingDecided(report_id=REPORT, contact_id=CONTACT)) == REPORT
    assert event_policy(opened.DESCRIPTOR).topic == "intake.contact.v1"
    assert event_policy(opened.DESCRIPTOR).key == ("contact", "contact_id")


def test_an_event_without_a_policy_is_none() -> None:
    with pytest.raises(LookupError, match="declares no"):
        event_policy(intake_types.Contact.DESCRIPTOR)


def test_an_rpc_without_a_policy_is_none() -> None:
    check = health_pb2.DESCRIPTOR.services_by_name["Health"].methods_by_name["Check"]
    with pytest.raises(LookupError, match="declares no"):
        rpc_policy(check)


def test_the_policy_of_an_rpc() -> None:
    service = intake.DESCRIPTOR.services_by_name["IntakeService"]
    policy = rpc_policy(service.methods_by_name["OpenContact"])
    assert policy.full_name == "peel.intake.v1.IntakeService.OpenContact"
    assert policy.roles == {"ROLE_CALL_HANDLER", "ROLE_OFFICER", "ROLE_PARTNER_SYSTEM"}
    assert (policy.audit, policy.workflow, policy.idempotent) == ("COLLECTION", "W2", True)


def test_nothing_stands_or_is_an_emergency_unless_it_says_so() -> None:
    policy = rpc_policy(intake.DESCRIPTOR.services_by_name["IntakeService"].methods_by_name["OpenContact"])
    assert (policy.standing, policy.emergency) == (False, False)


def test_the_registrar_is_independent() -> None:  # domain facts 2.5
    assert independent_roles() == {"ROLE_CRIME_REGISTRAR"}


@pytest.mark.parametrize("service", ["intake", "crime"])
def test_the_scrubbers_list_has_the_shared_words_and_the_services_own(service: str) -> None:
    names = set(personal_field_names((service,)))
    assert {"family_name", "phone", "date_of_birth", "address", "uprn", "latitude", "longitude"} <= names
    assert ("narrative" in names) == (service == "intake")


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(100)]
    assert made == sorted(made)
    assert {one.version for one in made} == {7}
    assert all(isinstance(one, UUID) for one in made)
