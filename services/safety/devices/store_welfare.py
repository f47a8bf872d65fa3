"""The SQL of welfare timers: rows to domain and back, nothing else."""

from uuid import UUID

from services.kernel.database import Row, Table
from services.kernel.transaction import Transaction
from services.safety.devices.domain.carrying import Device
from services.safety.devices.domain.welfare import Welfare

WELFARE = Table.of(
    "welfare",
    "id uuid, clock uuid, force text, device_id uuid, unit_id uuid, by_status boolean, minutes int, "
    "started_at timestamptz, "
    "warn_at timestamptz, due_at timestamptz",
)
_COLUMNS = "id, clock, force, device_id, unit_id, by_status, minutes, started_at, ended_at, emergency_id, sequence"
_SELECT = f"select {_COLUMNS} from welfare"


def welfare_row(welfare: Welfare) -> tuple[object, ...]:
    """The row for WELFARE, of a new timer."""
    return (
        welfare.id,
        welfare.clock,
        welfare.force,
        welfare.device_id,
        welfare.unit_id,
        welfare.by_status,
        welfare.minutes,
        welfare.started_at,
        welfare.warn_at,
        welfare.due_at,
    )


def _welfare(row: Row) -> Welfare:
    return Welfare(**dict(row))


async def of_clock(tx: Transaction, clock: UUID) -> Welfare | None:
    """The timer that runs by a clock, locked; None where it has ended or begun again."""
    row = await tx.maybe(f"{_SELECT} where clock = $1 and ended_at is null for update", clock)
    return None if row is None else _welfare(row)


async def of_device(tx: Transaction, device_id: UUID) -> Welfare | None:
    """The timer that runs for a device itself, locked."""
    row = await tx.maybe(f"{_SELECT} where device_id = $1 and ended_at is null for update", device_id)
    return None if row is None else _welfare(row)


async def of_crew(tx: Transaction, device: Device) -> list[Welfare]:
    """Those that a word from this device is for, locked: its own first, and that of its unit at a scene."""
    rows = await tx.all(
        f"{_SELECT} where ended_at is null and (device_id = $1 or (by_status and unit_id = $2)) "
        "order by device_id <> $1, id for update",
        device.carrier.device_id,
        device.carrier.unit_id,
    )
    return [_welfare(row) for row in rows]


async def of_unit(tx: Transaction, unit_id: UUID, *, by_status: bool) -> list[Welfare]:
    """Those that run for a unit, locked; or only the one that runs because it is at a scene."""
    rows = await tx.all(
        f"{_SELECT} where unit_id = $1 and ended_at is null and (by_status or not $2) order by id for update",
        unit_id,
        by_status,
    )
    return [_welfare(row) for row in rows]


async def last_of_device(tx: Transaction, device: Device) -> Welfare | None:
    """The timer that ran last for a device, or for its unit at a scene."""
    row = await tx.maybe(
        f"{_SELECT} where device_id = $1 or (by_status and unit_id = $2) order by started_at desc limit 1",
        device.carrier.device_id,
        device.carrier.unit_id,
    )
    return None if row is None else _welfare(row)


async def keep(tx: Transaction, welfare: Welfare) -> None:
    """Stores what can change of a timer."""
    await tx.execute(
        "update welfare set minutes = $2, started_at = $3, warn_at = $4, due_at = $5, ended_at = $6, "
        "emergency_id = $7, sequence = $8, clock = $9 where id = $1",
        welfare.id,
        welfare.minutes,
        welfare.started_at,
        welfare.warn_at,
        welfare.due_at,
        welfare.ended_at,
        welfare.emergency_id,
        welfare.sequence,
        welfare.clock,
    )
