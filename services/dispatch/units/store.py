"""The SQL of units: rows to domain and back, nothing else."""

import json
from datetime import date, datetime
from uuid import UUID

from services.dispatch.domain.records import CrewMember, Point, Position, Skill, Unit
from services.dispatch.domain.terms import DeviceTest, UnitStatus
from services.kernel.database import Row, Table
from services.kernel.errors import NotFound
from services.kernel.transaction import Transaction

TEST_OVERRIDE = Table.of(
    "test_override", "id uuid, unit_id uuid, force text, at timestamptz, by text, explanation text"
)
# A unit with its position, as unit_from reads it: units are u, positions p.
SELECT = (
    "select u.*, p.latitude, p.longitude, p.accuracy_metres, p.at as position_at "
    "from unit as u left join unit_position as p on p.unit_id = u.id"
)


def unit_from(row: Row) -> Unit:
    """A unit of a row that has its position too."""
    return Unit(
        id=row["id"],
        force=row["force"],
        callsign=row["callsign"],
        status=UnitStatus(row["status"]),
        status_since=row["status_since"],
        emergencies=tuple(row["emergencies"]),
        duress=tuple(row["duress"]),
        crew=tuple(_member(member) for member in json.loads(row["crew"])),
        radios=tuple(row["radios"]),
        device_test=DeviceTest(row["device_test"]),
        shift_ends_at=row["shift_ends_at"],
        position=_position(row),
        incident_id=row["incident_id"],
        incident_urgency=row["incident_urgency"],
        assignment_id=row["assignment_id"],
        last_message=UnitStatus(row["last_message"]),
        last_message_at=row["last_message_at"],
        sequence=row["sequence"],
    )


def _position(row: Row) -> Position | None:
    if row["position_at"] is None:
        return None
    return Position(Point(row["latitude"], row["longitude"], row["accuracy_metres"]), row["position_at"])


def _member(kept: dict[str, object]) -> CrewMember:
    skills: dict[str, str | None] = kept["skills"]  # type: ignore[assignment]  # as _crew wrote it
    held = (Skill(code, date.fromisoformat(end) if end else None) for code, end in skills.items())
    return CrewMember(str(kept["officer_id"]), tuple(held))


def _crew(unit: Unit) -> str:
    return json.dumps(
        [
            {
                "officer_id": member.officer_id,
                "skills": {s.code: s.expires_on.isoformat() if s.expires_on else None for s in member.skills},
            }
            for member in unit.crew
        ]
    )


async def unit(tx: Transaction, unit_id: UUID, *, lock: bool = False) -> Unit:
    """A unit of the caller's force. Raises NotFound."""
    row = await tx.maybe(
        f"{SELECT} where u.id = $1 and u.force = $2{' for update of u' if lock else ''}", unit_id, tx.caller.force
    )
    if row is None:
        raise NotFound("unit")
    return unit_from(row)


async def known_unit(tx: Transaction, unit_id: UUID) -> Unit | None:
    """A unit of the caller's force, locked; None where there is none."""
    row = await tx.maybe(f"{SELECT} where u.id = $1 and u.force = $2 for update of u", unit_id, tx.caller.force)
    return None if row is None else unit_from(row)


async def in_emergency(tx: Transaction, emergency_id: UUID) -> list[Unit]:
    """The units over which an emergency lies, locked."""
    rows = await tx.all(
        f"{SELECT} where u.emergencies @> array[$1::uuid] and u.emergencies <> '{{}}' order by u.id for update of u",
        emergency_id,
    )
    return [unit_from(row) for row in rows]


async def units(tx: Transaction, force: str) -> list[Unit]:
    """The units of a force, by callsign."""
    return [unit_from(row) for row in await tx.all(f"{SELECT} where u.force = $1 order by u.callsign", force)]


async def add_unit(tx: Transaction, unit: Unit) -> bool:
    """Stores a new unit. False where another one of its force bears the callsign."""
    row = await tx.maybe(
        "insert into unit (id, force, callsign, status, status_since, sequence) values ($1, $2, $3, $4, $5, $6) "
        "on conflict (force, callsign) do nothing returning id",
        unit.id,
        unit.force,
        unit.callsign,
        int(unit.status),
        unit.status_since,
        unit.sequence,
    )
    return row is not None


async def keep_unit(tx: Transaction, unit: Unit) -> None:
    """Stores what can change of a unit, but for its position."""
    await tx.execute(
        "update unit set status = $2, status_since = $3, emergencies = $4, crew = $5, radios = $6, device_test = $7, "
        "shift_ends_at = $8, incident_id = $9, incident_urgency = $10, assignment_id = $11, last_message = $12, "
        "last_message_at = $13, sequence = $14, duress = $15 where id = $1",
        unit.id,
        int(unit.status),
        unit.status_since,
        list(unit.emergencies),
        _crew(unit),
        list(unit.radios),
        int(unit.device_test),
        unit.shift_ends_at,
        unit.incident_id,
        unit.incident_urgency,
        unit.assignment_id,
        int(unit.last_message),
        unit.last_message_at,
        unit.sequence,
        list(unit.duress),
    )


async def keep_overdue(tx: Transaction, unit_id: UUID, at: datetime | None) -> None:
    """Stores when the unit will have been in its status for too long; None for never."""
    await tx.execute("update unit set overdue_at = $2 where id = $1", unit_id, at)


async def overdue_at_hand(tx: Transaction, unit_id: UUID, force: str) -> Row | None:
    """`overdue_at` of a unit of a force, locked until the transaction ends; None where somebody else is changing it.

    For the clock that strikes then: whoever changes the unit may be about to stop it, and would wait for this
    transaction while it waits for them.
    """
    return await tx.maybe(
        "select overdue_at from unit where id = $1 and force = $2 for update skip locked", unit_id, force
    )


def override_row(override_id: UUID, unit: Unit, at: datetime, by: str, explanation: str) -> tuple[object, ...]:
    """The row for TEST_OVERRIDE."""
    return (override_id, unit.id, unit.force, at, by, explanation)
