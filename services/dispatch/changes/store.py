"""The log of the board's changes, in SQL."""

from dataclasses import dataclass
from uuid import UUID

from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change as stored: its number in the force, whose terminal is told too, and the serialised BoardChange."""

    sequence: int
    unit_id: UUID | None
    body: bytes


async def one_moment(tx: Transaction) -> None:
    """Makes all that the transaction reads be of one moment. To be said before it reads anything."""
    await tx.execute("set transaction isolation level repeatable read")


async def last_sequence(tx: Transaction, force: str) -> int:
    """The number of the force's last change; 0 before the first."""
    row = await tx.maybe("select last from counter where name = 'board/' || $1", force)
    return 0 if row is None else row["last"]


async def oldest_kept(tx: Transaction, force: str) -> int | None:
    """The number of the oldest change that is still kept; None where there is none."""
    row = await tx.maybe(
        "select sequence from board_change where force = $1 and sequence is not null order by sequence limit 1", force
    )
    return None if row is None else row["sequence"]


async def changes(tx: Transaction, force: str, after: int, limit: int, unit_id: UUID | None = None) -> list[ChangeRow]:
    """The changes after that number, in order: all of them, or those that a unit's terminal is told."""
    rows = await tx.all(
        "select sequence, unit_id, body from board_change where force = $1 and sequence > $2 "
        "and ($4::uuid is null or unit_id = $4) order by sequence limit $3",
        force,
        after,
        limit,
        unit_id,
    )
    return [ChangeRow(row["sequence"], row["unit_id"], bytes(row["body"])) for row in rows]


async def forget(tx: Transaction, hours: int, most: int) -> None:
    """Deletes changes that are so old that nobody resumes from them, at most so many."""
    await tx.execute(
        "delete from board_change where ctid = any(array(select ctid from board_change "
        "where stored_at < clock_timestamp() - make_interval(hours => $1) limit $2))",
        hours,
        most,
    )
