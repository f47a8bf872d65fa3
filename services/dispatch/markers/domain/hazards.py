"""What an incident concerns, for whoever looks for markers, and what a marker is to its crew (R-MK-01)."""

from datetime import date

from services.dispatch.domain.records import Hazard, Incident, Person, Place
from services.dispatch.markers.domain import Concerns, MarkerState, Match, Subject
from services.dispatch.markers.domain import Person as PersonConcerned


def concerns_of(incident: Incident) -> Concerns:
    """Everybody and everything that markers of an incident may be about."""
    place = incident.place or Place()
    phones = (person.phone for person in (*incident.people, *incident.associates) if person.phone)
    return Concerns(
        people=tuple(map(_concerned, incident.people)),
        uprn=place.uprn,
        address=place.address,
        lsoa=place.lsoa,
        phones=tuple(dict.fromkeys(phones)),
        vehicles=incident.vehicles,
        associates=tuple(map(_concerned, incident.associates)),
    )


def _concerned(person: Person) -> PersonConcerned:
    return PersonConcerned(person.given_name, person.family_name, person.date_of_birth, person.phone)


def nothing_known(concerns: Concerns) -> bool:
    """Whether there is nothing at all by which a marker could be found."""
    named = any(person.given or person.family for person in (*concerns.people, *concerns.associates))
    return not (named or concerns.uprn or concerns.address or concerns.phones or concerns.vehicles)


def hazard_of(match: Match) -> Hazard:
    """A marker that was found, as it is told to a crew."""
    marker = match.marker
    return Hazard(
        marker_id=marker.id,
        marker_version=marker.version,
        code=marker.code,
        severity=marker.severity,
        matched_by=tuple(sorted(match.by)),
        certainty=match.certainty,
        expired=match.state is MarkerState.EXPIRED,
        withdrawn=match.state is MarkerState.WITHDRAWN,
        restricted=marker.restricted,
        contact_point=marker.contact_point,
        handling_instruction=marker.handling,
        subject_description=_described(marker.subject),
    )


def _described(subject: Subject) -> str:
    """Whom or what it is about, for a voice. Of a restricted marker nothing is known here, and nothing is said."""
    name = " ".join(part for part in (subject.given, subject.family) if part)
    if name and subject.date_of_birth:
        return f"{name}, born {_spoken(subject.date_of_birth)}"
    if name or subject.organisation:
        return name or subject.organisation
    if subject.addresses:
        return subject.addresses[0].text or f"property {subject.addresses[0].uprn}"
    if subject.vehicles:
        return f"vehicle {subject.vehicles[0]}"
    return f"telephone {subject.phones[0]}" if subject.phones else ""


def _spoken(born: str) -> str:
    try:
        day = date.fromisoformat(born)
    except ValueError:
        return born
    return f"{day.day} {day:%B %Y}"
