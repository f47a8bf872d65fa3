"""What a process follows to keep all units of a force in memory, in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.dispatch.domain.records import Unit
from services.dispatch.units.store import SELECT, unit_from
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Places:
    """Positions, a unit each, in columns. Degrees WGS84, metres, and seconds since 1970."""

    unit_ids: Sequence[UUID] = ()
    latitudes: Sequence[float] = ()
    longitudes: Sequence[float] = ()
    accuracies: Sequence[float] = ()
    times: Sequence[float] = ()


async def changed_units(tx: Transaction, force: str, after: int, last: int) -> list[Unit]:
    """The units that changed with the board's numbers after that one, up to the last."""
    rows = await tx.all(
        f"{SELECT} where u.id in (select unit_id from board_change where force = $1 and sequence > $2 "
        "and sequence <= $3 and kind = 'unit')",
        force,
        after,
        last,
    )
    return [unit_from(row) for row in rows]


async def places_since(tx: Transaction, force: str, seen: str) -> tuple[Places, str]:
    """Positions written by transactions that were not over when `seen` was returned; and what to ask with next.

    "0" asks for all. Some that were seen before are among them.
    """
    row = await tx.maybe(
        "select pg_snapshot_xmin(pg_current_snapshot())::text as seen, array_agg(unit_id) as unit_ids, "
        "array_agg(latitude) as latitudes, array_agg(longitude) as longitudes, "
        "array_agg(accuracy_metres) as accuracies, "
        "array_agg(extract(epoch from at)::float8) as times "
        "from unit_position where force = $1 and written_by >= $2::text::xid8",
        force,
        seen,
    )
    if row is None:
        raise LookupError("an aggregate always has a row")
    columns = (row["unit_ids"], row["latitudes"], row["longitudes"], row["accuracies"], row["times"])
    return (Places() if row["unit_ids"] is None else Places(*columns)), row["seen"]


async def keep_places(tx: Transaction, force: str, places: Places) -> None:
    """Stores positions, but for those that are older than what is stored. In one order: replicas do so side by side."""
    await tx.execute(
        "insert into unit_position as p (unit_id, force, latitude, longitude, accuracy_metres, at) "
        "select x.unit_id, $1, x.latitude, x.longitude, x.accuracy, to_timestamp(x.at) "
        "from unnest($2::uuid[], $3::float8[], $4::float8[], $5::float8[], $6::float8[]) "
        "as x(unit_id, latitude, longitude, accuracy, at) order by x.unit_id "
        "on conflict (unit_id) do update set latitude = excluded.latitude, longitude = excluded.longitude, "
        "accuracy_metres = excluded.accuracy_metres, at = excluded.at, written_by = pg_current_xact_id() "
        "where p.at < excluded.at",
        force,
        places.unit_ids,
        places.latitudes,
        places.longitudes,
        places.accuracies,
        places.times,
    )
