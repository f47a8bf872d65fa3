"""All the ways in which a marker may concern an incident, looked up side by side (R-MK-01)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.dispatch.markers.domain import evidence
from services.dispatch.markers.domain.concerns import Concerns, Person
from services.dispatch.markers.domain.distinct import Numbers
from services.dispatch.markers.domain.keys import MarkLookup, NumberLookup, registration, telephone
from services.dispatch.markers.domain.markers import Subject
from services.dispatch.markers.domain.organisations import OrganisationLookup
from services.dispatch.markers.domain.people import PeopleLookup
from services.dispatch.markers.domain.places import PlaceLookup
from services.dispatch.markers.domain.terms import Certainty, MatchedBy


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which one marker, by its owner's number, concerns the incident.

    Of a person, how sure it is depends on who else was found, so `asked` says for whom, and `dated` whether both
    dates of birth are known.
    """

    owner: int
    by: MatchedBy
    certainty: Certainty
    bits: float
    asked: Person | None = None
    dated: bool = False


class Lookups:
    """What markers are about, by owner's number: one number for one version of one marker."""

    def __init__(self, short_forms: Mapping[str, frozenset[str]]) -> None:
        self._people = PeopleLookup(short_forms)
        self._places = PlaceLookup()
        self._phones = NumberLookup()
        self._vehicles = MarkLookup()
        self._organisations = OrganisationLookup()

    def add(self, owner: int, subject: Subject) -> None:
        """Adds whatever the subject can be found by."""
        self._people.add(owner, subject)
        self._places.add(owner, subject)
        self._phones.add(owner, map(telephone, subject.phones))
        self._vehicles.add(owner, map(registration, subject.vehicles))
        self._organisations.add(owner, subject.organisation)

    def drop(self, owners: Numbers) -> None:
        """Leaves out these owners."""
        for lookup in (self._people, self._places, self._phones, self._vehicles, self._organisations):
            lookup.drop(owners)

    def find(self, concerns: Concerns) -> Iterator[Finding]:
        """Every finding; the same owner may come in many ways, and more than once in one."""
        yield from self._by_people(concerns)
        for owner, certainty in self._places.find(concerns.uprn, concerns.address):
            yield Finding(owner, MatchedBy.ADDRESS, certainty, evidence.of_key(certainty))
        for phone in {telephone(phone) for phone in (*concerns.phones, *(one.phone for one in concerns.people))}:
            for owner in self._phones.find(phone):
                yield Finding(owner, MatchedBy.PHONE, Certainty.EXACT, evidence.of_key(Certainty.EXACT))
        for mark in {registration(mark) for mark in concerns.vehicles}:
            for owner in self._vehicles.find(mark):
                yield Finding(owner, MatchedBy.VEHICLE, Certainty.EXACT, evidence.of_key(Certainty.EXACT))
            for owner in self._vehicles.near(mark):
                yield Finding(owner, MatchedBy.VEHICLE, Certainty.POSSIBLE, evidence.of_key(Certainty.POSSIBLE))
        for name in concerns.organisations:
            for owner, certainty in self._organisations.find(name):
                yield Finding(owner, MatchedBy.ORGANISATION, certainty, evidence.of_key(certainty))

    def _by_people(self, concerns: Concerns) -> Iterator[Finding]:
        asked: Sequence[tuple[MatchedBy, Person]] = [
            *((MatchedBy.PERSON_NAMED, person) for person in concerns.people),
            *((MatchedBy.ASSOCIATE_OF_ADDRESS, person) for person in concerns.associates),
        ]
        found = self._people.find([person for _, person in asked])
        for (by, person), resembling in zip(asked, found, strict=True):
            for one in resembling:
                yield Finding(one.owner, by, Certainty.POSSIBLE, one.bits, person, one.dated)
