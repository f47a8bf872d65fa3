"""What the firearms experiment tells: incidents, and the markers that concern them in one way or another."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from deploy.prove.misspelling import misspelt
from deploy.prove.names import somebody
from deploy.prove.telling import call_for_help
from peel.intake.v1.api_pb2 import OpenContactRequest
from peel.safety.v1 import api_pb2 as safety
from peel.safety.v1 import types_pb2 as markers
from peel.type.v1.person_pb2 import Person
from peel.type.v1.place_pb2 import Place, Point
from services.kernel.wire import stamp


class How(Enum):
    """How the marker concerns the incident."""

    NAME = "a misspelt name"
    ADDRESS = "the address"
    ASSOCIATE = "somebody known at the address"
    PHONE = "the caller's phone"
    VEHICLE = "a vehicle"
    NOBODY = "not at all: there is none"


class When(Enum):
    """When the marker is made."""

    BEFORE = "before the unit is sent"
    DURING = "while the unit is being sent"
    AFTER = "after the unit was sent"


_SHARES = {How.NAME: 0.24, How.ADDRESS: 0.12, How.ASSOCIATE: 0.08, How.PHONE: 0.08, How.VEHICLE: 0.08, How.NOBODY: 0.4}
_TIMES = {When.BEFORE: 0.6, When.DURING: 0.2, When.AFTER: 0.2}
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_YEAR = timedelta(days=365)
# No street has these numbers, and no property these reference numbers.
_FIRST_UPRN = 990_000_000_000


@dataclass(frozen=True, slots=True)
class Story:
    """One incident. `earlier` is a call of some time before that named somebody at the same address."""

    number: int
    how: How
    when: When
    call: OpenContactRequest
    marker: safety.MarkerContent | None
    earlier: OpenContactRequest | None


def stories(count: int, now: datetime) -> Iterator[Story]:
    """So many stories, always the same but for the time."""
    rng = random.Random(4)
    for number in range(count):
        how = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
        when = rng.choices(list(_TIMES), list(_TIMES.values()))[0]
        yield _story(number, how, when, now, rng)


def _story(number: int, how: How, when: When, now: datetime, rng: random.Random) -> Story:
    who = somebody("p1", rng, now.date())
    place = _place(number, rng)
    plate = f"YK{rng.randrange(10, 75)} {''.join(rng.choices(_LETTERS, k=3))}"
    earlier = None
    subject = markers.MarkerSubject(kind=markers.SUBJECT_KIND_PERSON, given_name=who.given_name)
    subject.family_name, subject.date_of_birth = who.family_name, who.date_of_birth
    people, vehicles = [somebody("p1", rng, now.date())], []
    if how is How.NAME:
        people = [misspelt(who, rng)]
    elif how is How.ADDRESS:
        subject = markers.MarkerSubject(kind=markers.SUBJECT_KIND_ADDRESS)
        subject.addresses.add(uprn=place.uprn, address=place.address)
        # Half of the callers give an address that nobody has looked up.
        place.uprn = place.uprn if rng.random() < 0.5 else ""
    elif how is How.ASSOCIATE:
        earlier, people = call_for_help(now, place, [misspelt(who, rng)]), []
    elif how is How.PHONE:
        subject.phones.append(who.phone)
        people = [Person(ref="p1", phone=who.phone)]
    elif how is How.VEHICLE:
        subject.vehicle_registrations.append(plate)
        vehicles = [plate.replace(" ", "")]
    marker = None if how is How.NOBODY else _marker(subject, now)
    return Story(number, how, when, call_for_help(now, place, people, vehicles), marker, earlier)


def _place(number: int, rng: random.Random) -> Place:
    postcode = f"LS{rng.randrange(1, 29)} {rng.randrange(1, 10)}{''.join(rng.choices(_LETTERS, k=2))}"
    point = Point(latitude=53.8 + rng.uniform(-0.05, 0.05), longitude=-1.55 + rng.uniform(-0.05, 0.05))
    address = f"{9_000 + number} Review Street, Leeds {postcode}"
    return Place(address=address, uprn=str(_FIRST_UPRN + number), lsoa="E01011363", point=point)


def _marker(subject: markers.MarkerSubject, now: datetime) -> safety.MarkerContent:
    return safety.MarkerContent(
        subject=subject,
        code="FI",
        severity=markers.SEVERITY_HIGHEST,
        source=markers.MARKER_SOURCE_INTELLIGENCE,
        reliability=markers.RELIABILITY_RELIABLE,
        grounds="REVIEW, nobody real.",
        handling_instruction="REVIEW: wait for an armed unit.",
        expires_at=stamp(now + _YEAR),
    )
