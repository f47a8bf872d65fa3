"""Markers through the public API and on to the other services (R-MK-01, R-MK-04, F12, F14)."""

import secrets
from datetime import timedelta
from uuid import UUID

import grpc
import pytest

from peel.safety.v1 import api_pb2 as api
from peel.safety.v1 import events_pb2 as events
from peel.safety.v1 import types_pb2 as types
from services.kernel.envelope import type_of
from services.kernel.kafka import Record, scan
from services.kernel.wire import stamp
from tests.integration.local.waiting import eventually
from tests.integration.services.calling import Person
from tests.integration.services.every_marker_rpc import MARKER
from tests.integration.services.markers import (
    CONTACT_POINT,
    GROUNDS,
    HANDLING,
    PHONE,
    UPRN,
    VEHICLE,
    creating,
    made,
    register,
    revising,
    searching,
    subject,
    withdrawing,
)
from tests.integration.services.running import Running

DENIED, PRECONDITION = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.FAILED_PRECONDITION
INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT")
TOPIC = "safety.marker.v1"
KINDS = {
    f"peel.safety.v1.{kind.__name__}": kind
    for kind in (events.MarkerCreated, events.MarkerRevised, events.MarkerWithdrawn)
}


@pytest.fixture
def dispatcher(running: Running, force: str) -> Person:
    return running.person("dispatcher", force=force)


@pytest.fixture
def analyst(running: Running, force: str) -> Person:
    return running.person("intelligence", force=force)


def on_the_topic(running: Running, marker_id: str) -> list[Record]:
    return [record for record in scan(running.settings, TOPIC) if marker_id.encode() in (record.key or b"")]


def told(running: Running, marker_id: str, count: int) -> list[types.Marker]:
    """The marker as the other services were told of it, once they were told so often."""
    eventually(lambda: len(on_the_topic(running, marker_id)) >= count)
    return [
        KINDS[str(type_of(record.headers))].FromString(record.value or b"").marker
        for record in on_the_topic(running, marker_id)
    ]


@pytest.mark.parametrize("field", ["grounds", "expires_at"])
def test_a_marker_without_grounds_or_expiry_is_refused_by_that_field(
    running: Running, dispatcher: Person, field: str, force: str
) -> None:
    request = creating(running, force)
    request.content.ClearField(field)  # type: ignore[arg-type]
    refusal = dispatcher.refused(running.markers.CreateMarker, request)
    assert refusal.told == INVALID
    assert set(refusal.fields) == {f"content.{field}"}


def test_every_change_is_on_the_one_partition_in_order_by_force_and_marker(
    running: Running, force: str, analyst: Person
) -> None:
    marker = made(running, force)
    revised = analyst.ask(running.markers.ReviseMarker, revising(running, marker, code="WE")).marker
    refusal = analyst.refused(running.markers.ReviseMarker, revising(running, marker, code="VI"))
    assert refusal.told == (PRECONDITION, "MARKER_CHANGED")
    analyst.ask(running.markers.WithdrawMarker, withdrawing(marker.marker_id))
    versions = told(running, marker.marker_id, 3)
    assert [(one.version, one.code, one.state) for one in versions] == [(1, "FI", 1), (2, "WE", 1), (3, "WE", 3)]
    assert versions[1] == revised
    records = on_the_topic(running, marker.marker_id)
    assert {record.key for record in records} == {f"{force}/{marker.marker_id}".encode()}
    assert {record.partition for record in records} == {0}


def _dispatch_keeps(running: Running, marker: types.Marker) -> None:
    """Dispatch has the marker as it was told, and nothing of what was not."""

    def kept() -> list[types.Marker]:
        rows = running.rows("dispatch", "select body from marker where id = $1::uuid", marker.marker_id)
        return [types.Marker.FromString(row["body"]) for row in rows]

    eventually(lambda: kept() == [marker])


def test_a_restricted_marker_keeps_what_it_is_about_in_the_ledger(
    running: Running, force: str, dispatcher: Person, analyst: Person
) -> None:
    marker = made(running, force, restricted=True, code="PW")
    (sent,) = told(running, marker.marker_id, 1)
    (record,) = on_the_topic(running, marker.marker_id)
    assert (sent.code, sent.grounds, sent.restricted) == ("", "", True)
    assert GROUNDS.encode() not in (record.value or b"")
    assert sent.subject == subject()
    assert (sent.handling_instruction, sent.contact_point) == (HANDLING, CONTACT_POINT)
    _dispatch_keeps(running, sent)
    request = api.GetMarkerRequest(marker_id=marker.marker_id)
    assert analyst.ask(running.markers.GetMarker, request).marker == marker
    seen = dispatcher.ask(running.markers.GetMarker, request).marker
    assert seen.subject == types.MarkerSubject(kind=types.SUBJECT_KIND_PERSON)
    assert (seen.code, seen.grounds, seen.severity) == ("", "", types.SEVERITY_HIGHEST)
    assert (seen.handling_instruction, seen.contact_point) == (HANDLING, CONTACT_POINT)
    supervisor = running.person("supervisor", force=force)
    refusal = supervisor.refused(running.markers.WithdrawMarker, withdrawing(marker.marker_id))
    assert refusal.told == (DENIED, "MARKER_RESTRICTED")


def test_the_audit_of_a_restricted_marker_names_what_was_shown_and_no_more(running: Running, force: str) -> None:  # I6
    marker = made(running, force, restricted=True)
    shown: dict[str, set[str]] = {}
    for role in ("dispatcher", "intelligence"):
        trace_id = secrets.token_hex(16)
        more = [("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-01")]
        asking = running.person(role, force=force, more=more)
        asking.ask(running.markers.SearchMarkers, searching(force, family_name="Quillfeather"))
        (row,) = running.rows("safety", "select records, fields from audit where trace_id = $1", trace_id)
        assert row["records"] == [f"marker:{marker.marker_id}"]
        shown[role] = set(row["fields"]) - {"SearchMarkersRequest.family_name"}
    assert shown["dispatcher"] == {"Marker.handling_instruction", "Marker.contact_point"}
    assert shown["intelligence"] == MARKER


@pytest.mark.parametrize(
    "asked",
    [
        {"given_name": "Zefirine", "family_name": "Quilfether"},
        {"given_name": "Quillfeather", "family_name": "Zephyrine", "date_of_birth": "1931-02-17"},
        {"family_name": "Zeph Exampleford"},
        {"given_name": "Sephryn", "family_name": "Kwilfeder", "date_of_birth": "1931-02-17"},
        {"uprn": UPRN},
        {"address": "14 nowhere cresent exampelford"},
        {"phone": "07700 900321"},
        {"vehicle_registration": "zz99 exa"},
    ],
    ids=["misspelt", "swapped", "alias", "misheard", "uprn", "address", "phone", "vehicle"],
)
def test_whoever_is_meant_is_found_first(
    running: Running, force: str, dispatcher: Person, asked: dict[str, str]
) -> None:  # R-SR-01, F12
    made(
        running,
        force,
        subject=subject(
            given_name="Gordon",
            family_name="Thackray",
            aliases=[],
            date_of_birth="1970-01-01",
            addresses=[],
            phones=[],
            vehicle_registrations=[],
        ),
    )
    marker = made(running, force)
    found = dispatcher.ask(running.markers.SearchMarkers, searching(force, **asked)).found
    assert [one.marker for one in found] == [marker]
    assert 0.5 < found[0].score <= 1


def test_a_firm_is_found_by_its_name(running: Running, force: str, dispatcher: Person) -> None:
    firm = types.MarkerSubject(kind=types.SUBJECT_KIND_ORGANISATION, organisation_name="Quillfeather Chemicals Ltd")
    marker = made(running, force, subject=firm, code="HZ")
    found = dispatcher.ask(
        running.markers.SearchMarkers, searching(force, organisation_name="Quilfeather Chemical")
    ).found
    assert [one.marker.marker_id for one in found] == [marker.marker_id]


def test_a_search_for_nothing_is_refused(running: Running, force: str, dispatcher: Person) -> None:
    assert dispatcher.refused(running.markers.SearchMarkers, searching(force)).told == INVALID
    assert dispatcher.refused(running.markers.SearchMarkers, searching(force, uprn="1", page_size=101)).told == INVALID


def test_another_force_sees_nothing(running: Running, force: str) -> None:
    marker = made(running, force)
    other = running.invented_force()
    stranger = running.person("intelligence", force=other)
    assert (
        stranger.refused(running.markers.GetMarker, api.GetMarkerRequest(marker_id=marker.marker_id)).reason
        == "NOT_FOUND"
    )
    assert not stranger.ask(running.markers.SearchMarkers, searching(other, uprn=UPRN)).found
    assert stranger.refused(running.markers.SearchMarkers, searching(force, uprn=UPRN)).told == (
        DENIED,
        "FORCE_MISMATCH",
    )


def test_a_subjects_markers_come_by_pages_newest_first(running: Running, force: str, dispatcher: Person) -> None:
    ids = [made(running, force, code=code).marker_id for code in ("FI", "WE", "VI")]
    listed: list[str] = []
    request = api.ListSubjectMarkersRequest(force=force, vehicle_registration=VEHICLE, page_size=2)
    while True:
        reply = running.person("call_handler", force=force).ask(running.markers.ListSubjectMarkers, request)
        listed += [one.marker_id for one in reply.markers]
        request.page_token = reply.next_page_token
        if not request.page_token:
            break
    assert listed == ids[::-1]
    request.phone = PHONE
    assert dispatcher.refused(running.markers.ListSubjectMarkers, request).told == INVALID


def test_an_expired_marker_is_told_and_shown_as_expired(
    running: Running, force: str, dispatcher: Person
) -> None:  # domain facts 4.3
    marker = made(running, force, expires_at=stamp(running.now + timedelta(hours=1)))
    running.advance(timedelta(hours=2))
    assert told(running, marker.marker_id, 2)[1].state == types.MARKER_STATE_EXPIRED
    seen = dispatcher.ask(running.markers.GetMarker, api.GetMarkerRequest(marker_id=marker.marker_id)).marker
    assert (seen.state, seen.grounds) == (types.MARKER_STATE_EXPIRED, GROUNDS)


def test_the_ledger_confirms_itself_every_few_seconds(running: Running, force: str) -> None:
    marker = made(running, force)
    told(running, marker.marker_id, 1)

    def after() -> list[events.MarkerLedgerConfirmed]:
        records = list(scan(running.settings, TOPIC))
        (at,) = [number for number, record in enumerate(records) if marker.marker_id.encode() in (record.key or b"")]
        confirmed = [record for record in records[at:] if record.key == f"*/{UUID(int=0)}".encode()]
        return [events.MarkerLedgerConfirmed.FromString(record.value or b"") for record in confirmed]

    eventually(lambda: len(after()) >= 2, 15)
    first, second = after()[:2]
    assert first.as_of.ToNanoseconds() < second.as_of.ToNanoseconds()
    assert second.as_of.seconds - first.as_of.seconds <= 6
    assert second.markers == running.count("safety", "from marker")


def test_the_register_of_certificate_holders_reconciles(running: Running, force: str) -> None:  # R-MK-04
    licensing = running.person("firearms_licensing", force=force)
    reply = licensing.send(running.markers.ImportCertificateHolders, register(force, running.now, *range(700)), 60)
    assert (reply.received, reply.created, reply.held) == (700, 700, 700)
    reply = licensing.send(running.markers.ImportCertificateHolders, register(force, running.now, *range(600)), 60)
    assert (reply.received, reply.revised + reply.unchanged, reply.withdrawn, reply.held) == (600, 600, 100, 600)
    asked = api.ReconcileCertificateHoldersRequest(force=force)
    found = licensing.ask(running.markers.ReconcileCertificateHolders, asked)
    assert (found.active, found.expired, found.withdrawn) == (600, 0, 100)
    assert found.HasField("last_complete_import_at")
    foreign = register(running.invented_force(), running.now, 1)
    refusal = licensing.refused(
        running.markers.ImportCertificateHolders, iter([*register(force, running.now, 1, whole=False), *foreign])
    )
    assert refusal.told == (DENIED, "FORCE_MISMATCH")
    assert licensing.ask(running.markers.ReconcileCertificateHolders, asked).withdrawn == 100
