"""Which units were told of which emergencies, in SQL."""

from uuid import UUID

from services.dispatch.domain.records import EmergencyNearby, Point
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
