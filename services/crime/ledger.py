"""The SQL of what is read across the whole ledger: reconciliation, recording rate and the public file."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from services.crime.domain import Crime, CrimeFlag, IncidentCategory, NonRecordingReason
from services.crime.store import crime_from
from services.kernel.database import Row
from services.kernel.transaction import Transaction

# A report counts on the day, in the force's own time, of its first contact.
_LOCAL = "at time zone 'Europe/London'"


class Dimension(IntEnum):
    """What sums are kept apart by; numbers are the contract's."""

    UNSPECIFIED = 0
    DAY = 1
    CATEGORY = 2
    LSOA = 3


_COLUMNS = {
    Dimension.DAY: f"(r.first_contact_at {_LOCAL})::date::text",
    Dimension.CATEGORY: "a.category",
    Dimension.LSOA: "r.lsoa",
}
_REASONS = tuple(reason for reason in NonRecordingReason if reason)


@dataclass(frozen=True, slots=True)
class Sums:
    """One line of a reconciliation, counted in allegations (and one a report that alleges nothing)."""

    day: str
    category: str
    lsoa: str
    received: int
    decided: int
    recorded: int
    absorbed: int
    not_recorded: dict[str, int]
    overdue: int
    undecided_overdue: int
    reports: int


async def reconcile(
    tx: Transaction, start: datetime | None, end: datetime | None, by: frozenset[Dimension]
) -> AsyncIterator[Sums]:
    """Sums over the force's reports first told between start and end, both included.

    What is overdue is what the clock says: a worker that is dead fires no timer, and hides no report (I2).
    """
    keys = [
        f"{sql if dimension in by else chr(39) * 2} as {dimension.name.lower()}" for dimension, sql in _COLUMNS.items()
    ]
    reasons = [f"count(*) filter (where a.reason = {int(r)}) as {r.name.lower()}" for r in _REASONS]
    sql = (
        f"select {', '.join(keys)}, count(*) as received, count(a.decided_at) as decided, "
        "count(*) filter (where a.crime_id is not null and a.absorbed_by = 0) as recorded, "
        f"count(*) filter (where a.absorbed_by > 0) as absorbed, {', '.join(reasons)}, "
        "count(*) filter (where r.due_at <= coalesce(a.decided_at, $4)) as overdue, "
        "count(*) filter (where a.decided_at is null and r.due_at <= $4) as undecided_overdue, "
        "count(distinct r.id) as reports "
        "from report r join allegation a on a.report_id = r.id where r.force = $1 "
        "and ($2::timestamptz is null or r.first_contact_at >= $2) "
        "and ($3::timestamptz is null or r.first_contact_at <= $3) group by 1, 2, 3 order by 1, 2, 3"
    )
    async for row in tx.stream(sql, tx.caller.force, start, end, tx.now):
        yield _sums(row)


def _sums(row: Row) -> Sums:
    counted = {name: row[name] for name in Sums.__slots__ if name != "not_recorded"}
    reasons = {reason.name: row[reason.name.lower()] for reason in _REASONS if row[reason.name.lower()]}
    return Sums(not_recorded=reasons, **counted)


@dataclass(frozen=True, slots=True)
class RecordingCount:
    """Allegations of one offence, flagged alike: how many should have been recorded, were, and were in time."""

    offence_code: str
    flags: tuple[CrimeFlag, ...]
    should_be_recorded: int
    recorded: int
    within_duty: int


async def recording_counts(tx: Transaction, start: datetime | None, end: datetime | None) -> list[RecordingCount]:
    """What the recording rate is estimated from. Undecided within its duty counts for nothing yet."""
    rows = await tx.all(
        "select coalesce(c.offence_code, a.offence_code) as offence_code, a.flags, "
        "count(*) filter (where a.crime_id is not null or (a.decided_at is null and r.due_at <= $4)) as should_be, "
        "count(a.crime_id) as recorded, "
        "count(*) filter (where a.crime_id is not null and a.decided_at < r.due_at) as within "
        "from report r join allegation a on a.report_id = r.id left join crime c on c.id = a.crime_id "
        "where r.force = $1 and a.number > 0 and ($2::timestamptz is null or r.first_contact_at >= $2) "
        "and ($3::timestamptz is null or r.first_contact_at <= $3) group by 1, 2",
        tx.caller.force,
        start,
        end,
        tx.now,
    )
    return [
        RecordingCount(
            row["offence_code"],
            tuple(CrimeFlag(flag) for flag in row["flags"]),
            row["should_be"],
            row["recorded"],
            row["within"],
        )
        for row in rows
    ]


async def crimes_of_month(tx: Transaction, month: str) -> AsyncIterator[Crime]:
    """The force's crimes of the reports first told in a month ("2018-07"), by number."""
    sql = (
        f"select * from crime where force = $1 and reported_at >= (($2 || '-01')::timestamp {_LOCAL}) "
        f"and reported_at < ((($2 || '-01')::timestamp + interval '1 month') {_LOCAL}) order by number"
    )
    async for row in tx.stream(sql, tx.caller.force, month):
        yield crime_from(row)


@dataclass(frozen=True, slots=True)
class NonCrimeReport:
    """A decided report from which no crime was recorded: its contact is peel.intake.v1.Contact, serialised."""

    id: UUID
    category: IncidentCategory
    contact: bytes


async def non_crimes_of_month(tx: Transaction, month: str) -> AsyncIterator[NonCrimeReport]:
    """The force's decided reports of a month from which no crime was recorded."""
    sql = (
        "select r.id, r.category, r.contact from report r where r.force = $1 and r.state = 2 "
        f"and r.first_contact_at >= (($2 || '-01')::timestamp {_LOCAL}) "
        f"and r.first_contact_at < ((($2 || '-01')::timestamp + interval '1 month') {_LOCAL}) "
        "and not exists (select from crime c where c.report_id = r.id) order by r.id"
    )
    async for row in tx.stream(sql, tx.caller.force, month):
        yield NonCrimeReport(row["id"], IncidentCategory(row["category"]), row["contact"])
