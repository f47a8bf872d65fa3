"""The replica of officer safety's markers, in SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.kernel.database import Row
from services.kernel.transaction import Transaction

_CHANGED = "marker-changed"


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """How far the replica has come. `missing` markers are in officer safety's ledger and not here."""

    staleness_seconds: float
    missing: int


async def write_alone(tx: Transaction, force: str) -> None:
    """Nobody looks for markers of this force, nor sends a unit on what was found, until this transaction ends.

    Without it, a unit could be sent on a look that came just before a marker, by a transaction that whoever applies the
    marker does not see yet: neither would warn the crew. To be said after `keep_marker`, so that all who write wait for
    each other in one order.
    """
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('marker/' || $1, 0))", force)


async def look_together(tx: Transaction, force: str) -> None:
    """No marker of this force changes until this transaction ends; others may look too. See `write_alone`."""
    await tx.execute("select pg_advisory_xact_lock_shared(hashtextextended('marker/' || $1, 0))", force)


async def keep_marker(tx: Transaction, marker_id: UUID, force: str, version: int, body: bytes) -> bool:
    """Stores a marker; False where this version or a newer one is held: events come in any order, and again."""
    held = await tx.maybe("select version, gone from marker where id = $1", marker_id)
    if held is not None and held["version"] >= version and not held["gone"]:
        return False
    await _write(tx, marker_id, force, version, body, gone=False)
    if held is None or held["gone"]:
        await _count(tx, 1)
    return True


async def replace_marker(tx: Transaction, marker_id: UUID, force: str, version: int, body: bytes) -> None:
    """Stores another body of a marker whose version is held. A newer version that has come meanwhile stays."""
    held = await tx.maybe("select version from marker where id = $1 and not gone", marker_id)
    if held is not None and held["version"] == version:
        await _write(tx, marker_id, force, version, body, gone=False)


async def drop_marker(tx: Transaction, marker_id: UUID, force: str, version: int) -> None:
    """Notes that a marker that is held is none of officer safety's."""
    await _write(tx, marker_id, force, version, b"", gone=True)
    await _count(tx, -1)


async def _write(tx: Transaction, marker_id: UUID, force: str, version: int, body: bytes, *, gone: bool) -> None:
    changed = await tx.count_up(_CHANGED)
    await tx.execute(
        "insert into marker (id, force, version, body, gone, changed) values ($1, $2, $3, $4, $5, $6) "
        "on conflict (id) do update set force = $2, version = $3, body = $4, gone = $5, changed = $6",
        marker_id,
        force,
        version,
        body,
        gone,
        changed,
    )


async def _count(tx: Transaction, more: int) -> None:
    await tx.execute("update marker_replica set held_markers = held_markers + $1", more)


async def recount(tx: Transaction) -> None:
    """Counts the markers that are held. Whoever changes their number has locked this row until then."""
    await tx.execute("select from marker_replica for update")
    await tx.execute("update marker_replica set held_markers = (select count(*) from marker where not gone)")


async def changed_since(tx: Transaction, changed: int, limit: int) -> list[Row]:
    """Markers (id, force, body, gone, changed) that changed after a number, in that order."""
    return await tx.all(
        "select id, force, body, gone, changed from marker where changed > $1 order by changed limit $2", changed, limit
    )


async def untold(tx: Transaction, force: str, limit: int) -> list[Row]:
    """Markers of a force (id, version, body, gone, changed) that changed since its crews were told of many."""
    return await tx.all(
        "select id, version, body, gone, changed from marker where force = $1 and changed > "
        "coalesce((select changed from marker_told where force = $1), 0) order by changed limit $2",
        force,
        limit,
    )


async def keep_told(tx: Transaction, force: str, changed: int) -> None:
    """Notes that the crews of a force have been told of all markers up to this change."""
    await tx.execute(
        "insert into marker_told (force, changed) values ($1, $2) on conflict (force) do update set changed = $2",
        force,
        changed,
    )


async def versions(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, int]:
    """The versions of these markers as they are held at this moment."""
    rows = await tx.all("select id, version from marker where id = any($1::uuid[])", list(ids))
    return {row["id"]: row["version"] for row in rows}


async def held_markers(tx: Transaction) -> list[Row]:
    """All markers that are held: id, force, version, body."""
    return await tx.all("select id, force, version, body from marker where not gone")


async def confirm(tx: Transaction, as_of: datetime, ledger_markers: int) -> None:
    """Notes that all that officer safety changed until then has been read."""
    await tx.execute(
        "update marker_replica set as_of = $1, ledger_markers = $2 where as_of is null or as_of < $1",
        as_of,
        ledger_markers,
    )


async def replica_state(tx: Transaction) -> ReplicaState | None:
    """By the machine's clock, whatever clock a rehearsal runs on. None where there is no replica yet."""
    row = await tx.maybe(
        "select greatest(0, extract(epoch from clock_timestamp() - as_of))::float8 as staleness, "
        "greatest(0, ledger_markers - held_markers) as missing from marker_replica where as_of is not null"
    )
    return None if row is None else ReplicaState(row["staleness"], row["missing"])


async def unchecked(tx: Transaction, not_for: int) -> list[Row]:
    """Open assignments (id, force) whose markers have yet to be looked for, but for one reason."""
    return await tx.all(
        "select id, force from assignment where state <> 4 and hazard_outcome = 3 and hazard_reason <> $1 order by id",
        not_for,
    )
