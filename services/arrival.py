"""What intake acknowledged against what crime recording holds: the count that shows a report lost between the two (F1).

Each service counts only what it has, so neither can tell. Compared by contact, in both databases.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.kernel.database import Connection

# An event takes seconds from commit to effect. What takes minutes is held up, set aside or lost.
PATIENCE = timedelta(minutes=5)
_READ_AHEAD = 5_000
_ACKNOWLEDGED = (
    "select id from contact where force = $1 and ($2::timestamptz is null or first_contact_at >= $2) "
    "and ($3::timestamptz is null or first_contact_at <= $3) order by id"
)
_REGISTERED = (
    "select contact_id as id from report where force = $1 and ($2::timestamptz is null or first_contact_at >= $2) "
    "and ($3::timestamptz is null or first_contact_at <= $3) order by contact_id"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Contacts by where they are. `missing` are those older than PATIENCE; ages in seconds, 0 where there are none."""

    acknowledged: int
    on_their_way: int
    missing: int
    oldest_seconds: float

    @property
    def arrived(self) -> int:
        """Those that crime recording holds."""
        return self.acknowledged - self.on_their_way - self.missing


async def compare(
    intake: Connection, crime: Connection, force: str, since: datetime | None, until: datetime | None
) -> Arrival:
    """The contacts of a force first told between since and until, both included, by whether a report was registered."""
    count, absent = 0, list[float]()
    async with intake.transaction(readonly=True), crime.transaction(readonly=True):
        now = await intake.fetchval("select clock_timestamp()")
        # Both in the order of their ids. Intake is read first: what arrives meanwhile is then no difference.
        acknowledged = _ids(intake, _ACKNOWLEDGED, force, since, until)
        contact_id = await anext(acknowledged, None)
        registered = _ids(crime, _REGISTERED, force, since, until)
        report = await anext(registered, None)
        while contact_id is not None:
            while report is not None and report < contact_id:
                report = await anext(registered, None)
            count += 1
            if report != contact_id:
                absent.append(max(0.0, (now - _made_at(contact_id)).total_seconds()))
            contact_id = await anext(acknowledged, None)
    missing = sum(age > PATIENCE.total_seconds() for age in absent)
    return Arrival(count, len(absent) - missing, missing, max(absent, default=0.0))


async def _ids(
    connection: Connection, sql: str, force: str, since: datetime | None, until: datetime | None
) -> AsyncIterator[UUID]:
    async for row in connection.cursor(sql, force, since, until, prefetch=_READ_AHEAD):
        yield row["id"]


def _made_at(contact_id: UUID) -> datetime:
    """When a contact was taken, by the machine's clock, which its id holds (UUID version 7): a rehearsal steps ours."""
    return datetime.fromtimestamp((contact_id.int >> 80) / 1000, UTC)
