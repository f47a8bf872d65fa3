"""Incidents, in SQL."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from services.dispatch.domain.records import Incident, Person, Place, Point
from services.dispatch.domain.terms import AssignmentState, DispatchState
from services.dispatch.incidents.domain.incidents import MOST_ASSOCIATES
from services.dispatch.incidents.domain.premises import premises_key
from services.kernel.bulk import joined
from services.kernel.database import Row, Table
from services.kernel.errors import NotFound
from services.kernel.transaction import Transaction

# Who was named at an address in this time may be there now (domain facts 3.5).
_REMEMBERED = timedelta(days=366)

INCIDENT = Table.of(
    "incident",
    "id uuid, contact_id uuid, force text, grade text, urgency smallint, state smallint, "
    "first_contact_at timestamptz, graded_at timestamptz, queued_at timestamptz, attend_by timestamptz, "
    "latitude double precision, longitude double precision, accuracy_metres double precision, address text, "
    "uprn text, lsoa text, premises_key text, people jsonb, vehicles text[], associates jsonb, sequence bigint",
)
_COLUMNS = (
    "select i.*, array(select a.id from assignment a where a.incident_id = i.id and a.state <> 4 order by a.id) "
    "as assignment_ids from incident i"
)


def incident_row(incident: Incident, queued_at: object) -> tuple[object, ...]:
    """The row for INCIDENT."""
    place = incident.place or Place()
    point = place.point
    return (
        incident.id,
        incident.contact_id,
        incident.force,
        incident.grade,
        incident.urgency,
        incident.state,
        incident.first_contact_at,
        incident.graded_at,
        queued_at,
        incident.attend_by,
        point and point.latitude,
        point and point.longitude,
        point and point.accuracy_metres,
        place.address,
        place.uprn,
        place.lsoa,
        premises_key(place.address),
        _written(incident.people),
        joined(incident.vehicles),
        _written(incident.associates),
        incident.sequence,
    )


def place_of(row: Row) -> Place | None:
    """Where an incident is; None where nothing is known."""
    point = None
    if row["latitude"] is not None:
        point = Point(row["latitude"], row["longitude"], row["accuracy_metres"] or 0.0)
    place = Place(point, row["address"], row["uprn"], row["lsoa"])
    return None if place == Place() else place


def _written(people: Sequence[Person]) -> str:
    return json.dumps([asdict(person) for person in people])


def _people(text: str) -> tuple[Person, ...]:
    return tuple(Person(**person) for person in json.loads(text))


def _incident(row: Row) -> Incident:
    return Incident(
        id=row["id"],
        contact_id=row["contact_id"],
        force=row["force"],
        grade=row["grade"],
        urgency=row["urgency"],
        state=DispatchState(row["state"]),
        first_contact_at=row["first_contact_at"],
        graded_at=row["graded_at"],
        attend_by=row["attend_by"],
        place=place_of(row),
        people=_people(row["people"]),
        vehicles=tuple(row["vehicles"]),
        associates=_people(row["associates"]),
        assignment_ids=tuple(row["assignment_ids"]),
        escalated_to=row["escalated_to"],
        escalated_at=row["escalated_at"],
        shared_with=tuple(row["shared_with"]),
        closed_at=row["closed_at"],
        resulted_at=row["resulted_at"],
        result=row["result"],
        sequence=row["sequence"],
    )


async def incident(tx: Transaction, incident_id: UUID, force: str, *, lock: bool = False) -> Incident:
    """An incident of a force; with `lock`, nobody else changes it until the transaction ends. Raises NotFound."""
    row = await tx.maybe(
        f"{_COLUMNS} where i.id = $1 and i.force = $2{' for update of i' if lock else ''}", incident_id, force
    )
    if row is None:
        raise NotFound("incident")
    return _incident(row)


async def incident_at_hand(tx: Transaction, incident_id: UUID, force: str) -> Incident | None:
    """An incident of a force, locked until the transaction ends; None where somebody else is changing it.

    For a clock that strikes: see assignment_at_hand in assignments/store.py.
    """
    row = await tx.maybe(f"{_COLUMNS} where i.id = $1 and i.force = $2 for update of i skip locked", incident_id, force)
    return None if row is None else _incident(row)


async def seen_incident(tx: Transaction, incident_id: UUID) -> Incident:
    """An incident of the caller's force, or one that is shared with it. Raises NotFound."""
    row = await tx.maybe(
        f"{_COLUMNS} where i.id = $1 and (i.force = $2 or $2 = any(i.shared_with))", incident_id, tx.caller.force
    )
    if row is None:
        raise NotFound("incident")
    return _incident(row)


async def known(tx: Transaction, incident_id: UUID) -> bool:
    """Whether dispatch holds the incident."""
    return await tx.maybe("select from incident where id = $1", incident_id) is not None


async def open_incidents(tx: Transaction, force: str) -> list[Incident]:
    """What a force sees open: its own incidents and those shared with it, by grade, then by age."""
    rows = await tx.all(
        f"{_COLUMNS} where i.state <> 4 and (i.force = $1 or i.shared_with @> array[$1]) "
        "order by i.urgency, i.first_contact_at, i.id",
        force,
    )
    return [_incident(row) for row in rows]


async def keep_incident(tx: Transaction, incident: Incident) -> None:
    """Stores what can change of an incident."""
    await tx.execute(
        "update incident set state = $2, escalated_to = $3, escalated_at = $4, shared_with = $5, closed_at = $6, "
        "resulted_at = $7, result = $8, sequence = $9 where id = $1",
        incident.id,
        incident.state,
        incident.escalated_to,
        incident.escalated_at,
        list(incident.shared_with),
        incident.closed_at,
        incident.resulted_at,
        incident.result,
        incident.sequence,
    )


async def associates(tx: Transaction, incident: Incident) -> tuple[Person, ...]:
    """People whom other incidents at the same address named, since twelve months before this one (R-MK-01)."""
    if incident.place is None:
        return ()
    rows = await tx.all(
        "select people from incident where force = $1 and id <> $2 and graded_at > $3::timestamptz - $4::interval "
        "and ((uprn <> '' and uprn = $5) or (premises_key <> '' and premises_key = $6)) "
        "order by graded_at desc limit $7",
        incident.force,
        incident.id,
        incident.graded_at,
        _REMEMBERED,
        incident.place.uprn,
        premises_key(incident.place.address),
        MOST_ASSOCIATES,
    )
    return tuple(dict.fromkeys(person for row in rows for person in _people(row["people"])))


async def neighbours(tx: Transaction, incident: Incident) -> list[Incident]:
    """Other open incidents at the same address, locked until the transaction ends."""
    if incident.place is None:
        return []
    rows = await tx.all(
        f"{_COLUMNS} where i.state <> 4 and i.force = $1 and i.id <> $2 and ((i.uprn <> '' and i.uprn = $3) "
        "or (i.premises_key <> '' and i.premises_key = $4)) order by i.id for update of i",
        incident.force,
        incident.id,
        incident.place.uprn,
        premises_key(incident.place.address),
    )
    return [_incident(row) for row in rows]


async def keep_associates(tx: Transaction, incident: Incident) -> None:
    """Stores who else was named at the address of an incident."""
    await tx.execute("update incident set associates = $2 where id = $1", incident.id, _written(incident.associates))


async def with_units(tx: Transaction, force: str) -> list[Incident]:
    """The force's incidents that somebody has been sent to."""
    rows = await tx.all(f"{_COLUMNS} where i.force = $1 and i.state in (2, 3) order by i.id", force)
    return [_incident(row) for row in rows]


async def open_states(tx: Transaction, incident_id: UUID) -> dict[UUID, AssignmentState]:
    """The assignments of an incident that have not ended, and where they stand."""
    rows = await tx.all(
        "select id, state from assignment where incident_id = $1 and state <> 4 order by id", incident_id
    )
    return {row["id"]: AssignmentState(row["state"]) for row in rows}
