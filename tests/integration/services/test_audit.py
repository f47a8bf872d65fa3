"""Who did what to which record is on record (I6, DPA 2018 s.62): reads and streams too, names of fields, never values."""

import secrets
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from peel.crime.v1 import api_pb2 as crime
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from services.kernel.server import policies_of
from services.table import SERVICES
from tests.integration.services.following import contact_when_decided, crimes_of, opened, report_of
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import (
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

PEOPLE = {"Person.given_name", "Person.family_name", "Person.date_of_birth", "Person.phone"}
PLACE = {"Place.address", "Place.uprn"}
THRIVE = {f"Thrive.{part}" for part in ("threat", "harm", "risk", "investigation", "vulnerability", "engagement")}
CONTACT = PEOPLE | PLACE | {"Contact.narrative"}
TOLD = PEOPLE | PLACE | {"OpenContactRequest.narrative"}

Line = tuple[str, str, str, Any, set[str], set[str]]


class _Case:
    """One contact with its report, crimes and incident, and a call of every RPC about them."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.contact = contact(SHARED_FORCE, running.now, alleging(), alleging("28E", "p2"), by=THIRD_PARTY)

    def lines(self) -> Iterator[Line]:
        """Service, role, RPC, request, records and fields that its audit row names; each after those before it."""
        running, force = self.running, SHARED_FORCE
        contact_id = opened(running, self.contact)
        a_contact = {f"contact:{contact_id}"}
        opening = contact(force, running.now, alleging())
        yield "intake", "call_handler", "OpenContact", opening, set(), TOLD
        yield "intake", "officer", "GetContact", intake.GetContactRequest(contact_id=contact_id), a_contact, CONTACT
        yield "intake", "auditor", "ListContacts", intake.ListContactsRequest(force=force), a_contact, CONTACT
        yield "intake", "call_handler", "AssessThrive", assessment(contact_id), a_contact, CONTACT | THRIVE
        yield "intake", "call_handler", "GradeContact", grading(contact_id), a_contact, set()
        report = report_of(running, contact_id)
        a_report = {f"report:{report.report_id}"} | a_contact
        tray = crime.ListReportsRequest(force=force, page_size=500)
        yield "crime", "crime_recorder", "ListReports", tray, a_report, CONTACT
        yield (
            "crime",
            "crime_registrar",
            "GetReport",
            crime.GetReportRequest(report_id=report.report_id),
            a_report,
            CONTACT,
        )
        ruled = decision(report.report_id, recording(1), recording(2))
        yield "crime", "crime_recorder", "DecideRecording", ruled, a_report, CONTACT
        one, two = crimes_of(running, report)
        a_crime = {f"crime:{one.crime_id}"} | a_report
        yield "crime", "officer", "GetCrime", crime.GetCrimeRequest(crime_id=one.crime_id), a_crime, PLACE
        ledger = crime.ListCrimesRequest(force=force, report_id=report.report_id)
        yield "crime", "auditor", "ListCrimes", ledger, a_crime | {f"crime:{two.crime_id}"}, PLACE
        yield "crime", "officer", "RecordOutcome", outcome(one.crime_id, "18"), a_crime, PLACE
        cancelling = cancellation(two.crime_id)
        yield "crime", "decision_maker", "CancelCrime", cancelling, {f"crime:{two.crime_id}"} | a_report, PLACE
        yield "crime", "auditor", "GetRecordingRate", crime.GetRecordingRateRequest(force=force), set(), set()
        yield "crime", "auditor", "ReconcileReports", crime.ReconcileReportsRequest(force=force), set(), set()
        export = crime.ExportStreetCrimeRequest(force=force, month="2018-07")
        yield "crime", "auditor", "ExportStreetCrime", export, set(), set()
        contact_when_decided(running, contact_id)
        incident_id = running.rows("intake", "select incident_id::text from contact where id::text = $1", contact_id)[
            0
        ][0]
        an_incident = {f"incident:{incident_id}"} | a_contact
        get = intake.GetIncidentRequest(incident_id=incident_id)
        yield "intake", "dispatcher", "GetIncident", get, an_incident, set()
        yield "intake", "dispatcher", "ListIncidents", intake.ListIncidentsRequest(force=force), an_incident, set()
        end = closing(incident_id, types.CLOSING_KIND_CRIME)
        yield "intake", "call_handler", "CloseIncident", end, an_incident, set()


def test_every_call_of_every_rpc_leaves_its_row(running: Running) -> None:
    called = set()
    for service, role, rpc, request, records, fields in _Case(running).lines():
        trace_id = secrets.token_hex(16)
        more = [("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-01"), ("peel-purpose", "inspection-7")]
        person = running.person(role, more=more)
        method = getattr(getattr(running, service), rpc)
        policy = policies_of(service)[f"/peel.{service}.v1.{service.title()}Service/{rpc}"]
        streams = rpc in ("ReconcileReports", "ExportStreetCrime")
        (person.listen if streams else person.ask)(method, request)
        (row,) = running.rows(service, "select * from audit where trace_id = $1", trace_id)
        assert (row["rpc"], row["action"]) == (policy.full_name, policy.audit)
        assert (row["subject"], row["roles"], row["force"]) == (
            f"test-{role}",
            [f"ROLE_{role.upper()}"],
            SHARED_FORCE,
        )
        assert row["purpose"] == "inspection-7"
        assert records <= set(row["records"]), rpc
        assert fields <= set(row["fields"]), rpc
        assert "Zephyrine" not in str(row)
        called.add(policy.full_name)
    assert called == {policy.full_name for service in SERVICES for policy in policies_of(service).values()}


def test_a_purpose_that_is_no_code_is_not_noted(running: Running) -> None:
    contact_id = opened(running, contact(SHARED_FORCE, running.now))
    trace_id = secrets.token_hex(16)
    more = [("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-01"), ("peel-purpose", "asks after Zephyrine!")]
    request = intake.GetContactRequest(contact_id=contact_id)
    running.person("auditor", more=more).ask(running.intake.GetContact, request)
    (row,) = running.rows("intake", "select purpose from audit where trace_id = $1", trace_id)
    assert row["purpose"] == "W2"


def test_what_an_event_does_by_itself_shows_nobody_anything(running: Running, force: str) -> None:
    """The audit is of what people and systems asked for; what a service does by itself is in its events."""
    contact_id = opened(running, contact(force, running.now, alleging()))
    report_of(running, contact_id, force)
    rows = running.rows("crime", "select distinct rpc from audit where force = $1", force)
    assert [row["rpc"] for row in rows] == ["peel.crime.v1.CrimeService.ListReports"]


@pytest.mark.parametrize(
    "sql",
    [
        "update audit set subject = 'nobody'",
        "delete from audit",
        "truncate audit",
        "update audit set force = force where false",
    ],
)
@pytest.mark.parametrize("service", SERVICES)
def test_the_database_refuses_to_change_it(running: Running, service: str, sql: str) -> None:
    before = running.count(service, "from audit")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        running.rows(service, sql)
    assert running.count(service, "from audit") >= before


def test_a_refused_call_leaves_none(running: Running) -> None:
    """It touched no data, and its caller may be anybody."""
    trace_id = secrets.token_hex(16)
    more = [("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-01")]
    nowhere = intake.GetContactRequest(contact_id="01890000-0000-7000-8000-000000000000")
    assert running.person("auditor", more=more).refused(running.intake.GetContact, nowhere).reason == "NOT_FOUND"
    assert running.count("intake", "from audit where trace_id = $1", trace_id) == 0
