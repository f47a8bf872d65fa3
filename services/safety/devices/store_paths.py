"""The SQL of the ways from the radios of each force: what is heard by them, and how they were at the last look."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.kernel.transaction import Transaction
from services.safety.devices.domain.paths import Hearing, RadioPath

# Turns come every two seconds: for so long nobody looked only where the worker or the database was away.
_AWAY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a path: how it was at the last one, what is heard now, and whether nobody looked for long."""

    before: RadioPath
    hearing: Hearing
    away: bool


async def looks(tx: Transaction) -> list[Look]:
    """Of every force that has radios on duty or had at the last look."""
    rows = await tx.all(
        "select coalesce(p.force, d.force) as force, coalesce(d.radios, 0) as radios, d.on_duty_since, "
        "d.heard_at, p.heard_at as heard_before, p.steady_since, p.silent_since, coalesce(p.sequence, 0) as sequence, "
        f"coalesce(p.looked_at < clock_timestamp() - interval '{_AWAY_SECONDS} seconds', false) as away "
        "from radio_path as p full join (select force, count(*)::int as radios, min(duty_since) as on_duty_since, "
        "max(heard_at) as heard_at from device where duty = 1 group by force) as d using (force) order by 1"
    )
    return [
        Look(
            before=RadioPath(
                force=row["force"],
                heard_at=row["heard_before"],
                steady_since=row["steady_since"],
                silent_since=row["silent_since"],
                sequence=row["sequence"],
            ),
            hearing=Hearing(row["force"], row["radios"], row["on_duty_since"], row["heard_at"]),
            away=row["away"],
        )
        for row in rows
    ]


async def keep(tx: Transaction, paths: Sequence[RadioPath]) -> None:
    """Stores how they are now, and that somebody looked."""
    await tx.execute(
        "insert into radio_path as p (force, heard_at, steady_since, silent_since, sequence) "
        "select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::bigint[]) "
        "on conflict (force) do update set heard_at = excluded.heard_at, steady_since = excluded.steady_since, "
        "silent_since = excluded.silent_since, sequence = excluded.sequence, looked_at = clock_timestamp()",
        [path.force for path in paths],
        [path.heard_at for path in paths],
        [path.steady_since for path in paths],
        [path.silent_since for path in paths],
        [path.sequence for path in paths],
    )
