"""Which units are near an emergency, and which were told of it, in SQL."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.dispatch.domain.records import EmergencyNearby, Point, Unit
from services.dispatch.emergencies.domain.nearby import box
from services.dispatch.units.store import SELECT, unit_from
from services.kernel.database import Row
from services.kernel.transaction import Transaction


def _nearby(row: Row) -> EmergencyNearby:
    return EmergencyNearby(
        emergency_id=row["emergency_id"],
        unit_id=row["unit_id"],
        force=row["force"],
        callsign=row["callsign"],
        point=Point(row["latitude"], row["longitude"], row["accuracy_metres"]),
        distance_metres=row["distance_metres"],
        raised_at=row["raised_at"],
    )


async def of_force(tx: Transaction, force: str) -> list[EmergencyNearby]:
    """What units of the force were told of and is not cleared, oldest first."""
    rows = await tx.all("select * from emergency_nearby where force = $1 order by raised_at, unit_id", force)
    return [_nearby(row) for row in rows]


async def of_unit(tx: Transaction, unit_id: UUID) -> list[EmergencyNearby]:
    """What a unit was told of and is not cleared, oldest first."""
    rows = await tx.all("select * from emergency_nearby where unit_id = $1 order by raised_at", unit_id)
    return [_nearby(row) for row in rows]


async def units_around(tx: Transaction, force: str, point: Point, metres: float) -> list[Unit]:
    """Units of the force on duty that may be so near; some of them are a little farther away."""
    rows = await tx.all(
        f"{SELECT} where u.force = $1 and u.status <> 11 and p.latitude between $2 and $3 "
        "and p.longitude between $4 and $5",
        force,
        *box(point, metres),
    )
    return [unit_from(row) for row in rows]


async def add(tx: Transaction, near: Sequence[EmergencyNearby]) -> list[EmergencyNearby]:
    """Stores who is told of an emergency; returns those who were not told before."""
    rows = await tx.all(
        "insert into emergency_nearby (emergency_id, unit_id, force, callsign, latitude, longitude, accuracy_metres, "
        "distance_metres, raised_at) select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], "
        "$5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::timestamptz[]) "
        "on conflict do nothing returning *",
        [one.emergency_id for one in near],
        [one.unit_id for one in near],
        [one.force for one in near],
        [one.callsign for one in near],
        [one.point.latitude for one in near],
        [one.point.longitude for one in near],
        [one.point.accuracy_metres for one in near],
        [one.distance_metres for one in near],
        [one.raised_at for one in near],
    )
    return [_nearby(row) for row in rows]


async def remove(tx: Transaction, emergency_id: UUID) -> list[EmergencyNearby]:
    """Forgets who was told of an emergency; returns what they are told now that it is over."""
    rows = await tx.all("delete from emergency_nearby where emergency_id = $1 returning *", emergency_id)
    return [replace(_nearby(row), over=True) for row in rows]
