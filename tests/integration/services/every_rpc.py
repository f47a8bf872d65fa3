"""A call of every RPC there is, each that succeeds, about one report from its first contact to its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from google.protobuf.message import Message

from peel.crime.v1 import api_pb2 as crime
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from services.kernel.contract import RpcPolicy
from services.kernel.server import policies_of
from services.table import SERVICES
from tests.integration.services.calling import Metadata
from tests.integration.services.every_assignment_rpc import every_assignment_rpc
from tests.integration.services.every_device_rpc import every_device_rpc
from tests.integration.services.every_emergency_rpc import every_emergency_rpc
from tests.integration.services.every_marker_rpc import every_marker_rpc
from tests.integration.services.every_unit_rpc import every_unit_rpc
from tests.integration.services.following import contact_when_decided, crimes_of, opened, report_of
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import (
    BURGLARY,
    THIRD_PARTY,
    alleging,
    assessment,
    cancellation,
    closing,
    contact,
    decision,
    grading,
    outcome,
    recording,
)
from tests.integration.services.watching import watching

PEOPLE = {"Person.given_name", "Person.family_name", "Person.date_of_birth", "Person.phone"}
PLACE = {"Place.address", "Place.uprn"}
THRIVE = {f"Thrive.{part}" for part in ("threat", "harm", "risk", "investigation", "vulnerability", "engagement")}
CONTACT = PEOPLE | PLACE | {"Contact.narrative", "Contact.vehicle_registrations"}
TOLD = PEOPLE | PLACE | {"OpenContactRequest.narrative", "OpenContactRequest.vehicle_registrations"}


@dataclass(frozen=True)
class Step:
    """A call to make: who makes it, and the records and personal fields that its audit has to name.

    `request` is a list where the call takes a stream of them.
    """

    running: Running
    role: str
    path: str
    request: Any
    records: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()

    @property
    def service(self) -> str:
        return self.path.split(".")[1]

    @property
    def policy(self) -> RpcPolicy:
        return policies_of(self.service)[self.path]

    def make(self, more: Metadata = ()) -> list[Message]:
        """Makes the call; returns its reply, or all of them, or the first of those that have no end."""
        offered, name = self.path.removeprefix("/").split("/")
        method = getattr(self.running.stubs[offered], name)
        person = self.running.person(self.role, more=more)
        if isinstance(self.request, list):
            return [person.send(method, self.request)]
        if hasattr(method, "future"):
            return [person.ask(method, self.request)]
        if self.policy.standing:
            with watching(person, method, self.request) as stream:
                return stream.until(lambda _: True)
        return person.listen(method, self.request)


def every_path() -> set[str]:
    """The gRPC path of every RPC."""
    return {path for service in SERVICES for path in policies_of(service)}


def step_of(
    running: Running,
    role: str,
    request: Message | list[Message],
    records: set[str] | None = None,
    fields: set[str] | None = None,
) -> Step:
    """The call that a request is for, by its name."""
    kind = (request[0] if isinstance(request, list) else request).DESCRIPTOR
    service = kind.full_name.split(".")[1]
    rpc = kind.name.removesuffix("Request")
    (path,) = (path for path in policies_of(service) if path.endswith(f"/{rpc}"))
    return Step(running, role, path, request, frozenset(records or ()), frozenset(fields or ()))


def every_rpc(running: Running) -> Iterator[Step]:
    """The steps, each to be made before the next is asked for."""

    step = partial(step_of, running)
    force = SHARED_FORCE
    contact_id = opened(running, contact(force, running.now, alleging(), alleging(BURGLARY, "p2"), by=THIRD_PARTY))
    a_contact = {f"contact:{contact_id}"}
    yield step("call_handler", contact(force, running.now, alleging()), set(), TOLD)
    yield step("officer", intake.GetContactRequest(contact_id=contact_id), a_contact, CONTACT)
    yield step("auditor", intake.ListContactsRequest(force=force), a_contact, CONTACT)
    yield step("call_handler", assessment(contact_id), a_contact, CONTACT | THRIVE)
    yield step("call_handler", grading(contact_id), a_contact)
    report = report_of(running, contact_id)
    a_report = {f"report:{report.report_id}"} | a_contact
    yield step("crime_recorder", crime.ListReportsRequest(force=force, page_size=500), a_report, CONTACT)
    yield step("crime_registrar", crime.GetReportRequest(report_id=report.report_id), a_report, CONTACT)
    yield step("crime_recorder", decision(report.report_id, recording(1), recording(2)), a_report, CONTACT)
    one, two = crimes_of(running, report)
    first, second = {f"crime:{one.crime_id}"} | a_report, {f"crime:{two.crime_id}"} | a_report
    yield step("officer", crime.GetCrimeRequest(crime_id=one.crime_id), first, PLACE)
    yield step("auditor", crime.ListCrimesRequest(force=force, report_id=report.report_id), first | second, PLACE)
    yield step("officer", outcome(one.crime_id, "18"), first, PLACE)
    yield step("decision_maker", cancellation(two.crime_id), second, PLACE)
    yield step("auditor", crime.GetRecordingRateRequest(force=force))
    yield step("auditor", crime.ReconcileReportsRequest(force=force))
    yield step("auditor", crime.ExportStreetCrimeRequest(force=force, month="2018-07"))
    incident_id = contact_when_decided(running, contact_id).incident_id
    an_incident = {f"incident:{incident_id}"} | a_contact
    yield step("dispatcher", intake.GetIncidentRequest(incident_id=incident_id), an_incident)
    yield step("dispatcher", intake.ListIncidentsRequest(force=force), an_incident)
    yield step("call_handler", closing(incident_id, types.CLOSING_KIND_CRIME), an_incident)
    yield from every_unit_rpc(running, step)
    yield from every_assignment_rpc(running, step)
    yield from every_marker_rpc(running, step)
    yield from every_emergency_rpc(running, step)
    yield from every_device_rpc(running, step)
