"""The SQL of the ledger of markers: rows to domain and back, nothing else."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from pydantic import TypeAdapter

from services.kernel.database import Row, Table
from services.kernel.errors import NotFound
from services.kernel.transaction import Transaction
from services.safety.markers.domain.finding import Way, ways_to
from services.safety.markers.domain.marker import Content, Marker
from services.safety.markers.domain.subjects import Subject
from services.safety.markers.domain.terms import MarkerSource, Reliability, Severity

_COLUMNS = (
    "id uuid, force text, subject jsonb, code text, severity smallint, source smallint, reliability smallint, "
    "grounds text, handling_instruction text, restricted boolean, contact_point text, created_by text, "
    "created_at timestamptz, changed_by text, changed_at timestamptz, review_due timestamptz, expires_at timestamptz, "
    "version bigint, withdrawn_at timestamptz, withdrawn_explanation text, certificate_number text, seen_in bigint, "
    "clock uuid"
)
_STAYS = ("id", "force", "created_by", "created_at", "certificate_number", "seen_in")
_CHANGES = [name for name in (column.split()[0] for column in _COLUMNS.split(", ")) if name not in _STAYS]
MARKER = Table.of(
    "marker",
    _COLUMNS,
    # A new version. It answers the review that was asked for, and was seen where the version before it was.
    f"(id) do update set {', '.join(f'{name} = excluded.{name}' for name in _CHANGES)}, "
    "seen_in = coalesce(excluded.seen_in, marker.seen_in), review_asked_at = null",
)
VERSION = Table.of(
    "marker_version",
    "marker_id uuid, version bigint, changed_by text, changed_at timestamptz, said jsonb, withdrawn_explanation text",
)
WAY = Table.of("marker_way", "marker_id uuid, force text, means smallint, plain text, born text")


def _marker_row(marker: Marker, seen_in: int | None) -> tuple[object, ...]:
    content = marker.content
    return (
        marker.id,
        marker.force,
        _subject().dump_json(content.subject).decode(),
        content.code,
        int(content.severity),
        int(content.source),
        int(content.reliability),
        content.grounds,
        content.handling_instruction,
        content.restricted,
        content.contact_point,
        marker.created_by,
        marker.created_at,
        marker.changed_by,
        marker.changed_at,
        content.review_due,
        content.expires_at,
        marker.version,
        marker.withdrawn_at,
        marker.withdrawn_explanation,
        content.certificate_number,
        seen_in,
        marker.clock,
    )


def _version_row(marker: Marker) -> tuple[object, ...]:
    return (
        marker.id,
        marker.version,
        marker.changed_by,
        marker.changed_at,
        _content().dump_json(marker.content).decode(),
        marker.withdrawn_explanation,
    )


def _way_row(marker: Marker, way: Way) -> tuple[object, ...]:
    return (marker.id, marker.force, int(way.means), way.plain, way.born)


def marker_from(row: Row) -> Marker:
    """The marker in a row of the table."""
    return Marker(
        id=row["id"],
        force=row["force"],
        content=Content(
            subject=subject_from(row["subject"]),
            code=row["code"],
            severity=Severity(row["severity"]),
            source=MarkerSource(row["source"]),
            reliability=Reliability(row["reliability"]),
            grounds=row["grounds"],
            expires_at=row["expires_at"],
            review_due=row["review_due"],
            handling_instruction=row["handling_instruction"],
            restricted=row["restricted"],
            contact_point=row["contact_point"],
            certificate_number=row["certificate_number"],
        ),
        created_by=row["created_by"],
        created_at=row["created_at"],
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
        version=row["version"],
        withdrawn_at=row["withdrawn_at"],
        withdrawn_explanation=row["withdrawn_explanation"],
    )


@cache
def _subject() -> TypeAdapter[Subject]:
    return TypeAdapter(Subject)


@cache
def _content() -> TypeAdapter[Content]:
    return TypeAdapter(Content)


def subject_from(text: str) -> Subject:
    """The subject in its column."""
    return _subject().validate_json(text)


async def keep(tx: Transaction, markers: Sequence[Marker], seen_in: int | None = None) -> None:
    """Stores new markers and new versions of old ones, each with its history and the ways to it.

    `seen_in` is the import that holds them, where the register of certificate holders is their source.
    """
    if again := [marker.id for marker in markers if marker.version > 1]:
        await tx.execute("delete from marker_way where marker_id = any($1::uuid[])", again)
    for marker in markers:
        tx.add(MARKER, _marker_row(marker, seen_in))
        tx.add(VERSION, _version_row(marker))
        for way in ways_to(marker.content.subject):
            tx.add(WAY, _way_row(marker, way))


async def marker(tx: Transaction, marker_id: UUID, *, lock: bool = False) -> Marker:
    """A marker of the caller's force; with `lock`, nobody else changes it until the transaction ends.

    Raises NotFound.
    """
    row = await tx.maybe(
        f"select * from marker where id = $1 and force = $2{' for update' if lock else ''}", marker_id, tx.caller.force
    )
    if row is None:
        raise NotFound("marker")
    return marker_from(row)


async def of_clock(tx: Transaction, clock: UUID) -> Marker | None:
    """The marker that a clock is of, locked; None where another version has taken its place.

    Clocks that were started before they had names of their own bear the id of their marker.
    """
    row = await tx.maybe("select * from marker where clock = $1 or id = $1 for update", clock)
    return None if row is None else marker_from(row)


async def ask_for_review(tx: Transaction, marker_id: UUID, at: datetime) -> None:
    """Puts a marker into the tray of those whose review is due."""
    await tx.execute("update marker set review_asked_at = $2 where id = $1", marker_id, at)


async def markers_by_id(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Marker]:
    """The markers of the caller's force with these ids."""
    rows = await tx.all("select * from marker where id = any($1::uuid[]) and force = $2", list(ids), tx.caller.force)
    return {row["id"]: marker_from(row) for row in rows}


async def markers_to(tx: Transaction, way: Way, before: UUID | None, limit: int) -> list[Marker]:
    """The force's markers to which there is exactly this way, newest first, made before the one named."""
    rows = await tx.all(
        "select * from marker where id in (select marker_id from marker_way where force = $1 and means = $2 "
        "and plain = $3 and born = $4) and ($5::uuid is null or id < $5) order by id desc limit $6",
        tx.caller.force,
        int(way.means),
        way.plain,
        way.born,
        before,
        limit,
    )
    return [marker_from(row) for row in rows]


async def ledger_size(tx: Transaction) -> tuple[int, datetime]:
    """How many markers the ledger holds, whatever their state, and when, by the machine's clock."""
    row = await tx.maybe("select count(*) as markers, clock_timestamp() as as_of from marker")
    if row is None:
        raise RuntimeError("a count without a row")
    return row["markers"], row["as_of"]
