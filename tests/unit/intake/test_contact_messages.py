"""A contact survives every way it travels: to the contract, back, and on to crime recording."""

from dataclasses import replace
from datetime import datetime

from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given, settings

from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import types_pb2 as types
from services.crime.domain import Period as CrimePeriod
from services.crime.messages import reported_contact_from
from services.intake.domain import (
    AllegationDecision,
    ClosingKind,
    Contact,
    ContactState,
    Incident,
    IncidentCategory,
    IncidentState,
    Period,
)
from services.intake.messages import concerned_message, contact_message, incident_message
from services.kernel.wire import stamp
from tests.unit.intake.building import CONTACT_ID, HOUR, INCIDENT_ID, NOW, contact, opening, thrive
from tests.unit.intake.strategies import openings

# Machines differ: how long an example takes is no finding.
ANY = settings(max_examples=60, deadline=None)


def told_again(message: types.Contact) -> api.OpenContactRequest:
    """The request that would open this contact: what a contact has in common with it, by name."""
    return ParseDict(MessageToDict(message), api.OpenContactRequest(), ignore_unknown_fields=True)


@ANY
@given(openings())
def test_any_contact_comes_back_from_its_message_as_it_was(request: api.OpenContactRequest) -> None:
    opened = contact(request)
    again = types.Contact.FromString(contact_message(opened).SerializeToString())
    assert contact(told_again(again)) == opened


@ANY
@given(openings())
def test_nothing_told_is_lost_on_the_way_in(request: api.OpenContactRequest) -> None:  # R-CR-03
    opened = contact(request)
    assert (opened.narrative, opened.reporter_ref) == (request.narrative, request.reporter_ref)
    assert [one.ref for one in opened.people] == [one.ref for one in request.people]
    assert [one.offence_code for one in opened.allegations] == [one.offence_code for one in request.allegations]
    assert [one.number for one in opened.allegations] == list(range(1, len(request.allegations) + 1))
    assert [tuple(map(int, one.flags)) for one in opened.allegations] == [
        tuple(one.flags) for one in request.allegations
    ]


@ANY
@given(openings())
def test_crime_recording_reads_what_intake_wrote(request: api.OpenContactRequest) -> None:
    told: Contact = contact(request)
    read = reported_contact_from(contact_message(told))
    assert (read.contact_id, read.force, read.first_contact_at) == (told.id, told.force, told.first_contact_at)
    assert read.channel.name == told.channel.name
    assert read.relation.name == told.reporter_relation.name
    assert read.category.name == told.category.name
    assert _ends(read.occurred) == _ends(told.occurred)
    assert (read.place is None) == (told.place is None)
    if read.place is not None and told.place is not None:
        assert (read.place.address, read.place.uprn, read.place.lsoa) == (
            told.place.address,
            told.place.uprn,
            told.place.lsoa,
        )
        point = read.place.point
        assert (point and (point.latitude, point.longitude)) == (
            None if told.place.latitude is None else (told.place.latitude, told.place.longitude)
        )
    for theirs, ours in zip(read.allegations, told.allegations, strict=True):
        for name in ("number", "offence_code", "victim_ref", "suspect_ref", "victim_confirms", "flags"):
            assert getattr(theirs, name) == getattr(ours, name)
        assert (theirs.victim_vulnerable, theirs.crime_evident) == (ours.victim_vulnerable, ours.crime_evident)
        born = {person.ref: person.date_of_birth for person in told.people}.get(ours.victim_ref, "")
        assert (theirs.victim_born.isoformat() if theirs.victim_born else "") == born
        assert theirs.points_to_prove_made_out == ours.points_to_prove_made_out
        assert theirs.credible_evidence_to_contrary == ours.credible_evidence_to_contrary
        assert _ends(theirs.occurred) == _ends(ours.occurred)


def _ends(period: Period | CrimePeriod | None) -> tuple[datetime | None, datetime | None]:
    return (period.start, period.end) if period else (None, None)


def test_a_contact_tells_of_its_risk_its_incident_and_its_decisions() -> None:
    opened = contact()
    decided = replace(
        opened.allegations[0],
        decision=AllegationDecision.RECORDED,
        decision_detail="13AA/18",
        occurred=Period(NOW, None),
    )
    message = contact_message(
        replace(opened, state=ContactState.GRADED, thrive=thrive(), incident_id=INCIDENT_ID, allegations=(decided,))
    )
    assert message.state == types.CONTACT_STATE_GRADED
    assert message.thrive == types.Thrive(
        threat="none known",
        harm="bruising",
        risk="may return",
        investigation="CCTV",
        vulnerability="none known",
        engagement="wants to be called",
        assessed_at=stamp(NOW),
    )
    assert message.incident_id == str(INCIDENT_ID)
    assert message.allegations[0].decision == types.ALLEGATION_DECISION_RECORDED
    assert message.allegations[0].decision_detail == "13AA/18"
    assert not message.allegations[0].occurred.HasField("to")


def test_dispatch_learns_whom_it_concerns_and_neither_account_nor_assessment() -> None:  # R-MK-01
    graded = replace(contact(), state=ContactState.GRADED, thrive=thrive(), incident_id=INCIDENT_ID)
    message = concerned_message(graded)
    assert not message.narrative
    assert not message.HasField("thrive")
    expected = contact_message(graded)
    expected.ClearField("narrative")
    expected.ClearField("thrive")
    assert message == expected
    assert message.people
    assert message.place.uprn
    assert list(message.vehicle_registrations) == ["AB12CDE", "Q1"]


def test_an_unknown_place_is_said_to_be_unknown() -> None:
    request = opening()
    request.ClearField("place")
    message = contact_message(contact(request))
    assert message.place_unknown
    assert not message.HasField("place")
    assert not contact_message(contact()).place_unknown


def test_a_place_without_a_point_has_none_invented() -> None:
    request = opening()
    request.place.ClearField("point")
    assert not contact_message(contact(request)).place.HasField("point")


def test_a_point_on_the_meridian_is_a_point() -> None:
    request = opening()
    request.place.point.longitude = 0.0
    point = contact_message(contact(request)).place.point
    assert point.HasField("longitude")
    assert point.longitude == 0.0


def test_an_incident_as_the_contract_writes_it() -> None:
    incident = Incident(
        id=INCIDENT_ID,
        contact_id=CONTACT_ID,
        force="west-yorkshire",
        state=IncidentState.OPEN,
        grade="1",
        graded_at=NOW,
        attend_by=None,
        category=IncidentCategory.CRIME,
    )
    message = incident_message(incident)
    assert (message.incident_id, message.contact_id) == (str(INCIDENT_ID), str(CONTACT_ID))
    assert (message.state, message.category) == (types.INCIDENT_STATE_OPEN, types.INCIDENT_CATEGORY_CRIME)
    assert not message.HasField("attend_by")
    assert not message.HasField("closed_at")
    closed = incident_message(
        replace(
            incident,
            state=IncidentState.CLOSED,
            closing_kind=ClosingKind.CRIME_RELATED_INCIDENT,
            attend_by=NOW,
            closed_at=NOW + HOUR,
        )
    )
    assert (closed.attend_by, closed.closed_at) == (stamp(NOW), stamp(NOW + HOUR))
    assert closed.closing_kind == types.CLOSING_KIND_CRIME_RELATED_INCIDENT
