"""Markers as officer safety tells of them."""

from datetime import UTC, date, datetime
from uuid import UUID

from peel.safety.v1 import types_pb2 as safety
from services.dispatch.markers.domain import Address, Marker, Severity, Subject, SubjectKind
from services.kernel.errors import Refused
from services.kernel.reference import local_date
from services.kernel.wire import optional_moment

_NEVER = datetime.max.replace(tzinfo=UTC)


def marker_from(message: safety.Marker) -> Marker:
    """The marker as dispatch keeps it. Of a restricted one, code and grounds never came.

    Raises Refused(MARKER_UNREADABLE) for one that cannot be kept.
    """
    try:
        return Marker(
            id=UUID(message.marker_id),
            force=message.force,
            version=message.version,
            subject=_subject(message.subject),
            code=message.code,
            severity=Severity(message.severity),
            source=safety.MarkerSource.Name(message.source),
            review_due=_day(message, "review_due"),
            expires_at=optional_moment(message, "expires_at") or _NEVER,
            handling=message.handling_instruction,
            restricted=message.restricted,
            contact_point=message.contact_point,
            withdrawn=message.state == safety.MARKER_STATE_WITHDRAWN,
            expired=message.state == safety.MARKER_STATE_EXPIRED,
        )
    except ValueError:
        # Not chained: it may quote what the marker says.
        raise Refused("MARKER_UNREADABLE", rule="a marker names its kind, severity, source and days") from None


def stored_marker(body: bytes) -> Marker:
    """A marker that is held. Raises Refused(MARKER_UNREADABLE)."""
    return marker_from(safety.Marker.FromString(body))


def _subject(subject: safety.MarkerSubject) -> Subject:
    return Subject(
        kind=SubjectKind(subject.kind),
        given=subject.given_name,
        family=subject.family_name,
        aliases=tuple((alias.given_name, alias.family_name) for alias in subject.aliases),
        date_of_birth=subject.date_of_birth,
        organisation=subject.organisation_name,
        addresses=tuple(Address(one.uprn, one.address) for one in subject.addresses),
        phones=tuple(subject.phones),
        vehicles=tuple(subject.vehicle_registrations),
    )


def _day(message: safety.Marker, field: str) -> date:
    """A marker without that day never reaches it."""
    moment = optional_moment(message, field)
    return date.max if moment is None else local_date(moment)
