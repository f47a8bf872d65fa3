"""A planned contact as the request that a call handler sends: people, place, account and allegations.

All of it is synthetic but the public place, which is passed on as the file has it; a row without one gives none.
"""

import random
from collections.abc import Iterator
from datetime import timedelta

from deploy.people.synthetic import person, unnamed
from deploy.rehearsal.contacts import Disclosure, PlannedContact
from deploy.rehearsal.demand import Pattern, pattern_of
from deploy.rehearsal.street import NO_LOCATION, Row
from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import types_pb2 as intake
from peel.type.v1.person_pb2 import Person
from services.crime.domain import Offence, Stratum
from services.kernel.wire import stamp

# How long ago at most it happened, hours: what is found in the morning happened in the night.
_AGO = {Pattern.FOUND_LATER: 14.0}
_AGO_ELSE = 2.0
_DOMESTIC = 0.33
_FLAGGED = {"10D": intake.CRIME_FLAG_KNIFE, "90": intake.CRIME_FLAG_KNIFE}
_HATE = "Racially or religiously"


def open_request(contact: PlannedContact, force: str) -> api.OpenContactRequest:
    """The request that opens the contact: the same, to the byte, whenever the same file is replayed."""
    rng = random.Random(contact.request_id.int)
    request = api.OpenContactRequest(
        request_id=str(contact.request_id),
        force=force,
        channel=contact.channel,
        category=contact.category,
        first_contact_at=stamp(contact.at),
        reporter_ref=_reporter(contact),
        reporter_relation=contact.relation,
        people=list(_people(contact, rng)),
        narrative=_narrative(contact),
        allegations=[_allegation(number, told, offence, rng) for number, told, offence in _alleged(contact)],
    )
    row = contact.disclosures[0].row
    _set_place(request, row)
    ago = rng.uniform(0.05, _AGO.get(pattern_of(row.crime_type), _AGO_ELSE))
    getattr(request.occurred, "from").CopyFrom(stamp(contact.at - timedelta(hours=ago)))
    request.occurred.to.CopyFrom(stamp(contact.at))
    return request


def _reporter(contact: PlannedContact) -> str:
    own_word = contact.relation == intake.REPORTER_RELATION_VICTIM and contact.disclosures[0].has_victim
    return "v1" if own_word else "r1"


def _alleged(contact: PlannedContact) -> Iterator[tuple[int, Disclosure, Offence]]:
    for number, told in enumerate(contact.disclosures, start=1):
        if told.offence is not None:
            yield number, told, told.offence


def _people(contact: PlannedContact, rng: random.Random) -> Iterator[Person]:
    today = contact.at.date()
    if _reporter(contact) == "r1":
        yield person("r1", rng, today)
    for number, told, _ in _alleged(contact):
        if told.has_victim:
            yield person(f"v{number}", rng, today) if told.recorded else unnamed(f"v{number}")
        if told.ending and told.ending.suspect_named:
            yield person(f"s{number}", rng, today)


def _narrative(contact: PlannedContact) -> str:
    told = "; ".join(offence.description for _, _, offence in _alleged(contact))
    return f"REHEARSAL, nobody real. The reporter says: {told or 'a nuisance, and no offence'}."


def _allegation(number: int, told: Disclosure, offence: Offence, rng: random.Random) -> api.NewAllegation:
    allegation = api.NewAllegation(
        offence_code=offence.code,
        victim_ref=f"v{number}" if told.has_victim else "",
        suspect_ref=f"s{number}" if told.ending and told.ending.suspect_named else "",
        victim_confirms=told.victim_confirms,
        points_to_prove_made_out=told.points_to_prove_made_out,
        credible_evidence_to_contrary=told.credible_evidence_to_contrary,
    )
    if offence.code in _FLAGGED:
        allegation.flags.append(_FLAGGED[offence.code])
    if _HATE in offence.description:
        allegation.flags.append(intake.CRIME_FLAG_HATE)
    if offence.stratum is Stratum.VIOLENCE and rng.random() < _DOMESTIC:
        allegation.flags.append(intake.CRIME_FLAG_DOMESTIC_ABUSE)
    return allegation


def _set_place(request: api.OpenContactRequest, row: Row) -> None:
    """Sets what the row says, and no more: nothing at all where it has no location."""
    if row.lsoa:
        request.place.lsoa = row.lsoa
    if row.location != NO_LOCATION:
        request.place.address = row.location
    if row.longitude:
        request.place.point.longitude = float(row.longitude)
        request.place.point.latitude = float(row.latitude)
