"""Bad input through the public API: the right status and reason, the field and its rule, and no word of the person's.

`Person.refused` looks for personal data in every refusal (I7).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from peel.crime.v1 import api_pb2 as crime
from peel.crime.v1 import types_pb2 as crime_types
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.place_pb2 import Place, Point
from services.kernel.wire import stamp
from tests.integration.services.calling import Person
from tests.integration.services.following import told
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
    people,
    recording,
    request_id,
)

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOWHERE = "01890000-0000-7000-8000-000000000000"

Request = intake.OpenContactRequest


def _at(time: datetime) -> Callable[[Request], None]:
    return lambda request: request.first_contact_at.CopyFrom(stamp(time))


def _occurred(start: datetime, end: datetime) -> Callable[[Request], None]:
    def change(request: Request) -> None:
        getattr(request.occurred, "from").CopyFrom(stamp(start))
        request.occurred.to.CopyFrom(stamp(end))

    return change


def _place(place: Place) -> Callable[[Request], None]:
    return lambda request: request.place.CopyFrom(place)


def _point(**degrees: float) -> Callable[[Request], None]:
    return _place(Place(point=Point(**degrees)))


def _set(**fields: object) -> Callable[[Request], None]:
    return lambda request: request.MergeFrom(Request(**fields))  # type: ignore[arg-type]


def _person(**fields: str) -> Callable[[Request], None]:
    def change(request: Request) -> None:
        for name, value in fields.items():
            setattr(request.people[1], name, value)

    return change


def _allegation(**fields: object) -> Callable[[Request], None]:
    def change(request: Request) -> None:
        del request.allegations[:]
        request.allegations.append(alleging(**fields))  # type: ignore[arg-type]

    return change


def _without(field: str) -> Callable[[Request], None]:
    return lambda request: request.ClearField(field)  # type: ignore[arg-type]


FUTURE, TOO_OLD = datetime(2031, 1, 1, tzinfo=UTC), datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC)
JUNE, MAY = datetime(2018, 6, 1, tzinfo=UTC), datetime(2018, 5, 1, tzinfo=UTC)
GENERAL = "INVALID_VALUE"

BAD_CONTACTS: dict[str, tuple[Callable[[Request], None], str, str]] = {
    "unknown channel": (_set(channel=99), "channel", "ENUM_UNKNOWN"),
    "no channel": (_without("channel"), "channel", GENERAL),
    "unknown category": (_set(category=-1), "category", "ENUM_UNKNOWN"),
    "unknown relation": (_set(reporter_relation=7), "reporter_relation", "ENUM_UNKNOWN"),
    "unknown flag": (_allegation(flags=[99]), "allegations[0].flags[0]", "ENUM_UNKNOWN"),
    "contact in the future": (_at(FUTURE), "first_contact_at", GENERAL),
    "contact before 1900": (_at(TOO_OLD), "first_contact_at", GENERAL),
    "no time of contact": (_without("first_contact_at"), "first_contact_at", GENERAL),
    "will happen": (_occurred(JUNE, FUTURE), "occurred.to", GENERAL),
    "happened before 1900": (_occurred(TOO_OLD, JUNE), "occurred.from", GENERAL),
    "ended before it began": (_occurred(JUNE, MAY), "occurred", "PERIOD_REVERSED"),
    "latitude": (_point(latitude=90.5, longitude=0), "place.point.latitude", GENERAL),
    "longitude": (_point(latitude=0, longitude=-181), "place.point.longitude", GENERAL),
    "latitude is no number": (_point(latitude=float("nan"), longitude=0), "place.point.latitude", GENERAL),
    "half a point": (_point(latitude=53.812345), "place.point", "POINT_HALF_GIVEN"),
    "the other half": (_point(longitude=-1.567891), "place.point", "POINT_HALF_GIVEN"),
    "lsoa": (_place(Place(lsoa="E0101122")), "place.lsoa", GENERAL),
    "scottish data zone": (_place(Place(lsoa="S01011229")), "place.lsoa", GENERAL),
    "uprn": (_place(Place(uprn="12 Nowhere")), "place.uprn", GENERAL),
    "long uprn": (_place(Place(uprn="1234567890123")), "place.uprn", GENERAL),
    "a megabyte of narrative": (_set(narrative="Zephyrine " * 104_858), "narrative", GENERAL),
    "null character": (_set(narrative="Zephyrine\x00Quillfeather"), "narrative", GENERAL),
    "unknown offence": (_allegation(offence="8XYZ"), "allegations[0].offence_code", "OFFENCE_UNKNOWN"),
    # The Assaults on Emergency Workers (Offences) Act 2018 came into force on 13 November.
    "offence of later": (_allegation(offence="104A"), "allegations[0].offence_code", "OFFENCE_NOT_VALID"),
    # Replaced by 28E and the like in April 2017.
    "offence of before": (_allegation(offence="28A"), "allegations[0].offence_code", "OFFENCE_NOT_VALID"),
    "a crime of nothing": (_without("allegations"), "allegations", "ALLEGATION_MISSING"),
    "unknown victim": (_allegation(victim="Quillfeather"), "allegations[0].victim_ref", "REF_UNKNOWN"),
    "unknown reporter": (_set(reporter_ref="Quillfeather"), "reporter_ref", "REF_UNKNOWN"),
    "telephone": (_person(phone="0113 496 0000"), "people[1].phone", GENERAL),
    "date of birth": (_person(date_of_birth="17/02/1931"), "people[1].date_of_birth", GENERAL),
    "not yet born": (_person(date_of_birth="2031-02-17"), "people[1].date_of_birth", GENERAL),
    "long name": (_person(family_name="Quillfeather" * 10), "people[1].family_name", GENERAL),
    "two people of one ref": (_person(ref="p1"), "people[1].ref", GENERAL),
    "too many people": (lambda request: request.people.extend(people(60)[3:]), "people", GENERAL),
    "request id": (_set(request_id="Quillfeather"), "request_id", GENERAL),
}


@pytest.fixture
def handler(running: Running) -> Person:
    return running.person("call_handler")


@pytest.mark.parametrize("name", BAD_CONTACTS)
def test_a_contact_with_a_fault(running: Running, handler: Person, name: str) -> None:
    change, field, reason = BAD_CONTACTS[name]
    request = contact(SHARED_FORCE, running.now, alleging())
    change(request)
    refusal = handler.refused(running.intake.OpenContact, request)
    assert refusal.told == (INVALID, "INVALID_INPUT")
    assert refusal.domain == "intake.peel"
    assert set(refusal.fields) == {field}
    rule, given = refusal.fields[field]
    assert given == reason
    assert rule in refusal.message
    assert running.count("intake", "from request where id::text = $1", request.request_id) == 0


def test_every_fault_is_named_at_once_as_far_as_an_answer_can_carry_it(running: Running, handler: Person) -> None:
    request = contact(SHARED_FORCE, FUTURE, alleging("8XYZ", "p9"), place=Place(lsoa="Exampleford"))
    refusal = handler.refused(running.intake.OpenContact, request)
    assert set(refusal.fields) == {
        "first_contact_at",
        "allegations[0].offence_code",
        "allegations[0].victim_ref",
        "place.lsoa",
    }
    del request.allegations[:]
    request.allegations.extend(alleging("8XYZ", f"q{number}") for number in range(50))
    refusal = handler.refused(running.intake.OpenContact, request)
    assert refusal.told == (INVALID, "INVALID_INPUT")
    assert len(refusal.fields) == 20


def test_the_longest_narrative_is_taken(running: Running, handler: Person) -> None:
    request = contact(SHARED_FORCE, running.now, narrative="é" * 65_536)
    assert handler.ask(running.intake.OpenContact, request).contact_id


def test_what_is_no_message_at_all(running: Running, handler: Person) -> None:
    """Text that is not UTF-8, and a body that breaks off: gRPC itself would call both an error of the server's."""
    good = contact(SHARED_FORCE, running.now, alleging()).SerializeToString()
    not_text = good.replace(b"Zephyrine", b"Zephyrin\xff", 1)
    for body, field in ((not_text, "people[0].given_name"), (good[:-1], ""), (b"\xff" * 64, "")):
        refusal = handler.refused(running.raw("/peel.intake.v1.IntakeService/OpenContact"), body)
        assert refusal.told == (INVALID, "MALFORMED_REQUEST")
        assert set(refusal.fields) == {field}
        assert b"Zephy" not in refusal.raw


def _others(running: Running) -> Iterator[tuple[str, Callable[..., object], object, str]]:
    """Requests of the other RPCs with one fault each: role, method, request, field."""
    intake_, crime_ = running.intake, running.crime
    unknown = crime.Ruling(allegation_number=1, reason=99)  # type: ignore[arg-type]
    dull = assessment(NOWHERE)
    dull.thrive.harm = " "
    yield "call_handler", intake_.GetContact, intake.GetContactRequest(contact_id="Quillfeather"), "contact_id"
    yield (
        "call_handler",
        intake_.ListContacts,
        intake.ListContactsRequest(force=SHARED_FORCE, page_size=501),
        "page_size",
    )
    yield "call_handler", intake_.ListContacts, intake.ListContactsRequest(force=SHARED_FORCE, state=9), "state"  # type: ignore[arg-type]
    yield "call_handler", intake_.AssessThrive, dull, "thrive.harm"
    yield "call_handler", intake_.GradeContact, grading(NOWHERE, grade=""), "grade"
    yield "call_handler", intake_.CloseIncident, closing(NOWHERE, types.CLOSING_KIND_UNSPECIFIED), "closing_kind"
    yield "call_handler", intake_.GetIncident, intake.GetIncidentRequest(incident_id=""), "incident_id"
    yield (
        "call_handler",
        intake_.ListIncidents,
        intake.ListIncidentsRequest(force=SHARED_FORCE, page_size=-1),
        "page_size",
    )
    yield "crime_recorder", crime_.DecideRecording, decision(NOWHERE, unknown), "rulings[0].reason"
    yield "crime_recorder", crime_.DecideRecording, decision("Quillfeather", recording(1)), "report_id"
    yield "auditor", crime_.GetReport, crime.GetReportRequest(report_id="Quillfeather"), "report_id"
    yield "auditor", crime_.ListReports, crime.ListReportsRequest(force=SHARED_FORCE, state=9), "state"  # type: ignore[arg-type]
    yield "auditor", crime_.GetCrime, crime.GetCrimeRequest(crime_id="Quillfeather"), "crime_id"
    yield (
        "auditor",
        crime_.ListCrimes,
        crime.ListCrimesRequest(force=SHARED_FORCE, report_id="Quillfeather"),
        "report_id",
    )
    yield "decision_maker", crime_.RecordOutcome, outcome(NOWHERE, "9999"), "code"
    yield "decision_maker", crime_.RecordOutcome, outcome(NOWHERE, "1", disposal=99), "disposal"
    late = types_victim_decision(FUTURE)
    yield (
        "decision_maker",
        crime_.RecordOutcome,
        outcome(NOWHERE, "16", evidence=late),
        "evidence.victim_decision.decided_at",
    )
    yield "decision_maker", crime_.CancelCrime, cancellation(NOWHERE, ground=0), "ground"
    yield "auditor", crime_.ReconcileReports, crime.ReconcileReportsRequest(force=SHARED_FORCE, by=[9]), "by[0]"  # type: ignore[list-item]
    yield (
        "auditor",
        crime_.ExportStreetCrime,
        crime.ExportStreetCrimeRequest(force=SHARED_FORCE, month="2018-13"),
        "month",
    )


def types_victim_decision(at: datetime) -> crime_types.OutcomeEvidence:
    return crime_types.OutcomeEvidence(victim_decision=crime_types.VictimDecision(decided_at=stamp(at)))


def test_the_other_rpcs_name_the_field_too(running: Running) -> None:
    for role, method, request, field in _others(running):
        refusal = running.person(role).refused(method, request)
        assert refusal.told == (INVALID, "INVALID_INPUT"), field
        assert set(refusal.fields) == {field}
        assert "Quillfeather" not in refusal.message


def test_a_time_that_no_calendar_has(running: Running, handler: Person) -> None:
    request = contact(SHARED_FORCE, running.now)
    request.first_contact_at.seconds = 10**15
    refusal = handler.refused(running.intake.OpenContact, request)
    assert (refusal.told, set(refusal.fields)) == ((INVALID, "INVALID_INPUT"), {"first_contact_at"})
    rate = crime.GetRecordingRateRequest(force=SHARED_FORCE)
    rate.first_contact.to.seconds = 10**15
    refusal = running.person("auditor").refused(running.crime.GetRecordingRate, rate)
    assert (refusal.told, set(refusal.fields)) == ((INVALID, "INVALID_INPUT"), {"first_contact.to"})
    sums = crime.ReconcileReportsRequest(force=SHARED_FORCE)
    getattr(sums.first_contact, "from").seconds = -(10**15)
    refusal = running.person("auditor").refused(running.crime.ReconcileReports, sums)
    assert (refusal.told, set(refusal.fields)) == ((INVALID, "INVALID_INPUT"), {"first_contact.from"})


def test_a_stretch_that_ends_before_it_begins(running: Running) -> None:
    rate = crime.GetRecordingRateRequest(force=SHARED_FORCE)
    getattr(rate.first_contact, "from").CopyFrom(stamp(JUNE))
    rate.first_contact.to.CopyFrom(stamp(MAY))
    sums = crime.ReconcileReportsRequest(force=SHARED_FORCE, first_contact=rate.first_contact)
    auditor = running.person("auditor")
    for method, request in ((running.crime.GetRecordingRate, rate), (running.crime.ReconcileReports, sums)):
        refusal = auditor.refused(method, request)
        assert refusal.fields == {"first_contact": ("must not end before it starts", "PERIOD_REVERSED")}


def test_a_ruling_on_an_offence_that_was_none(running: Running) -> None:
    (report,) = told(running, contact(SHARED_FORCE, running.now, alleging(), by=THIRD_PARTY))
    recorder = running.person("crime_recorder")
    for code, reason in (("8XYZ", "OFFENCE_UNKNOWN"), ("104A", "OFFENCE_NOT_VALID")):
        refusal = recorder.refused(running.crime.DecideRecording, decision(report.report_id, recording(1, code)))
        assert (refusal.told, set(refusal.fields)) == ((INVALID, reason), {"rulings[0].offence_code"})


def test_what_there_is_not(running: Running) -> None:
    maker, handler = running.person("decision_maker"), running.person("call_handler")
    absent = grpc.StatusCode.NOT_FOUND, "NOT_FOUND"
    assert handler.refused(running.intake.GradeContact, grading(NOWHERE)).told == absent
    assert maker.refused(running.crime.GetReport, crime.GetReportRequest(report_id=NOWHERE)).told == absent
    assert maker.refused(running.crime.RecordOutcome, outcome(NOWHERE, "1")).told == absent
    unknown = running.raw("/peel.crime.v1.CrimeService/ForgetCrime")
    assert maker.refused(unknown, b"").code == grpc.StatusCode.UNIMPLEMENTED


def test_a_repeated_refusal_is_still_a_refusal(running: Running, handler: Person) -> None:
    """A refused request leaves nothing behind that a correct one of the same id could trip over."""
    request = contact(SHARED_FORCE, running.now + timedelta(days=1), request_id=request_id())
    for _ in range(2):
        assert handler.refused(running.intake.OpenContact, request).told == (INVALID, "INVALID_INPUT")
    request.first_contact_at.CopyFrom(stamp(running.now))
    assert handler.ask(running.intake.OpenContact, request).contact_id
