"""What people tell the police in these tests. All of it is invented."""

from datetime import datetime
from uuid import uuid4

from peel.crime.v1 import api_pb2 as crime
from peel.crime.v1 import types_pb2 as crime_types
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.person_pb2 import Person
from peel.type.v1.place_pb2 import Place, Point
from services.kernel.wire import stamp

ASSAULT, COMMON_ASSAULT, HARASSMENT, RAPE = "8N", "105A", "8L", "19C"
BURGLARY, SHOPLIFTING, CANNABIS = "28E", "46", "92E"

# What everybody told of here can be known by. No part of it may ever turn up in telemetry (I7).
MARKS = (
    "Zephyrine",
    "Quillfeather",
    "Exampleford",
    "999000111222",
    "+4477009",
    "1931-02-17",
    "53.812345",
    "-1.567891",
    "ZZ99EXA",
)

VICTIM = types.REPORTER_RELATION_VICTIM
THIRD_PARTY = types.REPORTER_RELATION_OTHER_THIRD_PARTY


HERE = Place(
    point=Point(latitude=53.812345, longitude=-1.567891, accuracy_metres=5),
    address="14 Nowhere Crescent, Exampleford",
    uprn="999000111222",
    lsoa="E01011264",
)


def request_id() -> str:
    return str(uuid4())


def people(count: int) -> list[Person]:
    """So many people: p1, p2 …"""
    return [
        Person(
            ref=f"p{number}",
            given_name=f"Zephyrine{number}",
            family_name="Quillfeather-Example",
            date_of_birth="1931-02-17",
            phone=f"+44770090{number:04d}",
        )
        for number in range(1, count + 1)
    ]


def alleging(offence: str = ASSAULT, victim: str = "p1", suspect: str = "", **known: object) -> intake.NewAllegation:
    """An allegation."""
    return intake.NewAllegation(offence_code=offence, victim_ref=victim, suspect_ref=suspect, **known)  # type: ignore[arg-type]


def contact(
    force: str,
    at: datetime,
    *allegations: intake.NewAllegation,
    by: types.ReporterRelation.ValueType = VICTIM,
    category: types.IncidentCategory.ValueType | None = None,
    place: Place | None = None,
    **more: object,
) -> intake.OpenContactRequest:
    """A contact with a victim's account: of a crime where anything is alleged, else of nuisance."""
    kind = types.INCIDENT_CATEGORY_CRIME if allegations else types.INCIDENT_CATEGORY_ASB_NUISANCE
    fields: dict[str, object] = {
        "request_id": request_id(),
        "force": force,
        "channel": types.CHANNEL_NON_EMERGENCY_101,
        "category": kind if category is None else category,
        "first_contact_at": stamp(at),
        "reporter_ref": "p1",
        "reporter_relation": by,
        "people": people(3),
        "place": place or HERE,
        "vehicle_registrations": ["ZZ99 EXA", "ZZ99EXA"],
        "narrative": "Zephyrine says that it began on the stairs of the Exampleford baths.",
        "allegations": allegations,
    }
    return intake.OpenContactRequest(**{**fields, **more})  # type: ignore[arg-type]


def assessment(contact_id: str) -> intake.AssessThriveRequest:
    """A THRIVE assessment."""
    thrive = types.Thrive()
    for part in ("threat", "harm", "risk", "investigation", "vulnerability", "engagement"):
        setattr(thrive, part, "none known of Zephyrine")
    return intake.AssessThriveRequest(request_id=request_id(), contact_id=contact_id, thrive=thrive)


def grading(contact_id: str, grade: str = "2") -> intake.GradeContactRequest:
    return intake.GradeContactRequest(request_id=request_id(), contact_id=contact_id, grade=grade)


def closing(
    incident_id: str,
    kind: types.ClosingKind.ValueType,
    category: types.IncidentCategory.ValueType = types.INCIDENT_CATEGORY_CRIME,
) -> intake.CloseIncidentRequest:
    return intake.CloseIncidentRequest(
        request_id=request_id(), incident_id=incident_id, closing_kind=kind, category=category
    )


def recording(number: int, offence: str = "") -> crime.Ruling:
    """Record it."""
    return crime.Ruling(allegation_number=number, record=True, offence_code=offence)


def not_recording(
    number: int,
    reason: crime_types.NonRecordingReason.ValueType = crime_types.NON_RECORDING_REASON_VICTIM_NOT_TRACED,
) -> crime.Ruling:
    """Do not record it, and why."""
    return crime.Ruling(allegation_number=number, reason=reason)


def decision(report_id: str, *rulings: crime.Ruling) -> crime.DecideRecordingRequest:
    return crime.DecideRecordingRequest(request_id=request_id(), report_id=report_id, rulings=rulings)


def outcome(crime_id: str, code: str, **more: object) -> crime.RecordOutcomeRequest:
    return crime.RecordOutcomeRequest(request_id=request_id(), crime_id=crime_id, code=code, **more)  # type: ignore[arg-type]


def cancellation(crime_id: str, **more: object) -> crime.CancelCrimeRequest:
    """A cancellation because additional verifiable information came to light."""
    fields: dict[str, object] = {
        "ground": crime_types.CANCELLATION_GROUND_VERIFIABLE_INFORMATION,
        "evidence_reference": "exhibit EX/1",
        "victim_told": True,
    }
    return crime.CancelCrimeRequest(request_id=request_id(), crime_id=crime_id, **{**fields, **more})  # type: ignore[arg-type]
