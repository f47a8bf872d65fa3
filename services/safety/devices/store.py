"""The SQL of devices: rows to domain and back, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.kernel.database import Row
from services.kernel.transaction import Transaction
from services.safety.devices.domain.carrying import Device
from services.safety.emergency.carriers import Codes
from services.safety.emergency.domain import naming
from services.safety.emergency.domain.signals import Duty
from services.safety.emergency.store import carrier_from


@dataclass(frozen=True, slots=True)
class Placed:
    """A device, and its place in the list that it was found in."""

    device: Device
    place: list[str]


COLUMNS = (
    "device_id, force, radio, unit_id, callsign, crew, duty, incident_id, incident_address, latitude, longitude, "
    "accuracy_metres, point_at, duty_since, heard_at, silent_since, tested_at, test_passed, "
    "salt is not null as codes_known, sequence"
)
_SILENCE = "coalesce(silent_since, 'infinity')"


def device_from(row: Row) -> Device:
    """A device of a row of COLUMNS."""
    return Device(
        force=row["force"],
        radio=row["radio"],
        carrier=carrier_from(row),
        duty_since=row["duty_since"],
        heard_at=row["heard_at"],
        silent_since=row["silent_since"],
        tested_at=row["tested_at"],
        test_passed=row["test_passed"],
        codes_known=row["codes_known"],
        sequence=row["sequence"],
    )


async def device(tx: Transaction, force: str, radio: str) -> Device | None:
    """A device, locked; None where nothing was ever heard of it."""
    row = await tx.maybe(
        f"select {COLUMNS} from device where device_id = $1 for update", naming.device_id(force, radio)
    )
    return None if row is None else device_from(row)


async def device_or_new(tx: Transaction, force: str, radio: str) -> Device:
    """A device, locked. One that nothing was heard of is added, carried by nobody."""
    await tx.execute(
        "insert into device (device_id, force, radio, duty) values ($1, $2, $3, $4) on conflict do nothing",
        naming.device_id(force, radio),
        force,
        radio,
        int(Duty.UNKNOWN_DEVICE),
    )
    found = await device(tx, force, radio)
    if found is None:
        raise LookupError("a device that was added just now is not there")
    return found


async def device_named(tx: Transaction, device_id: UUID) -> Device:
    """A device that is known to be there."""
    row = await tx.maybe(f"select {COLUMNS} from device where device_id = $1", device_id)
    if row is None:
        raise LookupError("devices are never deleted")
    return device_from(row)


async def devices(tx: Transaction, after: Sequence[str], limit: int, *, silent_only: bool) -> list[Placed]:
    """The caller's force's devices, those that are silent for longest first, from those after a place in the list."""
    rows = await tx.all(
        f"select {COLUMNS}, {_SILENCE}::text as place from device where force = $1 "
        "and (not $2 or silent_since is not null) "
        f"and ($3 = '' or ({_SILENCE}, device_id) > ($3::timestamptz, $4::uuid)) "
        f"order by {_SILENCE}, device_id limit $5",
        tx.caller.force,
        silent_only,
        after[0] if after else "",
        after[1] if after else None,
        limit,
    )
    return [Placed(device_from(row), [row["place"], str(row["device_id"])]) for row in rows]


async def hear(tx: Transaction, device: Device) -> None:
    """Stores that a device was heard now, by what somebody says through it."""
    await tx.execute(
        "update device set heard_at = greatest(heard_at, $2) where device_id = $1", device.carrier.device_id, tx.now
    )


async def keep_test(tx: Transaction, device: Device) -> None:
    """Stores how a device's test went."""
    await tx.execute(
        "update device set tested_at = $2, test_passed = $3, heard_at = $4, sequence = $5 where device_id = $1",
        device.carrier.device_id,
        device.tested_at,
        device.test_passed,
        device.heard_at,
        device.sequence,
    )


async def keep_codes(tx: Transaction, device: Device, codes: Codes, by: str) -> None:
    """Stores the digests of a carrier's codes, and whose they are."""
    await tx.execute(
        "update device set salt = $2, safe_digest = $3, duress_digest = $4, codes_by = $5 where device_id = $1",
        device.carrier.device_id,
        codes.salt,
        codes.safe,
        codes.duress,
        by,
    )
