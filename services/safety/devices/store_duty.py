"""The SQL of who carries which device, as dispatch tells it. Rows are touched in the order of their ids: two
transactions about the same devices wait for each other, and neither for ever."""

from collections.abc import Sequence
from uuid import UUID

from services.kernel.transaction import Transaction
from services.safety.devices.domain.duty import Freed, OffDuty, OnDuty, Sent
from services.safety.emergency.domain import naming

_RADIOS = "from unnest($1::uuid[], $3::text[]) as x(id, radio) order by x.id"
_THEIRS = "(d.codes_by = '' or d.codes_by = any(excluded.crew))"
_SENT_SINCE = "d.incident_since >= excluded.duty_since"


def _ids(force: str, radios: Sequence[str]) -> list[UUID]:
    return [naming.device_id(force, radio) for radio in radios]


async def carry(tx: Transaction, told: OnDuty) -> None:
    """A crew carries the radios, unless somebody booked on with them later."""
    codes = (f"{name} = case when {_THEIRS} then d.{name} end" for name in ("safe_digest", "duress_digest", "salt"))
    await tx.execute(
        "insert into device as d (device_id, force, radio, unit_id, callsign, crew, duty, duty_since) "
        f"select x.id, $2, x.radio, $4, $5, $6::text[], 1, $7 {_RADIOS} "
        "on conflict (device_id) do update set unit_id = excluded.unit_id, callsign = excluded.callsign, "
        "crew = excluded.crew, duty = 1, duty_since = excluded.duty_since, "
        f"incident_id = case when {_SENT_SINCE} then d.incident_id end, "
        f"incident_address = case when {_SENT_SINCE} then d.incident_address else '' end, "
        f"{', '.join(codes)}, codes_by = case when {_THEIRS} then d.codes_by else '' end "
        "where d.duty_since is null or d.duty_since <= excluded.duty_since",
        _ids(told.force, told.radios),
        told.force,
        list(told.radios),
        told.unit_id,
        told.callsign,
        list(told.crew),
        told.since,
    )


async def put_away(tx: Transaction, told: OffDuty) -> None:
    """The unit carries the radios no more."""
    await tx.execute(
        "update device set duty = 2, unit_id = null, duty_since = $3, incident_id = null, incident_address = '' "
        "where device_id in (select device_id from device where device_id = any($1::uuid[]) and unit_id = $2 "
        "and duty_since <= $3 order by device_id for update)",
        _ids(told.force, told.radios),
        told.unit_id,
        told.at,
    )


async def send(tx: Transaction, told: Sent) -> None:
    """The radios' unit was sent to an incident, unless it was sent or booked on later."""
    await tx.execute(
        "insert into device as d (device_id, force, radio, unit_id, callsign, duty, incident_id, incident_address, "
        f"incident_since) select x.id, $2, x.radio, $4, $5, 3, $6, $7, $8 {_RADIOS} "
        "on conflict (device_id) do update set incident_id = excluded.incident_id, "
        "incident_address = excluded.incident_address, incident_since = excluded.incident_since "
        "where (d.incident_since is null or d.incident_since <= excluded.incident_since) "
        "and (d.duty_since is null or d.duty_since <= excluded.incident_since)",
        _ids(told.force, told.radios),
        told.force,
        list(told.radios),
        told.unit_id,
        told.callsign,
        told.incident_id,
        told.address,
        told.at,
    )


async def free(tx: Transaction, told: Freed) -> None:
    """The radios' unit is not on the incident any more."""
    await tx.execute(
        "update device set incident_id = null, incident_address = '' where device_id in (select device_id from device "
        "where device_id = any($1::uuid[]) and incident_id = $2 order by device_id for update)",
        _ids(told.force, told.radios),
        told.incident_id,
    )
