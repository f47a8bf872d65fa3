"""Radios of units, in SQL: who carries which, how it was tested, whether it is heard."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.records import Unit
from services.kernel.transaction import Transaction


async def take(tx: Transaction, unit: Unit, passed: Collection[str]) -> bool:
    """Makes the unit's radios its own, and notes which `passed` their test. False where another unit has one of them.

    Waits for another booking of one of them to end.
    """
    rows = await tx.all(
        "insert into radio_in_use (force, radio, unit_id, passed) select $1, radio, $3, radio = any($4) "
        "from unnest($2::text[]) as x(radio) order by radio on conflict do nothing returning radio",
        unit.force,
        list(unit.radios),
        unit.id,
        list(passed),
    )
    return len(rows) == len(unit.radios)


async def give_back(tx: Transaction, unit_id: UUID) -> None:
    """The unit's radios are nobody's."""
    await tx.execute("delete from radio_in_use where unit_id = $1", unit_id)


async def carrier(tx: Transaction, force: str, radio: str) -> UUID | None:
    """The unit on duty whose radio it is; None where nobody's."""
    row = await tx.maybe("select unit_id from radio_in_use where force = $1 and radio = $2", force, radio)
    return None if row is None else row["unit_id"]


async def keep_test(tx: Transaction, force: str, radio: str, *, passed: bool, at: datetime) -> None:
    """Stores how a test of a radio went, unless a later one is known."""
    await tx.execute(
        "with tested as (insert into radio_test as r (force, radio, passed, tested_at) values ($1, $2, $3, $4) "
        "on conflict (force, radio) do update set passed = excluded.passed, tested_at = excluded.tested_at "
        "where r.tested_at <= excluded.tested_at returning force, radio, passed) "
        "update radio_in_use as u set passed = tested.passed from tested "
        "where u.force = tested.force and u.radio = tested.radio",
        force,
        radio,
        passed,
        at,
    )


async def passed_since(tx: Transaction, force: str, radios: Sequence[str], since: datetime) -> set[str]:
    """Those of the radios whose last test passed, not before `since`."""
    rows = await tx.all(
        "select radio from radio_test where force = $1 and radio = any($2) and passed and tested_at >= $3",
        force,
        list(radios),
        since,
    )
    return {row["radio"] for row in rows}


async def passed_of(tx: Transaction, unit_id: UUID) -> set[str]:
    """Those of a unit's radios that passed their test."""
    rows = await tx.all("select radio from radio_in_use where unit_id = $1 and passed", unit_id)
    return {row["radio"] for row in rows}


async def keep_silence(tx: Transaction, force: str, radio: str, since: datetime | None) -> None:
    """Notes since when a radio that is in use is not heard; None where it is."""
    await tx.execute(
        "update radio_in_use set silent_since = case when $3::timestamptz is null then null "
        "else coalesce(silent_since, $3) end where force = $1 and radio = $2",
        force,
        radio,
        since,
    )


async def any_silent(tx: Transaction, unit_id: UUID) -> bool:
    """Whether one of the unit's radios is not heard."""
    sql = "select from radio_in_use where unit_id = $1 and silent_since is not null limit 1"
    return await tx.maybe(sql, unit_id) is not None
