"""Graded incidents as intake tells of them."""

from datetime import datetime
from uuid import UUID

from peel.intake.v1 import events_pb2 as intake
from peel.type.v1.place_pb2 import Place as PlaceMessage
from services.dispatch.domain.records import Incident, Person, Place, Point
from services.dispatch.domain.terms import DispatchState
from services.dispatch.reference.incidents import urgency
from services.kernel.envelope import current_event
from services.kernel.errors import Refused
from services.kernel.reference import local_date
from services.kernel.wire import optional_moment


def incident_from(event: intake.IncidentGraded) -> Incident:
    """The incident that waits from now on, with all that markers may be found by (R-MK-01).

    Raises Refused(EVENT_INCOMPLETE) where it does not say when it was graded.
    """
    graded = event.incident
    graded_at = optional_moment(graded, "graded_at")
    if graded_at is None:
        raise Refused("EVENT_INCOMPLETE", rule="an incident says when it was graded")
    contact = event.contact
    return Incident(
        id=UUID(graded.incident_id),
        contact_id=UUID(graded.contact_id),
        force=graded.force,
        grade=graded.grade,
        urgency=urgency(graded.force, graded.grade, local_date(graded_at)),
        state=DispatchState.QUEUED,
        first_contact_at=optional_moment(event, "first_contact_at") or graded_at,
        graded_at=graded_at,
        attend_by=optional_moment(graded, "attend_by"),
        place=_place(contact.place) if contact.HasField("place") else None,
        people=tuple(Person(one.given_name, one.family_name, one.date_of_birth, one.phone) for one in contact.people),
        vehicles=tuple(contact.vehicle_registrations),
        # Nothing is told of it yet.
        sequence=0,
    )


def closing_from(event: intake.IncidentClosed) -> tuple[UUID, str, datetime]:
    """Which incident was closed, of which force, and when: when it was told, where it does not say."""
    closed = event.incident
    return UUID(closed.incident_id), closed.force, optional_moment(closed, "closed_at") or current_event().time


def _place(place: PlaceMessage) -> Place:
    point = None
    if place.HasField("point") and place.point.HasField("latitude") and place.point.HasField("longitude"):
        point = Point(place.point.latitude, place.point.longitude, place.point.accuracy_metres)
    return Place(point, place.address, place.uprn, place.lsoa)
