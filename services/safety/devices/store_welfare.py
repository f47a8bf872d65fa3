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
_COLUMNS = (
    "w.id, w.clock, w.force, device_id, d.radio, w.unit_id, w.by_status, w.minutes, w.started_at, w.ended_at, "
    "w.emergency_id, w.sequence"
)
_SELECT = f"select {_COLUMNS} from welfare as w join device as d using (device_id)"


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
    row = await tx.maybe(f"{_SELECT} where w.clock = $1 and w.ended_at is null for update of w", clock)
    return None if row is None else _welfare(row)


async def of_device(tx: Transaction, device_id: UUID) -> Welfare | None:
    """The timer that runs for a device itself, locked."""
    row = await tx.maybe(f"{_SELECT} where device_id = $1 and w.ended_at is null for update of w", device_id)
    return None if row is None else _welfare(row)


async def of_crew(tx: Transaction, device: Device) -> list[Welfare]:
    """Those that a word from this device is for, locked: its own first, and that of its unit at a scene."""
    rows = await tx.all(
        f"{_SELECT} where w.ended_at is null and (device_id = $1 or (w.by_status and w.unit_id = $2)) "
        "order by device_id <> $1, w.id for update of w",
        device.carrier.device_id,
        device.carrier.unit_id,
    )
    return [_welfare(row) for row in rows]


async def of_unit(tx: Transaction, unit_id: UUID, *, by_status: bool) -> list[Welfare]:
    """Those that run for a unit, locked; or only the one that runs because it is at a scene."""
    rows = await tx.all(
        f"{_SELECT} where w.unit_id = $1 and w.ended_at is null and (w.by_status or not $2) order by w.id "
        "for update of w",
        unit_id,
        by_status,
    )
    return [_welfare(row) for row in rows]


async def last_of_device(tx: Transaction, device: Device) -> Welfare | None:
    """The timer that ran last for a device, or for its unit at a scene."""
    row = await tx.maybe(
        f"{_SELECT} where device_id = $1 or (w.by_status and w.unit_id = $2) order by w.started_at desc limit 1",
        device.carrier.device_id,
        device.carrier.unit_id,
    )
    return None if row is None else _welfare(row)


async def last_at_scene(tx: Transaction, unit_id: UUID) -> Welfare | None:
    """The timer that ran last because a unit was at a scene."""
    row = await tx.maybe(
        f"{_SELECT} where w.unit_id = $1 and w.by_status order by w.started_at desc, w.id desc limit 1", unit_id
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
