"""The replica of officer safety's markers, in SQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.kernel.database import Row
from services.kernel.transaction import Transaction

_CHANGED, _HELD = "marker-changed", "marker-held"


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """How far the replica has come. `missing` markers are in officer safety's ledger and not here."""

    staleness_seconds: float
    missing: int


async def write_alone(tx: Transaction, force: str) -> None:
    """Nobody looks for markers of this force, nor sends a unit on what was found, until this transaction ends.

    Without it, a unit could be sent on a look that came just before a marker, by a transaction that whoever applies the
    marker does not see yet: neither would warn the crew.
    """
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('marker/' || $1, 0))", force)


async def look_together(tx: Transaction, force: str) -> None:
    """No marker of this force changes until this transaction ends; others may look too. See `write_alone`."""
    await tx.execute("select pg_advisory_xact_lock_shared(hashtextextended('marker/' || $1, 0))", force)


async def keep_marker(tx: Transaction, marker_id: UUID, force: str, version: int, body: bytes) -> bool:
    """Stores a marker, unless this version or a newer one is held: events come in any order, and again."""
    row = await tx.maybe("select version from marker where id = $1", marker_id)
    if row is not None and row["version"] >= version:
        return False
    changed = await tx.count_up(_CHANGED)
    if row is None:
        await tx.count_up(_HELD)
    await tx.execute(
        "insert into marker (id, force, version, body, changed) values ($1, $2, $3, $4, $5) "
        "on conflict (id) do update set force = $2, version = $3, body = $4, changed = $5",
        marker_id,
        force,
        version,
        body,
        changed,
    )
    return True


async def changed_since(tx: Transaction, changed: int, limit: int) -> list[Row]:
    """Markers (body, changed) that changed after a number, in that order."""
    return await tx.all("select body, changed from marker where changed > $1 order by changed limit $2", changed, limit)


async def confirm(tx: Transaction, as_of: datetime, ledger_markers: int) -> None:
    """Notes that all that officer safety changed until then has been read."""
    await tx.execute(
        "insert into marker_replica (as_of, ledger_markers, held_markers) "
        "values ($1, $2, coalesce((select last from counter where name = $3), 0)) on conflict (one) do update "
        "set as_of = excluded.as_of, ledger_markers = excluded.ledger_markers, held_markers = excluded.held_markers "
        "where marker_replica.as_of < excluded.as_of",
        as_of,
        ledger_markers,
        _HELD,
    )


async def replica_state(tx: Transaction) -> ReplicaState | None:
    """By the machine's clock, whatever clock a rehearsal runs on. None where there is no replica yet."""
    row = await tx.maybe(
        "select greatest(0, extract(epoch from clock_timestamp() - as_of))::float8 as staleness, "
        "greatest(0, ledger_markers - held_markers) as missing from marker_replica"
    )
    return None if row is None else ReplicaState(row["staleness"], row["missing"])
