"""What dispatch keeps, as the contract writes it. The ways in are in the messages of their subjects."""

from datetime import date
from uuid import UUID

from peel.dispatch.v1 import types_pb2 as types
from peel.type.v1.place_pb2 import Place as PlaceMessage
from peel.type.v1.place_pb2 import Point as PointMessage
from services.dispatch.domain.hazard_answer import to_acknowledge
from services.dispatch.domain.records import (
    Assignment,
    CrewMember,
    EmergencyNearby,
    Hazard,
    HazardAnswer,
    Incident,
    Place,
    Point,
    Task,
    Unit,
)
from services.dispatch.domain.skills import skills_on
from services.dispatch.domain.terms import AssignmentState
from services.kernel.wire import optional_stamp, stamp


def point_message(point: Point | None) -> PointMessage | None:
    """A point; None leaves the field out."""
    if point is None:
        return None
    return PointMessage(latitude=point.latitude, longitude=point.longitude, accuracy_metres=point.accuracy_metres)


def place_message(place: Place | None) -> PlaceMessage | None:
    """A place; None leaves the field out."""
    if place is None:
        return None
    return PlaceMessage(point=point_message(place.point), address=place.address, uprn=place.uprn, lsoa=place.lsoa)


def unit_message(unit: Unit, today: date) -> types.Unit:
    """A unit, with the skills of its crew that hold today."""
    return types.Unit(
        unit_id=str(unit.id),
        force=unit.force,
        callsign=unit.callsign,
        status=types.UnitStatus.ValueType(unit.status),
        status_since=stamp(unit.status_since),
        emergency=bool(unit.emergencies),
        emergency_id=str(unit.emergencies[0]) if unit.emergencies else "",
        crew=[_crew_message(member) for member in unit.crew],
        skills=sorted(skills_on(unit.crew, today)),
        radios=unit.radios,
        device_test=types.DeviceTest.ValueType(unit.device_test),
        shift_ends_at=optional_stamp(unit.shift_ends_at),
        point=point_message(unit.position.point) if unit.position else None,
        position_at=stamp(unit.position.at) if unit.position else None,
        incident_id=_id(unit.incident_id),
        assignment_id=_id(unit.assignment_id),
        last_message=types.UnitStatus.ValueType(unit.last_message),
        last_message_at=optional_stamp(unit.last_message_at),
        duress=bool(unit.duress),
    )


def _crew_message(member: CrewMember) -> types.CrewMember:
    return types.CrewMember(
        officer_id=member.officer_id,
        skills=[
            types.Skill(code=skill.code, expires_on=skill.expires_on.isoformat() if skill.expires_on else "")
            for skill in member.skills
        ],
    )


def incident_message(incident: Incident) -> types.DispatchIncident:
    """An incident."""
    return types.DispatchIncident(
        incident_id=str(incident.id),
        contact_id=str(incident.contact_id),
        force=incident.force,
        grade=incident.grade,
        urgency=incident.urgency,
        state=types.DispatchState.ValueType(incident.state),
        first_contact_at=stamp(incident.first_contact_at),
        graded_at=stamp(incident.graded_at),
        attend_by=optional_stamp(incident.attend_by),
        place=place_message(incident.place),
        assignment_ids=[str(one) for one in incident.assignment_ids],
        escalated_to=incident.escalated_to,
        escalated_at=optional_stamp(incident.escalated_at),
        shared_with=incident.shared_with,
        resulted_at=optional_stamp(incident.resulted_at),
        result=incident.result,
    )


def assignment_message(assignment: Assignment) -> types.Assignment:
    """An assignment with its hazard answer."""
    return types.Assignment(
        assignment_id=str(assignment.id),
        force=assignment.force,
        incident_id=str(assignment.incident_id),
        unit_id=str(assignment.unit_id),
        callsign=assignment.callsign,
        state=types.AssignmentState.ValueType(assignment.state),
        assigned_at=stamp(assignment.assigned_at),
        assigned_by=assignment.assigned_by,
        acknowledged_at=optional_stamp(assignment.acknowledged_at),
        arrived_at=optional_stamp(assignment.arrived_at),
        ended_at=optional_stamp(assignment.ended_at),
        end_reason=types.EndReason.ValueType(assignment.end_reason),
        hazard=hazard_answer_message(assignment.hazard),
        hazard_acknowledged=assignment.hazard_acknowledged,
        hazard_acknowledged_at=optional_stamp(assignment.hazard_acknowledged_at),
        place=place_message(assignment.place),
        grade=assignment.grade,
        acknowledge_hazard=assignment.state is not AssignmentState.ENDED and to_acknowledge(assignment),
    )


def hazard_answer_message(answer: HazardAnswer) -> types.HazardAnswer:
    """A hazard answer."""
    return types.HazardAnswer(
        outcome=types.HazardOutcome.ValueType(answer.outcome),
        version=answer.version,
        checked_at=stamp(answer.checked_at),
        reason=types.NotCheckedReason.ValueType(answer.reason),
        replica_staleness_seconds=answer.replica_staleness_seconds,
        hazards=[_hazard_message(hazard) for hazard in answer.hazards],
    )


def _hazard_message(hazard: Hazard) -> types.Hazard:
    return types.Hazard(
        marker_id=str(hazard.marker_id),
        marker_version=hazard.marker_version,
        code=hazard.code,
        severity=types.HazardSeverity.ValueType(hazard.severity),
        matched_by=[types.MatchedBy.ValueType(way) for way in hazard.matched_by],
        certainty=types.Certainty.ValueType(hazard.certainty),
        expired=hazard.expired,
        withdrawn=hazard.withdrawn,
        restricted=hazard.restricted,
        contact_point=hazard.contact_point,
        handling_instruction=hazard.handling_instruction,
        subject_description=hazard.subject_description,
    )


def task_message(task: Task) -> types.Task:
    """A task."""
    return types.Task(
        task_id=str(task.id),
        force=task.force,
        kind=types.TaskKind.ValueType(task.kind),
        owner=task.owner,
        incident_id=_id(task.incident_id),
        assignment_id=_id(task.assignment_id),
        unit_id=_id(task.unit_id),
        raised_at=stamp(task.raised_at),
        done_at=optional_stamp(task.done_at),
        done_by=task.done_by,
        note=task.note,
        radio=task.radio,
    )


def emergency_nearby_message(nearby: EmergencyNearby) -> types.EmergencyNearby:
    """An emergency, as a unit nearby is told of it."""
    return types.EmergencyNearby(
        emergency_id=str(nearby.emergency_id),
        unit_id=str(nearby.unit_id),
        callsign=nearby.callsign,
        point=point_message(nearby.point),
        distance_metres=nearby.distance_metres,
        raised_at=stamp(nearby.raised_at),
        over=nearby.over,
    )


def _id(of: UUID | None) -> str:
    return "" if of is None else str(of)
