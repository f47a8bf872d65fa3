"""A report from first contact to its end, through the public API."""

from datetime import UTC, timedelta

import grpc
import pytest

from peel.crime.v1 import api_pb2 as crime
from peel.crime.v1 import types_pb2 as crime_types
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from peel.intake.v1.events_pb2 import IncidentGraded
from tests.integration.services.calling import Person
from tests.integration.services.following import contact_when_decided, crimes_of, opened, report_of, reports, told
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import (
    ASSAULT,
    BURGLARY,
    COMMON_ASSAULT,
    RAPE,
    THIRD_PARTY,
    alleging,
    assessment,
    closing,
    contact,
    decision,
    grading,
    not_recording,
    recording,
)

DENIED, PRECONDITION = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.FAILED_PRECONDITION
INVALID = grpc.StatusCode.INVALID_ARGUMENT
UNDECIDED, DECIDED = crime_types.REPORT_STATE_UNDECIDED, crime_types.REPORT_STATE_DECIDED


@pytest.fixture
def handler(running: Running) -> Person:
    return running.person("call_handler")


@pytest.fixture
def recorder(running: Running) -> Person:
    return running.person("crime_recorder")


def _incident(running: Running, handler: Person, contact_id: str) -> types.Incident:
    """Assesses and grades a contact."""
    handler.ask(running.intake.AssessThrive, assessment(contact_id))
    return handler.ask(running.intake.GradeContact, grading(contact_id)).incident


def _dispatch_can_look_for_markers(running: Running, contact_id: str, incident: types.Incident) -> None:  # R-MK-01
    (row,) = running.rows("intake", "select payload from outbox where subject = $1", incident.incident_id)
    told = IncidentGraded.FromString(row["payload"])
    assert told.incident == incident
    expected = contact_when_decided(running, contact_id)
    assert list(expected.vehicle_registrations) == ["ZZ99EXA"]
    expected.ClearField("narrative")
    expected.ClearField("thrive")
    assert told.contact == expected


def test_a_confirmed_report_becomes_crimes_intake_learns_of_them_and_the_incident_closes(
    running: Running, handler: Person
) -> None:  # R-CR-01, R-CR-03
    at = running.now - timedelta(hours=1)
    contact_id = opened(
        running, contact(SHARED_FORCE, at, alleging(ASSAULT, "p1"), alleging(BURGLARY, "p2"), alleging(ASSAULT, "p3"))
    )
    report = report_of(running, contact_id)
    assert report.state == DECIDED
    assert report.due_at.ToDatetime(UTC) == at + timedelta(hours=24)
    crimes = crimes_of(running, report)
    assert [(one.offence_code, one.victim_ref) for one in crimes] == [
        (ASSAULT, "p1"),
        (BURGLARY, "p2"),
        (ASSAULT, "p3"),
    ]
    assert {one.contact_id for one in crimes} == {contact_id}
    known = contact_when_decided(running, contact_id)
    assert [(one.decision, one.decision_detail) for one in known.allegations] == [
        (types.ALLEGATION_DECISION_RECORDED, one.number) for one in crimes
    ]
    incident = _incident(running, handler, contact_id)
    assert incident.attend_by.ToDatetime(UTC) == at + timedelta(hours=1)
    _dispatch_can_look_for_markers(running, contact_id, incident)
    refusal = handler.refused(running.intake.CloseIncident, closing(incident.incident_id, types.CLOSING_KIND_NON_CRIME))
    assert refusal.told == (PRECONDITION, "CLOSING_CONTRADICTED")
    nuisance = closing(incident.incident_id, types.CLOSING_KIND_CRIME, types.INCIDENT_CATEGORY_ASB_NUISANCE)
    refusal = handler.refused(running.intake.CloseIncident, nuisance)
    assert (refusal.told, set(refusal.fields)) == ((INVALID, "CATEGORY_CONTRADICTED"), {"category"})
    closed = handler.ask(running.intake.CloseIncident, closing(incident.incident_id, types.CLOSING_KIND_CRIME)).incident
    assert closed.state == types.INCIDENT_STATE_CLOSED
    shown = handler.ask(running.intake.GetIncident, intake.GetIncidentRequest(incident_id=incident.incident_id))
    assert shown.incident == closed


def test_no_grade_without_thrive_and_no_second_incident(running: Running, handler: Person) -> None:
    contact_id = opened(running, contact(SHARED_FORCE, running.now))
    refusal = handler.refused(running.intake.GradeContact, grading(contact_id))
    assert refusal.told == (PRECONDITION, "THRIVE_MISSING")
    _incident(running, handler, contact_id)
    refusal = handler.refused(running.intake.GradeContact, grading(contact_id))
    assert refusal.told == (PRECONDITION, "ALREADY_GRADED")


def test_an_undecided_report_waits_in_the_tray_and_its_incident_stays_open(
    running: Running, handler: Person
) -> None:  # R-CR-02
    contact_id = opened(
        running,
        contact(SHARED_FORCE, running.now, alleging(ASSAULT, "p1"), alleging(BURGLARY, "p2"), by=THIRD_PARTY),
    )
    report = report_of(running, contact_id)
    assert (report.state, len(report.decisions), len(crimes_of(running, report))) == (UNDECIDED, 0, 0)
    incident_id = _incident(running, handler, contact_id).incident_id
    for kind in (types.CLOSING_KIND_NON_CRIME, types.CLOSING_KIND_CRIME_RELATED_INCIDENT):
        refusal = handler.refused(running.intake.CloseIncident, closing(incident_id, kind))
        assert refusal.told == (PRECONDITION, "ALLEGATIONS_UNDECIDED")
        assert refusal.metadata == {"allegations": "1,2"}
    maker = running.person("decision_maker")
    decided = maker.ask(
        running.crime.DecideRecording, decision(report.report_id, recording(1), not_recording(2))
    ).report
    assert decided.state == DECIDED
    assert decided.due_at == report.due_at
    known = contact_when_decided(running, contact_id)
    (one,) = crimes_of(running, report)
    assert [(told.decision, told.decision_detail) for told in known.allegations] == [
        (types.ALLEGATION_DECISION_RECORDED, one.number),
        (types.ALLEGATION_DECISION_NOT_RECORDED, "NON_RECORDING_REASON_VICTIM_NOT_TRACED"),
    ]
    handler.ask(running.intake.CloseIncident, closing(incident_id, types.CLOSING_KIND_CRIME))
    refusal = handler.refused(running.intake.AssessThrive, assessment(contact_id))
    assert refusal.told == (PRECONDITION, "CONTACT_CLOSED")


def test_who_decides_what(running: Running, handler: Person, recorder: Person) -> None:
    """A recorder records; a decision maker says no; that a rape was none, only the registrar says."""
    decide = running.crime.DecideRecording
    no_rape = crime_types.NON_RECORDING_REASON_CREDIBLE_EVIDENCE_TO_CONTRARY
    doubtful = alleging(RAPE, "p1", credible_evidence_to_contrary=True)
    plain, rape = told(
        running,
        contact(SHARED_FORCE, running.now, alleging(ASSAULT, "p1"), by=THIRD_PARTY),
        contact(SHARED_FORCE, running.now, doubtful),
    )
    assert handler.refused(decide, decision(plain.report_id, recording(1))).told == (DENIED, "ROLE_MISSING")
    refusal = recorder.refused(decide, decision(plain.report_id, not_recording(1)))
    assert refusal.told == (DENIED, "AUTHORITY_MISSING")
    assert refusal.metadata == {"roles": "ROLE_DECISION_MAKER,ROLE_CRIME_REGISTRAR"}
    assert recorder.refused(decide, decision(plain.report_id)).fields.keys() == {"rulings"}
    twice = decision(plain.report_id, recording(1), recording(2))
    assert recorder.refused(decide, twice).told == (PRECONDITION, "RULING_UNKNOWN_ALLEGATION")
    recorder.ask(decide, decision(plain.report_id, recording(1)))
    refusal = recorder.refused(decide, decision(plain.report_id, recording(1)))
    assert refusal.told == (PRECONDITION, "ALREADY_DECIDED")
    maker, registrar = running.person("decision_maker"), running.person("crime_registrar")
    refusal = maker.refused(decide, decision(rape.report_id, not_recording(1, no_rape)))
    assert refusal.told == (DENIED, "AUTHORITY_MISSING")
    assert refusal.metadata == {"roles": "ROLE_CRIME_REGISTRAR"}
    less = decision(rape.report_id, recording(1, COMMON_ASSAULT))
    assert maker.refused(decide, less).told == (DENIED, "AUTHORITY_MISSING")
    # R-CR-06: and only once a second registrar says so too.
    for _ in range(2):
        waiting = registrar.ask(decide, decision(rape.report_id, not_recording(1, no_rape))).report
        assert (waiting.state, list(waiting.awaiting_second_person)) == (UNDECIDED, [1])
    deputy = running.person("crime_registrar", who="-deputy")
    decided = deputy.ask(decide, decision(rape.report_id, not_recording(1, no_rape))).report
    assert (decided.state, list(decided.awaiting_second_person)) == (DECIDED, [])
    assert decided.decisions[0].authority == "ROLE_CRIME_REGISTRAR"
    assert decided.decisions[0].reported_incident == "N100/1"


def test_a_childs_word_is_not_needed_and_a_transfer_needs_its_receipt(running: Running) -> None:  # 2.1 rules 6 and 7
    decide, maker = running.crime.DecideRecording, running.person("decision_maker")
    by_flag = alleging(flags=[types.CRIME_FLAG_CHILD_SEXUAL_ABUSE])
    vulnerable, evident = alleging(victim_vulnerable=True), alleging(crime_evident=True)
    requests = [contact(SHARED_FORCE, running.now, one, by=THIRD_PARTY) for one in (by_flag, vulnerable, evident)]
    requests.append(contact(SHARED_FORCE, running.now, alleging(), by=THIRD_PARTY))
    requests[-1].people[0].date_of_birth = "2010-05-06"
    *_, last = all_told = told(running, *requests)
    for report in all_told:
        for reason in (
            crime_types.NON_RECORDING_REASON_VICTIM_NOT_TRACED,
            crime_types.NON_RECORDING_REASON_VICTIM_NOT_CONFIRMED_THIRD_PARTY,
        ):
            refusal = maker.refused(decide, decision(report.report_id, not_recording(1, reason)))
            assert refusal.told == (PRECONDITION, "REASON_NOT_APPLICABLE")
    ruling = not_recording(1, crime_types.NON_RECORDING_REASON_OUTSIDE_FORCE_TRANSFERRED)
    ruling.transfer_reference = "transfer 17"
    refusal = maker.refused(decide, decision(last.report_id, ruling))
    assert (refusal.told, refusal.metadata) == (
        (PRECONDITION, "EVIDENCE_MISSING"),
        {"evidence": "transfer_acknowledgement"},
    )
    ruling.transfer_acknowledgement = "receipt 4711"
    maker.ask(decide, decision(last.report_id, ruling))
    other = running.person("decision_maker", who="-other")
    (kept,) = other.ask(decide, decision(last.report_id, ruling)).report.decisions
    assert (kept.transfer_reference, kept.transfer_acknowledgement) == ("transfer 17", "receipt 4711")


def test_every_channel_writes_one_ledger(running: Running, force: str) -> None:  # R-CR-05
    handler = running.person("call_handler", force=force)
    channels = [value.number for value in types.Channel.DESCRIPTOR.values if value.number]
    for channel in channels:
        opened(running, contact(force, running.now, alleging(), channel=channel))
    listed = handler.ask(running.intake.ListContacts, intake.ListContactsRequest(force=force)).contacts
    assert [one.channel for one in listed] == channels[::-1]
    taken = {report_of(running, one.contact_id, force).contact.channel for one in listed}
    assert taken == set(channels)


def test_the_tray_shows_the_undecided_first_and_the_most_overdue_on_top(running: Running, force: str) -> None:
    hours = (3, 40, 1, 30, 2)
    waiting = told(
        running,
        *[
            contact(
                force,
                running.now - timedelta(hours=ago),
                alleging(),
                by=THIRD_PARTY if ago != 2 else types.REPORTER_RELATION_VICTIM,
            )
            for ago in hours
        ],
    )
    by_age = {ago: report.report_id for ago, report in zip(hours, waiting, strict=True)}
    auditor = running.person("auditor", force=force)
    shown, token = [], ""
    while True:
        page = auditor.ask(
            running.crime.ListReports, crime.ListReportsRequest(force=force, page_size=2, page_token=token)
        )
        assert len(page.reports) <= 2
        shown += [one.report_id for one in page.reports]
        if not (token := page.next_page_token):
            break
    assert shown == [by_age[ago] for ago in (40, 30, 3, 1, 2)]
    assert [one.report_id for one in reports(running, force)] == shown
    late = auditor.ask(running.crime.ListReports, crime.ListReportsRequest(force=force, overdue=True)).reports
    assert [one.report_id for one in late] == [by_age[40], by_age[30]]
    done = auditor.ask(running.crime.ListReports, crime.ListReportsRequest(force=force, state=DECIDED)).reports
    assert [one.report_id for one in done] == [by_age[2]]
