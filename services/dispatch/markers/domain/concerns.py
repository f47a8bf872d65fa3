"""What an incident is about, and what was found for it."""

from dataclasses import dataclass, field

from services.dispatch.markers.domain.markers import Marker
from services.dispatch.markers.domain.terms import Certainty, MarkerState, MatchedBy


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody an incident names, as well as anybody knows: an ISO date of birth, an E.164 phone; "" for unknown."""

    given: str = field(default="", repr=False)
    family: str = field(default="", repr=False)
    date_of_birth: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Concerns:
    """Who and what an incident concerns (R-MK-01).

    `phones` has the caller's too. `associates` are people known at the address from earlier incidents. `lsoa` is kept
    for whoever shows the answer; markers are not matched by it.
    """

    people: tuple[Person, ...] = ()
    uprn: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    lsoa: str = ""
    phones: tuple[str, ...] = field(default=(), repr=False)
    vehicles: tuple[str, ...] = field(default=(), repr=False)
    organisations: tuple[str, ...] = field(default=(), repr=False)
    associates: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A marker that concerns the incident, once, with every way in which it does.

    `score` is the evidence of all ways in bits: how many times over one would have to halve the people of a force
    before one who agrees as well is left by chance. `marker` is already cut down to what may be shown.
    """

    marker: Marker
    state: MarkerState
    by: frozenset[MatchedBy]
    certainty: Certainty
    score: float
