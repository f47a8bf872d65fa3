"""Contacts and incidents as the contract writes them, and back. The way in checks every field."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.period_pb2 import Period as PeriodMessage
from peel.type.v1.person_pb2 import Person as PersonMessage
from peel.type.v1.place_pb2 import Place as PlaceMessage
from services.intake.domain import (
    Allegation,
    Channel,
    Contact,
    ContactState,
    CrimeFlag,
    Incident,
    IncidentCategory,
    Period,
    Person,
    Place,
    ReporterRelation,
    Thrive,
)
from services.intake.reference import offence_codes
from services.kernel.reference import local_date
from services.kernel.validation import Check
from services.kernel.wire import optional_stamp, stamp

NARRATIVE_LONGEST = 65_536
_REF = r"[A-Za-z0-9_-]{1,32}"
_LSOA = r"[EW][0-9]{8}"
_UPRN = r"[0-9]{1,12}"
_PHONE = r"\+[1-9][0-9]{6,14}"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REGISTRATION = r"[A-Za-z0-9 ]+"
_MOST_ITEMS = 50
_MOST_VEHICLES = 20
_MOST_FLAGS = 10
THRIVE_PARTS = ("threat", "harm", "risk", "investigation", "vulnerability", "engagement")


def contact_from(request: api.OpenContactRequest, contact_id: UUID, now: datetime) -> Contact:
    """The contact that a request opens. Raises Invalid naming every field that breaks a rule."""
    check = Check(now)
    first_contact = check.time(
        "first_contact_at", request.first_contact_at, required=True, given=request.HasField("first_contact_at")
    )
    people = _people(check, request)
    refs = {person.ref for person in people}
    occurred = _period(check, "occurred", request.occurred) if request.HasField("occurred") else Period()
    allegations = _allegations(check, request, refs)
    _offences(check, allegations, occurred, first_contact or now)
    contact = Contact(
        id=contact_id,
        force=request.force,
        channel=check.known("channel", request.channel, Channel),
        category=check.known("category", request.category, IncidentCategory),
        state=ContactState.OPEN,
        first_contact_at=first_contact or now,
        recorded_at=now,
        reporter_ref=_ref(check, "reporter_ref", request.reporter_ref, refs),
        reporter_relation=check.known("reporter_relation", request.reporter_relation, ReporterRelation),
        people=people,
        place=_place(check, request),
        occurred=occurred,
        narrative=check.text("narrative", request.narrative, longest=NARRATIVE_LONGEST),
        allegations=allegations,
        vehicle_registrations=_vehicles(check, request.vehicle_registrations),
    )
    check.done()
    return contact


def _vehicles(check: Check, registrations: Sequence[str]) -> tuple[str, ...]:
    registrations = check.entries("vehicle_registrations", registrations, most=_MOST_VEHICLES)
    for number, text in enumerate(registrations):
        check.text(f"vehicle_registrations[{number}]", text, longest=16, required=True, pattern=_REGISTRATION)
    return tuple(sorted({text.replace(" ", "").upper() for text in registrations})) if registrations else ()


def _people(check: Check, request: api.OpenContactRequest) -> tuple[Person, ...]:
    seen: set[str] = set()
    people = []
    for number, person in enumerate(check.entries("people", request.people, most=_MOST_ITEMS)):
        at = f"people[{number}]"
        ref = check.text(f"{at}.ref", person.ref, longest=32, required=True, pattern=_REF)
        if ref in seen:
            check.violation(f"{at}.ref", "must name one person only")
        seen.add(ref)
        given_name = check.text(f"{at}.given_name", person.given_name, longest=100)
        family_name = check.text(f"{at}.family_name", person.family_name, longest=100)
        phone = check.text(f"{at}.phone", person.phone, longest=16, pattern=_PHONE)
        born = _birth(check, f"{at}.date_of_birth", person.date_of_birth)
        people.append(Person(ref, given_name, family_name, born, phone))
    return tuple(people)


def _birth(check: Check, field: str, text: str) -> str:
    if not text:
        return text
    try:
        # Other forms of ISO 8601 are dates too, but whoever reads this one later is promised one form.
        born = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        born = None
    if born is None:
        check.violation(field, "must be a date as YYYY-MM-DD")
    elif not date(1900, 1, 1) <= born <= local_date(check.now):
        check.violation(field, "must be between 1900 and today")
    return text


def _ref(check: Check, field: str, ref: str, refs: set[str]) -> str:
    if ref and ref not in refs:
        check.violation(field, "must be the ref of one of people", "REF_UNKNOWN")
    return ref


def _place(check: Check, request: api.OpenContactRequest) -> Place | None:
    if not request.HasField("place"):
        return None
    place = request.place
    check.text("place.address", place.address, longest=500)
    check.text("place.uprn", place.uprn, longest=12, pattern=_UPRN)
    check.text("place.lsoa", place.lsoa, longest=9, pattern=_LSOA)
    latitude = longitude = None
    if place.HasField("point"):
        point = place.point
        if point.HasField("latitude") != point.HasField("longitude"):
            check.violation("place.point", "must have both latitude and longitude", "POINT_HALF_GIVEN")
        elif point.HasField("latitude"):
            latitude, longitude = point.latitude, point.longitude
            # Written so that NaN, of which no comparison is true, is refused too.
            if not -90 <= latitude <= 90:
                check.violation("place.point.latitude", "must be between -90 and 90")
            if not -180 <= longitude <= 180:
                check.violation("place.point.longitude", "must be between -180 and 180")
        if not 0 <= point.accuracy_metres <= 1_000_000:
            check.violation("place.point.accuracy_metres", "must be between 0 and 1,000,000")
    accuracy = 0.0 if latitude is None else place.point.accuracy_metres
    found = Place(latitude, longitude, accuracy, place.address, place.uprn, place.lsoa)
    return None if found.unknown else found


def _period(check: Check, field: str, period: PeriodMessage) -> Period:
    start = check.time(f"{field}.from", getattr(period, "from"), required=False, given=period.HasField("from"))
    end = check.time(f"{field}.to", period.to, required=False, given=period.HasField("to"))
    if start and end and end < start:
        check.violation(field, "must not end before it starts", "PERIOD_REVERSED")
    return Period(start, end)


def _allegations(check: Check, request: api.OpenContactRequest, refs: set[str]) -> tuple[Allegation, ...]:
    if request.category == types.INCIDENT_CATEGORY_CRIME and not request.allegations:
        # Or it would be decided as a report that alleges nothing, and a crime would be lost between two fields.
        check.violation("allegations", "must have at least one entry where the category is crime", "ALLEGATION_MISSING")
    return tuple(
        _allegation(check, f"allegations[{index}]", index + 1, allegation, refs)
        for index, allegation in enumerate(check.entries("allegations", request.allegations, most=_MOST_ITEMS))
    )


def _allegation(check: Check, at: str, number: int, told: api.NewAllegation, refs: set[str]) -> Allegation:
    return Allegation(
        number=number,
        offence_code=told.offence_code,
        victim_ref=_ref(check, f"{at}.victim_ref", told.victim_ref, refs),
        suspect_ref=_ref(check, f"{at}.suspect_ref", told.suspect_ref, refs),
        victim_confirms=told.victim_confirms,
        points_to_prove_made_out=told.points_to_prove_made_out,
        credible_evidence_to_contrary=told.credible_evidence_to_contrary,
        occurred=_period(check, f"{at}.occurred", told.occurred) if told.HasField("occurred") else Period(),
        flags=_flags(check, f"{at}.flags", told.flags),
        victim_vulnerable=told.victim_vulnerable,
        crime_evident=told.crime_evident,
    )


def _flags(check: Check, at: str, told: Sequence[int]) -> tuple[CrimeFlag, ...]:
    if not told:
        return ()
    given = check.entries(at, told, most=_MOST_FLAGS)
    if len(set(given)) < len(given):
        check.violation(at, "must name each flag once")
    return tuple(check.known(f"{at}[{number}]", flag, CrimeFlag) for number, flag in enumerate(given))


def _offences(check: Check, allegations: Sequence[Allegation], occurred: Period, reported: datetime) -> None:
    for index, allegation in enumerate(allegations):
        field = f"allegations[{index}].offence_code"
        own = allegation.occurred
        offence = offence_codes().get(allegation.offence_code)
        if offence is None:
            check.violation(field, "is not a recorded-crime code", "OFFENCE_UNKNOWN")
        elif not offence.always and not offence.overlaps(*_days(occurred if own.unknown else own, reported)):
            check.violation(field, "was not an offence code on any day it may have happened", "OFFENCE_NOT_VALID")


def _days(occurred: Period, reported: datetime) -> tuple[date, date]:
    """First and last day on which it may have happened: the day of first contact where nobody said."""
    last = local_date(occurred.end or reported)
    if occurred.unknown:
        return last, last
    first = local_date(occurred.start) if occurred.start else date.min
    return first, max(first, last)


def thrive_from(request: api.AssessThriveRequest, now: datetime) -> Thrive:
    """The assessment in a request. Raises Invalid where a part says nothing."""
    check = Check(now)
    parts = {
        part: check.text(f"thrive.{part}", getattr(request.thrive, part), longest=4000, required=True)
        for part in THRIVE_PARTS
    }
    check.done()
    return Thrive(assessed_at=now, **parts)


def _period_message(period: Period) -> PeriodMessage | None:
    if period.unknown:
        return None
    return PeriodMessage(**{"from": optional_stamp(period.start)}, to=optional_stamp(period.end))


def _place_message(place: Place) -> PlaceMessage:
    message = PlaceMessage(address=place.address, uprn=place.uprn, lsoa=place.lsoa)
    if place.latitude is not None and place.longitude is not None:
        message.point.latitude = place.latitude
        message.point.longitude = place.longitude
        message.point.accuracy_metres = place.accuracy_metres
    return message


def _allegation_message(allegation: Allegation) -> types.Allegation:
    return types.Allegation(
        number=allegation.number,
        offence_code=allegation.offence_code,
        victim_ref=allegation.victim_ref,
        suspect_ref=allegation.suspect_ref,
        victim_confirms=allegation.victim_confirms,
        points_to_prove_made_out=allegation.points_to_prove_made_out,
        credible_evidence_to_contrary=allegation.credible_evidence_to_contrary,
        occurred=_period_message(allegation.occurred),
        flags=[types.CrimeFlag.ValueType(flag) for flag in allegation.flags],
        victim_vulnerable=allegation.victim_vulnerable,
        crime_evident=allegation.crime_evident,
        decision=types.AllegationDecision.ValueType(allegation.decision),
        decision_detail=allegation.decision_detail,
    )


def contact_message(contact: Contact) -> types.Contact:
    """The contact as the contract writes it."""
    message = types.Contact(
        contact_id=str(contact.id),
        force=contact.force,
        channel=types.Channel.ValueType(contact.channel),
        category=types.IncidentCategory.ValueType(contact.category),
        state=types.ContactState.ValueType(contact.state),
        first_contact_at=stamp(contact.first_contact_at),
        recorded_at=stamp(contact.recorded_at),
        reporter_ref=contact.reporter_ref,
        reporter_relation=types.ReporterRelation.ValueType(contact.reporter_relation),
        people=[
            PersonMessage(
                ref=p.ref,
                given_name=p.given_name,
                family_name=p.family_name,
                date_of_birth=p.date_of_birth,
                phone=p.phone,
            )
            for p in contact.people
        ],
        place=None if contact.place is None else _place_message(contact.place),
        place_unknown=contact.place is None,
        occurred=_period_message(contact.occurred),
        narrative=contact.narrative,
        allegations=[_allegation_message(a) for a in contact.allegations],
        incident_id="" if contact.incident_id is None else str(contact.incident_id),
        vehicle_registrations=contact.vehicle_registrations,
    )
    if contact.thrive is not None:
        parts = {part: getattr(contact.thrive, part) for part in THRIVE_PARTS}
        message.thrive.CopyFrom(types.Thrive(assessed_at=stamp(contact.thrive.assessed_at), **parts))
    return message


def concerned_message(contact: Contact) -> types.Contact:
    """Who and where a contact is about, so that whoever is sent can be warned (R-MK-01).

    Without the account and the assessment: nobody needs them to look for markers, and what is not sent is not kept.
    """
    return contact_message(replace(contact, narrative="", thrive=None))


def incident_message(incident: Incident) -> types.Incident:
    """The incident as the contract writes it."""
    return types.Incident(
        incident_id=str(incident.id),
        contact_id=str(incident.contact_id),
        force=incident.force,
        state=types.IncidentState.ValueType(incident.state),
        grade=incident.grade,
        graded_at=stamp(incident.graded_at),
        attend_by=optional_stamp(incident.attend_by),
        category=types.IncidentCategory.ValueType(incident.category),
        closing_kind=types.ClosingKind.ValueType(incident.closing_kind),
        closed_at=optional_stamp(incident.closed_at),
    )
