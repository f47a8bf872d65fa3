"""The SQL of who was heard when, and of who was not."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.kernel.database import Connection
from services.kernel.transaction import Transaction
from services.safety.devices.domain.carrying import Device
from services.safety.devices.domain.heartbeats import Heard
from services.safety.devices.store import COLUMNS, device_from
from services.safety.emergency.carriers import Known
from services.safety.emergency.domain import naming
from services.safety.emergency.domain.signals import Duty
from services.safety.emergency.store import KNOWN, known_from
from services.safety.reference.devices import Silence

# Events of a turn. What is left over comes with the next.
_MOST = 500


async def heard_at(tx: Transaction, force: str, radios: Collection[str]) -> dict[str, datetime]:
    """When each of these radios was heard last, where it ever was."""
    rows = await tx.all(
        "select radio, heard_at from device where device_id = any($1::uuid[]) and heard_at is not null",
        [naming.device_id(force, radio) for radio in radios],
    )
    return {row["radio"]: row["heard_at"] for row in rows}


async def hear(tx: Transaction, force: str, heard: Sequence[Heard]) -> None:
    """Stores what is newest of these radios in one statement. What is older than what is stored changes nothing."""
    points = [one.point for one in heard]
    await tx.execute(
        "insert into device as d (device_id, force, radio, duty, heard_at, latitude, longitude, accuracy_metres, "
        "point_at, changed) select x.id, $2, x.radio, $9, x.heard_at, x.latitude, x.longitude, "
        "coalesce(x.accuracy, 0), x.point_at, pg_current_xact_id()::text::bigint "
        "from unnest($1::uuid[], $3::text[], $4::timestamptz[], $5::float8[], $6::float8[], $7::float8[], "
        "$8::timestamptz[]) as x(id, radio, heard_at, latitude, longitude, accuracy, point_at) order by x.id "
        "on conflict (device_id) do update set heard_at = excluded.heard_at, changed = excluded.changed, "
        "latitude = coalesce(excluded.latitude, d.latitude), longitude = coalesce(excluded.longitude, d.longitude), "
        "accuracy_metres = case when excluded.point_at is null then d.accuracy_metres else excluded.accuracy_metres "
        "end, point_at = coalesce(excluded.point_at, d.point_at) "
        "where d.heard_at is null or d.heard_at < excluded.heard_at",
        [naming.device_id(force, one.radio) for one in heard],
        force,
        [one.radio for one in heard],
        [one.at for one in heard],
        [point and point.latitude for point in points],
        [point and point.longitude for point in points],
        [point and point.accuracy_metres for point in points],
        [one.point_at for one in heard],
        int(Duty.UNKNOWN_DEVICE),
    )


async def devices_changed(connection: Connection, since: int) -> tuple[list[Known], int]:
    """Devices that were heard in transactions from `since` on, and from which to read on.

    A transaction that is not over yet has a number already: what it changes is read once it is.
    """
    following: int = await connection.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    rows = await connection.fetch(
        f"{KNOWN} where changed >= $1 and changed < pg_snapshot_xmax(pg_current_snapshot())::text::bigint", since
    )
    return [known_from(row) for row in rows], following


_HEARD = "greatest(d.heard_at, d.duty_since)"
_OF_FORCE = "left join unnest($1::text[], $2::timestamptz[]) as f(name, heard_since) on f.name = d.force"
_HEARD_SINCE = "coalesce(f.heard_since, $3)"


async def unheard(tx: Transaction, allowed: Silence, doubtful: Sequence[str]) -> list[Device]:
    """Devices on duty that were not heard for longer than their force allows and are not noted as silent, locked.

    What was missed while the path of their force was not steady does not count; nor does a doubtful path.
    """
    return await _devices(
        tx,
        allowed,
        f"d.duty = 1 and d.silent_since is null and {_HEARD} < {_HEARD_SINCE} and d.force <> all($4::text[]) "
        "and not exists (select from radio_path as p where p.force = d.force "
        f"and p.steady_since >= {_HEARD_SINCE})",
        list(doubtful),
    )


async def heard_again(tx: Transaction, allowed: Silence) -> list[Device]:
    """Devices noted as silent that were heard, or are not on duty any more, locked."""
    return await _devices(tx, allowed, f"d.silent_since is not null and (d.duty <> 1 or {_HEARD} >= {_HEARD_SINCE})")


async def _devices(tx: Transaction, allowed: Silence, where: str, *more: object) -> list[Device]:
    rows = await tx.all(
        f"select {COLUMNS} from device as d {_OF_FORCE} where {where} order by d.device_id limit {_MOST} "
        "for update of d skip locked",
        list(allowed.of_force),
        [tx.now - limit for limit in allowed.of_force.values()],
        tx.now - allowed.usual,
        *more,
    )
    return [device_from(row) for row in rows]


async def keep_silence(tx: Transaction, devices: Sequence[Device]) -> None:
    """Stores which of these are silent."""
    await tx.execute(
        "update device as d set silent_since = x.silent_since, sequence = x.sequence "
        "from unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) as x(id, silent_since, sequence) "
        "where d.device_id = x.id",
        [one.carrier.device_id for one in devices],
        [one.silent_since for one in devices],
        [one.sequence for one in devices],
    )
