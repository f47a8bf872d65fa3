"""The SQL of the register of certificate holders (R-MK-04)."""

from collections.abc import Sequence
from uuid import UUID

from services.kernel.transaction import Transaction
from services.safety.markers.domain.marker import Marker
from services.safety.markers.domain.register import Held, Reconciliation
from services.safety.markers.store import marker_from


async def begin_import(tx: Transaction) -> int:
    """Notes that firearms licensing of the caller's force sends its register; returns the number of this import."""
    number = await tx.count_up(f"certificate-import/{tx.caller.force}")
    await tx.execute(
        "insert into certificate_import (force, number, started_at, started_by) values ($1, $2, $3, $4)",
        tx.caller.force,
        number,
        tx.now,
        tx.caller.subject,
    )
    return number


async def go_on(tx: Transaction, number: int, received: int, refused: int) -> bool:
    """Adds to the counts of an import, and locks it until the transaction ends. False where a later one began."""
    row = await tx.maybe(
        "update certificate_import as i set received = received + $3, refused = refused + $4 where force = $1 "
        "and number = $2 and not exists (select from certificate_import where force = $1 and number > $2) returning 1",
        tx.caller.force,
        number,
        received,
        refused,
    )
    return row is not None


async def complete(tx: Transaction, number: int) -> None:
    """Notes that the register was sent whole."""
    await tx.execute(
        "update certificate_import set completed_at = $3 where force = $1 and number = $2",
        tx.caller.force,
        number,
        tx.now,
    )


async def holders(tx: Transaction, certificate_numbers: Sequence[str]) -> dict[str, Held]:
    """The markers that stand for these certificates, by number, locked until the transaction ends."""
    rows = await tx.all(
        "select * from marker where force = $1 and certificate_number = any($2::text[]) and certificate_number <> '' "
        "and withdrawn_at is null order by id for update",
        tx.caller.force,
        list(certificate_numbers),
    )
    return {row["certificate_number"]: Held(marker_from(row), row["seen_in"]) for row in rows}


async def see(tx: Transaction, ids: Sequence[UUID], number: int) -> None:
    """Notes that the register still holds the certificates of these markers."""
    if ids:
        await tx.execute("update marker set seen_in = $2 where id = any($1::uuid[])", list(ids), number)


async def unseen(tx: Transaction, number: int, limit: int) -> list[Marker]:
    """So many markers at the most whose certificates this import did not hold, locked."""
    rows = await tx.all(
        "select * from marker where force = $1 and certificate_number <> '' and withdrawn_at is null and seen_in < $2 "
        "order by id limit $3 for update",
        tx.caller.force,
        number,
        limit,
    )
    return [marker_from(row) for row in rows]


async def held(tx: Transaction) -> int:
    """How many certificates of the caller's force have a marker that stands, expired ones too."""
    row = await tx.maybe(
        "select count(*) as held from marker where force = $1 and certificate_number <> '' and withdrawn_at is null",
        tx.caller.force,
    )
    return 0 if row is None else int(row["held"])


async def reconciliation(tx: Transaction) -> Reconciliation:
    """What the ledger of the caller's force holds now."""
    row = await tx.maybe(
        "select count(*) filter (where withdrawn_at is null and expires_at > $2) as active, "
        "count(*) filter (where withdrawn_at is null and expires_at <= $2) as expired, "
        "count(*) filter (where withdrawn_at is not null) as withdrawn, "
        "(select max(completed_at) from certificate_import where force = $1) as last_complete_import_at "
        "from marker where force = $1 and certificate_number <> ''",
        tx.caller.force,
        tx.now,
    )
    if row is None:
        raise RuntimeError("a count without a row")
    return Reconciliation(**dict(row))
