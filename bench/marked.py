"""Markers on nominals, and incidents that concern them."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bench.truth.cases import Told
from bench.truth.nominals import Nominal
from services.dispatch.markers.domain import Address, Concerns, Marker, Person, Severity, Subject, SubjectKind

FORCE, TODAY = "greater-manchester", datetime(2026, 11, 24, tzinfo=UTC)
_CODES = ("FI", "WE", "VI", "MN", "DR", "ES", "SH", "AT")
_SOURCES = ("POLICE_NATIONAL_COMPUTER", "INTELLIGENCE", "OFFICER", "PARTNER", "FIREARMS_LICENSING")
_HANDLING = ("Two officers.", "Armed response first.", "Speak to the key worker before the door.", "")
_CAR_OWNERS, _ALIASES, _OWN_HANDLING = 0.4, 0.1, 0.3
_DAYS = [TODAY + timedelta(days=day) for day in range(730)]


def marker_of(nominal: Nominal, rng: random.Random) -> Marker:
    """A marker on somebody, known as records know people: all with a date of birth, some with an alias or a car."""
    handling = f"Ask unit {nominal.number} of what was seen last." if rng.random() < _OWN_HANDLING else ""
    return Marker(
        id=UUID(int=nominal.number),
        force=FORCE,
        version=1,
        subject=Subject(
            SubjectKind.PERSON,
            nominal.given,
            nominal.family,
            aliases=((nominal.given.split()[-1], f"{nominal.family}son"),) if rng.random() < _ALIASES else (),
            date_of_birth=nominal.born.isoformat(),
            addresses=(Address(nominal.uprn, nominal.address),),
            phones=(nominal.phone,),
            vehicles=(nominal.vehicle,) if rng.random() < _CAR_OWNERS else (),
        ),
        code=rng.choice(_CODES),
        severity=rng.choice(list(Severity)[1:]),
        source=rng.choice(_SOURCES),
        review_due=rng.choice(_DAYS),
        expires_at=rng.choice(_DAYS),
        handling=handling or rng.choice(_HANDLING),
    )


def person(one: Told, *, dated: bool = True) -> Person:
    """Somebody an incident names."""
    return Person(one.given, one.family, one.born if dated else "")


def naming(one: Told, *, dated: bool) -> Concerns:
    """An incident of which a name is all that is known, or a name and a date of birth."""
    return Concerns(people=(person(one, dated=dated),))


def whole(people: list[Told], at: Nominal) -> Concerns:
    """An incident of which everything is known: people with their dates of birth, an address, a telephone, a car."""
    return Concerns(
        people=tuple(map(person, people)),
        uprn=at.uprn,
        address=at.address,
        phones=(at.phone,),
        vehicles=(at.vehicle,),
    )
