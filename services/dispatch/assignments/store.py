"""Assignments with their hazard answers, in SQL."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from services.dispatch.domain.records import Assignment, Hazard, HazardAnswer
from services.dispatch.domain.terms import (
    AssignmentState,
    Certainty,
    EndReason,
    HazardOutcome,
    HazardSeverity,
    MatchedBy,
    NotCheckedReason,
)
from services.dispatch.incidents.store import place_of
from services.kernel.bulk import joined
from services.kernel.database import Row, Table
from services.kernel.errors import NotFound
from services.kernel.transaction import Transaction

ASSIGNMENT = Table.of(
    "assignment",
    "id uuid, force text, incident_id uuid, unit_id uuid, callsign text, grade text, skills text[], state smallint, "
    "assigned_at timestamptz, assigned_by text, acknowledged_at timestamptz, arrived_at timestamptz, "
    "hazard_outcome smallint, hazard_reason smallint, hazard_version int, "
    "hazard_checked_at timestamptz, hazard_staleness double precision, hazards jsonb, hazard_told_at timestamptz, "
    "sequence bigint",
)
_COLUMNS = (
    "select a.*, i.latitude, i.longitude, i.accuracy_metres, i.address, i.uprn, i.lsoa "
    "from assignment a join incident i on i.id = a.incident_id"
)


def assignment_row(assignment: Assignment) -> tuple[object, ...]:
    """The row for ASSIGNMENT."""
    return (
        assignment.id,
        assignment.force,
        assignment.incident_id,
        assignment.unit_id,
        assignment.callsign,
        assignment.grade,
        joined(assignment.skills),
        assignment.state,
        assignment.assigned_at,
        assignment.assigned_by,
        assignment.acknowledged_at,
        assignment.arrived_at,
        *_answer_values(assignment.hazard),
        assignment.hazard_told_at,
        assignment.sequence,
    )


def _answer_values(answer: HazardAnswer) -> tuple[object, ...]:
    return (
        answer.outcome,
        answer.reason,
        answer.version,
        answer.checked_at,
        answer.replica_staleness_seconds,
        json.dumps([asdict(hazard) | {"marker_id": str(hazard.marker_id)} for hazard in answer.hazards]),
    )


def _assignment(row: Row) -> Assignment:
    return Assignment(
        id=row["id"],
        force=row["force"],
        incident_id=row["incident_id"],
        unit_id=row["unit_id"],
        callsign=row["callsign"],
        state=AssignmentState(row["state"]),
        assigned_at=row["assigned_at"],
        assigned_by=row["assigned_by"],
        hazard=_answer(row),
        grade=row["grade"],
        hazard_told_at=row["hazard_told_at"],
        skills=tuple(row["skills"]),
        place=place_of(row),
        acknowledged_at=row["acknowledged_at"],
        arrived_at=row["arrived_at"],
        ended_at=row["ended_at"],
        end_reason=EndReason(row["end_reason"]),
        hazard_acknowledged=row["hazard_acknowledged"],
        hazard_acknowledged_at=row["hazard_acknowledged_at"],
        explanation=row["explanation"],
        sequence=row["sequence"],
    )


def _answer(row: Row) -> HazardAnswer:
    return HazardAnswer(
        outcome=HazardOutcome(row["hazard_outcome"]),
        version=row["hazard_version"],
        checked_at=row["hazard_checked_at"],
        reason=NotCheckedReason(row["hazard_reason"]),
        replica_staleness_seconds=row["hazard_staleness"],
        hazards=tuple(_hazard(hazard) for hazard in json.loads(row["hazards"])),
    )


def _hazard(stored: dict[str, Any]) -> Hazard:
    """A hazard as _answer_values wrote it."""
    return Hazard(
        **{
            **stored,
            "marker_id": UUID(stored["marker_id"]),
            "severity": HazardSeverity(stored["severity"]),
            "matched_by": tuple(MatchedBy(way) for way in stored["matched_by"]),
            "certainty": Certainty(stored["certainty"]),
        }
    )


async def assignment(tx: Transaction, assignment_id: UUID, force: str, *, lock: bool = False) -> Assignment:
    """An assignment of a force; with `lock`, nobody else changes it until the transaction ends. Raises NotFound."""
    row = await tx.maybe(
        f"{_COLUMNS} where a.id = $1 and a.force = $2{' for update of a' if lock else ''}", assignment_id, force
    )
    if row is None:
        raise NotFound("assignment")
    return _assignment(row)


async def assignment_at_hand(tx: Transaction, assignment_id: UUID, force: str) -> Assignment | None:
    """An assignment of a force, locked until the transaction ends; None where somebody else is changing it.

    For a clock that strikes: whoever changes the assignment is about to stop that very clock, and would wait for this
    transaction while it waits for them.
    """
    row = await tx.maybe(
        f"{_COLUMNS} where a.id = $1 and a.force = $2 for update of a skip locked", assignment_id, force
    )
    return None if row is None else _assignment(row)


async def of_unit(tx: Transaction, unit_id: UUID) -> Assignment | None:
    """The assignment that a unit is on, locked until the transaction ends."""
    row = await tx.maybe(f"{_COLUMNS} where a.unit_id = $1 and a.state <> 4 for update of a", unit_id)
    return None if row is None else _assignment(row)


async def of_incident(tx: Transaction, incident_id: UUID) -> list[Assignment]:
    """All assignments of an incident, oldest first."""
    rows = await tx.all(f"{_COLUMNS} where a.incident_id = $1 order by a.assigned_at, a.id", incident_id)
    return [_assignment(row) for row in rows]


async def open_of_incidents(tx: Transaction, incident_ids: Sequence[UUID], *, lock: bool = True) -> list[Assignment]:
    """The assignments of these incidents that have not ended, locked until the transaction ends."""
    rows = await tx.all(
        f"{_COLUMNS} where a.incident_id = any($1::uuid[]) and a.state <> 4 order by a.id"
        f"{' for update of a' if lock else ''}",
        list(incident_ids),
    )
    return [_assignment(row) for row in rows]


async def open_concerned(
    tx: Transaction, force: str, incident_ids: Sequence[UUID], marker_ids: Sequence[UUID]
) -> list[Assignment]:
    """The open assignments to these incidents, and those whose crews were told of these markers before; all locked."""
    rows = await tx.all(
        f"{_COLUMNS} where a.force = $1 and a.state <> 4 and (a.incident_id = any($2::uuid[]) or exists "
        "(select from jsonb_array_elements(a.hazards) as told where told ->> 'marker_id' = any($3::text[]))) "
        "order by a.id for update of a",
        force,
        list(incident_ids),
        [str(marker_id) for marker_id in marker_ids],
    )
    return [_assignment(row) for row in rows]


async def open_of(tx: Transaction, force: str) -> list[UUID]:
    """The ids of a force's assignments that have not ended."""
    rows = await tx.all("select id from assignment where force = $1 and state <> 4 order by id", force)
    return [row["id"] for row in rows]


async def open_assignments(tx: Transaction, force: str) -> list[Assignment]:
    """What a force sees of who is sent where: by its own, and to what is shared with it."""
    rows = await tx.all(
        f"{_COLUMNS} where a.state <> 4 and (a.force = $1 or i.shared_with @> array[$1]) order by a.assigned_at, a.id",
        force,
    )
    return [_assignment(row) for row in rows]


async def keep_assignment(tx: Transaction, assignment: Assignment) -> None:
    """Stores what can change of an assignment."""
    await tx.execute(
        "update assignment set hazard_outcome = $2, hazard_reason = $3, hazard_version = $4, hazard_checked_at = $5, "
        "hazard_staleness = $6, hazards = $7, hazard_told_at = $8, state = $9, acknowledged_at = $10, "
        "arrived_at = $11, ended_at = $12, end_reason = $13, hazard_acknowledged = $14, hazard_acknowledged_at = $15, "
        "explanation = $16, sequence = $17 where id = $1",
        assignment.id,
        *_answer_values(assignment.hazard),
        assignment.hazard_told_at,
        assignment.state,
        assignment.acknowledged_at,
        assignment.arrived_at,
        assignment.ended_at,
        assignment.end_reason,
        assignment.hazard_acknowledged,
        assignment.hazard_acknowledged_at,
        assignment.explanation,
        assignment.sequence,
    )
