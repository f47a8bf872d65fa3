"""The SQL of where emergencies stand: kept by the worker, for lists, backlogs and the order of events."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.kernel.errors import NotFound
from services.kernel.transaction import Transaction
from services.safety.emergency.domain.folding import Emergency, EmergencyState


@dataclass(frozen=True, slots=True)
class Standing:
    """What was told of an emergency: its state, how many alarms, and the number of its last event."""

    state: EmergencyState = EmergencyState.UNSPECIFIED
    alarms: int = 0
    sequence: int = 0


async def emergency_of(tx: Transaction, signal_id: UUID) -> UUID:
    """The emergency of a signal. Raises NotFound."""
    row = await tx.maybe("select emergency_id from signal where id = $1", signal_id)
    if row is None:
        raise NotFound("signal")
    found: UUID = row["emergency_id"]
    return found


async def lock_standing(tx: Transaction, emergency_id: UUID) -> Standing:
    """Where an emergency stood, and nobody else works at it until the transaction ends."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", str(emergency_id))
    row = await tx.maybe("select state, alarms, sequence from emergency where id = $1", emergency_id)
    return Standing() if row is None else Standing(EmergencyState(row["state"]), row["alarms"], row["sequence"])


async def keep_standing(tx: Transaction, emergency: Emergency, sequence: int) -> None:
    """Stores where an emergency stands now."""
    await tx.execute(
        "insert into emergency (id, force, state, raised_at, synthetic, alarms, sequence) "
        "values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do update "
        "set state = excluded.state, raised_at = excluded.raised_at, alarms = excluded.alarms, "
        "sequence = excluded.sequence",
        emergency.id,
        emergency.force,
        int(emergency.state),
        emergency.raised_at,
        emergency.synthetic,
        len(emergency.alarms),
        sequence,
    )


async def mark_alarms(tx: Transaction, taken: Collection[UUID], cleared: Collection[UUID]) -> None:
    """Notes which alarms were taken and which cleared. Neither is ever taken back."""
    await tx.execute(
        "update alarm set taken = taken or signal_id = any($1::uuid[]), "
        "cleared = cleared or signal_id = any($2::uuid[]) "
        "where (signal_id = any($1::uuid[]) and not taken) or (signal_id = any($2::uuid[]) and not cleared)",
        list(taken),
        list(cleared),
    )


async def forget_synthetic(tx: Transaction, before: datetime, most: int) -> None:
    """Deletes what the platform pressed itself to prove the path, of before then: it is of nobody."""
    rows = await tx.all(
        "select id, emergency_id from signal where synthetic and at < $1 order by stored_at limit $2", before, most
    )
    signals, of = [row["id"] for row in rows], list({row["emergency_id"] for row in rows})
    for sql, ids in (
        ("delete from timer where subject = any($1::uuid[]) and state <> 'WAITING'", signals),
        ("delete from alarm where signal_id = any($1::uuid[])", signals),
        ("delete from emergency where id = any($1::uuid[])", of),
        ("delete from signal where id = any($1::uuid[])", signals),
    ):
        await tx.execute(sql, ids)


async def emergencies(
    tx: Transaction, state: EmergencyState, after: Sequence[str], limit: int, *, synthetic: bool
) -> list[tuple[UUID, list[str]]]:
    """The caller's force's emergencies, newest first, from those after a place in the list: ids and their places."""
    rows = await tx.all(
        "select id, raised_at::text as place from emergency "
        "where force = $1 and ($2 = 0 or state = $2) and ($3 or not synthetic) "
        "and ($4 = '' or (raised_at, id) < ($4::timestamptz, $5::uuid)) order by raised_at desc, id desc limit $6",
        tx.caller.force,
        int(state),
        synthetic,
        after[0] if after else "",
        after[1] if after else None,
        limit,
    )
    return [(row["id"], [row["place"], str(row["id"])]) for row in rows]
