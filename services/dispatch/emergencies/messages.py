"""Emergencies as officer safety tells of them."""

from uuid import UUID

from peel.safety.v1 import emergency_types_pb2 as safety
from peel.safety.v1 import events_pb2 as events
from peel.type.v1.place_pb2 import Point as PointMessage
from services.dispatch.domain.records import Point
from services.dispatch.emergencies.handlers import Emergency
from services.kernel.envelope import current_event
from services.kernel.wire import optional_moment


def emergency_from(event: events.EmergencyRaised | events.EmergencyEscalated | events.EmergencyCleared) -> Emergency:
    """An emergency. One made to prove the path names no unit and no radio: it is nobody's."""
    told = event.emergency
    real = not told.synthetic
    return Emergency(
        id=UUID(told.emergency_id),
        force=told.force,
        unit_id=UUID(told.carrier.unit_id) if real and told.carrier.unit_id else None,
        radios=[press.radio for press in told.presses if press.radio] if real else [],
        point=_point(told.point) if told.HasField("point") else None,
        raised_at=optional_moment(told, "raised_at") or current_event().time,
        duress=told.gravity == safety.GRAVITY_DURESS,
        nearby=real and told.level >= safety.ESCALATION_LEVEL_UNITS_NEARBY,
    )


def _point(point: PointMessage) -> Point | None:
    if not (point.HasField("latitude") and point.HasField("longitude")):
        return None
    return Point(point.latitude, point.longitude, point.accuracy_metres)
