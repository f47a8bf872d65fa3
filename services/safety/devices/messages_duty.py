"""What dispatch tells of units and their radios, as safety takes it."""

from uuid import UUID

from peel.dispatch.v1 import events_pb2 as dispatch
from peel.dispatch.v1 import types_pb2 as units
from services.kernel.wire import moment
from services.safety.devices.domain.duty import Doing, Freed, OffDuty, OnDuty, Sent
from services.safety.devices.domain.welfare import UNKNOWN_HAZARD


def on_duty_from(event: dispatch.UnitBookedOn) -> OnDuty:
    """A crew that came on duty."""
    unit = event.unit
    return OnDuty(
        force=unit.force,
        unit_id=UUID(unit.unit_id),
        callsign=unit.callsign,
        crew=tuple(member.officer_id for member in unit.crew),
        radios=tuple(unit.radios),
        since=moment(unit.status_since),
    )


def off_duty_from(event: dispatch.UnitBookedOff) -> OffDuty:
    """A crew that went off duty."""
    return OffDuty(event.unit.force, UUID(event.unit.unit_id), tuple(event.radios), moment(event.unit.status_since))


def sent_from(event: dispatch.UnitAssigned) -> Sent:
    """A unit that was sent."""
    sent = event.assignment
    return Sent(
        force=sent.force,
        unit_id=UUID(sent.unit_id),
        callsign=sent.callsign,
        radios=tuple(event.radios),
        incident_id=UUID(sent.incident_id),
        address=sent.place.address,
        at=moment(sent.assigned_at),
    )


def freed_from(event: dispatch.AssignmentEnded) -> Freed:
    """A unit that is not on an incident any more."""
    ended = event.assignment
    return Freed(ended.force, tuple(event.radios), UUID(ended.incident_id))


def doing_from(event: dispatch.UnitStatusChanged) -> Doing:
    """What a unit does now, and what is known of where it does it."""
    unit, at_scene = event.unit, event.unit.status == units.UNIT_STATUS_AT_SCENE
    on = event.assignment
    since = moment(unit.status_since)
    return Doing(unit.force, UUID(unit.unit_id), tuple(unit.radios), at_scene, since, on.grade, _codes(on.hazard))


def hazards_from(event: dispatch.HazardUpdated) -> Doing:
    """What is known now of where a unit was sent."""
    on = event.assignment
    at_scene = on.state == units.ASSIGNMENT_STATE_AT_SCENE
    since = moment(on.hazard.checked_at)
    return Doing(on.force, UUID(on.unit_id), (), at_scene, since, on.grade, _codes(on.hazard))


def _codes(answer: units.HazardAnswer) -> frozenset[str]:
    """Of the hazards. What was not checked and what is kept secret is not known to be harmless."""
    codes = {hazard.code or UNKNOWN_HAZARD for hazard in answer.hazards if not hazard.withdrawn}
    checked = (units.HAZARD_OUTCOME_MARKERS_FOUND, units.HAZARD_OUTCOME_NONE_FOUND)
    return frozenset(codes if answer.outcome in checked else {*codes, UNKNOWN_HAZARD})
