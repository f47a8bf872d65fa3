"""Seals the audit, so that a row changed behind the database's back is noticed (I6).

A seal covers every audit row of a range of transactions that have all ended, and its digest covers the seal before it:
whoever changes one row has to make every later seal again, and the log has repeated each digest out of their reach.
"""

from dataclasses import dataclass

from services.kernel.database import Connection

_LOCK = 7_003_519
_DIGEST = (
    "sha256(coalesce({previous}, ''::bytea) "
    "|| convert_to(coalesce(string_agg(a::text, E'\\n' order by a.id), ''), 'UTF8'))"
)
_SEAL = f"""
with last as (select number, to_xid, digest from audit_seal order by number desc limit 1),
span as (select coalesce((select to_xid from last), '0'::xid8) as from_xid,
         pg_snapshot_xmin(pg_current_snapshot()) as to_xid),
sealed as (select count(a.id) as rows, {_DIGEST.format(previous="(select digest from last)")} as digest
           from span left join audit a on a.written_by >= span.from_xid and a.written_by < span.to_xid)
insert into audit_seal (number, from_xid, to_xid, rows, digest)
select coalesce((select number from last), 0) + 1, span.from_xid, span.to_xid, sealed.rows, sealed.digest
from span, sealed where sealed.rows > 0 returning number, rows, encode(digest, 'hex') as digest
"""
_VERIFY = f"""
select s.number, s.digest = (
    select {_DIGEST.format(previous="(select p.digest from audit_seal p where p.number = s.number - 1)")}
    from audit a where a.written_by >= s.from_xid and a.written_by < s.to_xid) as whole
from audit_seal s order by s.number
"""


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal that was made: its number from 1, how many audit rows it covers, its digest in hexadecimal."""

    number: int
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of all seals found. `broken` is the first seal whose rows are not those it was made of."""

    seals: int
    sealed_rows: int
    waiting_rows: int
    broken: int | None


async def seal(connection: Connection) -> Seal | None:
    """Seals what was audited since the last seal; None where nothing was. Two at once wait for each other."""
    async with connection.transaction():
        await connection.execute("set local timezone = 'UTC'")
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        row = await connection.fetchrow(_SEAL)
        return Seal(row["number"], row["rows"], row["digest"]) if row else None


async def verify(connection: Connection) -> Verdict:
    """Makes every digest again and compares. Reads the whole audit."""
    async with connection.transaction(isolation="repeatable_read"):
        await connection.execute("set local timezone = 'UTC'")
        seals = await connection.fetch(_VERIFY)
        row = await connection.fetchrow(
            "select count(*) filter (where written_by < s.last) as sealed, "
            "count(*) filter (where written_by >= s.last) as waiting from audit, "
            "(select coalesce((select to_xid from audit_seal order by number desc limit 1), '0'::xid8) as last) s"
        )
    broken = next((one["number"] for one in seals if not one["whole"]), None)
    return Verdict(len(seals), row["sealed"], row["waiting"], broken)
