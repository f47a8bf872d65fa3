"""The SQL of reports and crimes: rows to domain and back, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from peel.intake.v1.types_pb2 import Contact
from services.crime.domain import (
    CancellationGround,
    CountingRule,
    CourtDisposal,
    Crime,
    CrimeFlag,
    CrimeState,
    Decision,
    NonRecordingReason,
    Outcome,
    Period,
    Place,
    Point,
    Proposal,
    Report,
    ReportState,
    Transfer,
)
from services.crime.messages import evidence_message, reported_contact_from, stored_evidence
from services.kernel.bulk import joined
from services.kernel.database import Row, Table
from services.kernel.errors import NotFound
from services.kernel.transaction import Transaction

REPORT = Table.of(
    "report",
    "id uuid, force text, contact_id uuid, contact bytea, category smallint, lsoa text, state smallint, "
    "first_contact_at timestamptz, due_at timestamptz, decided_at timestamptz, overdue_at timestamptz, sequence bigint",
)
ALLEGATION = Table.of(
    "allegation",
    "report_id uuid, number smallint, offence_code text, category text, flags smallint[], decided_at timestamptz, "
    "authority text, rule_set text, crime_id uuid, crime_number text, absorbed_by smallint, reason smallint, "
    "decided_by text, reported_incident text, transfer_reference text, transfer_acknowledgement text",
)
CRIME = Table.of(
    "crime",
    "id uuid, number text, force text, report_id uuid, contact_id uuid, allegation_number smallint, offence_code text, "
    "state smallint, victim_ref text, suspect_ref text, flags smallint[], latitude double precision, "
    "longitude double precision, accuracy_metres double precision, address text, uprn text, lsoa text, "
    "occurred_from timestamptz, occurred_to timestamptz, reported_at timestamptz, recorded_at timestamptz, "
    "rule_set text, recorded_by text, sequence bigint",
)


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report with what only the store knows: the contact as told, and how many events it has had."""

    report: Report
    contact: Contact
    sequence: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One allegation in the ledger; number 0 where the report alleges nothing."""

    number: int
    offence_code: str
    category: str
    flags: tuple[CrimeFlag, ...]


def report_row(stored: StoredReport) -> tuple[object, ...]:
    """The row for REPORT."""
    report = stored.report
    place = report.contact.place
    return (
        report.report_id,
        report.contact.force,
        report.contact.contact_id,
        stored.contact.SerializeToString(),
        report.contact.category,
        place.lsoa if place else "",
        report.state,
        report.contact.first_contact_at,
        report.due_at,
        report.decided_at,
        report.overdue_at,
        stored.sequence,
    )


def allegation_row(report_id: UUID, line: LedgerLine, decision: Decision | None) -> tuple[object, ...]:
    """The row for ALLEGATION."""
    return (
        report_id,
        line.number,
        line.offence_code,
        line.category,
        _flags(line.flags),
        *((None, None, None, None, "", 0, 0, "", "", "", "") if decision is None else _decided(decision)),
    )


def _decided(decision: Decision) -> tuple[object, ...]:
    return (
        decision.decided_at,
        decision.authority,
        decision.rule_set,
        decision.crime_id,
        decision.crime_number,
        decision.absorbed_by,
        decision.reason,
        decision.decided_by,
        decision.reported_incident,
        decision.transfer.reference if decision.transfer else "",
        decision.transfer.acknowledgement if decision.transfer else "",
    )


def _flags(flags: Sequence[CrimeFlag]) -> str:
    return joined([str(int(flag)) for flag in flags])


def crime_row(crime: Crime) -> tuple[object, ...]:
    """The row for CRIME, of a crime as it is recorded."""
    return (
        crime.crime_id,
        crime.number,
        crime.force,
        crime.report_id,
        crime.contact_id,
        crime.allegation_number,
        crime.offence_code,
        crime.state,
        crime.victim_ref,
        crime.suspect_ref,
        _flags(crime.flags),
        *_place_columns(crime.place),
        crime.occurred.start if crime.occurred else None,
        crime.occurred.end if crime.occurred else None,
        crime.reported_at,
        crime.recorded_at,
        crime.rule_set,
        crime.recorded_by,
        1,
    )


def _place_columns(place: Place | None) -> tuple[object, ...]:
    if place is None:
        return (None,) * 6
    point = place.point
    located = (point.latitude, point.longitude, point.accuracy_metres) if point else (None, None, None)
    return (*located, place.address, place.uprn, place.lsoa)


def _report(row: Row, allegations: Sequence[Row]) -> StoredReport:
    contact = Contact.FromString(row["contact"])
    report = Report(
        report_id=row["id"],
        contact=reported_contact_from(contact),
        due_at=row["due_at"],
        state=ReportState(row["state"]),
        decided_at=row["decided_at"],
        overdue_at=row["overdue_at"],
        decisions=tuple(_decision(line) for line in allegations if line["decided_at"] is not None),
        proposals=tuple(_proposal(line) for line in allegations if line["proposed_at"] is not None),
    )
    return StoredReport(report, contact, row["sequence"])


def _decision(row: Row) -> Decision:
    return Decision(
        allegation_number=row["number"],
        decided_at=row["decided_at"],
        authority=row["authority"],
        rule_set=row["rule_set"],
        crime_id=row["crime_id"],
        crime_number=row["crime_number"],
        absorbed_by=CountingRule(row["absorbed_by"]),
        reason=NonRecordingReason(row["reason"]),
        decided_by=row["decided_by"],
        reported_incident=row["reported_incident"],
        transfer=Transfer(row["transfer_reference"], row["transfer_acknowledgement"])
        if row["transfer_reference"]
        else None,
    )


def _proposal(row: Row) -> Proposal:
    return Proposal(row["number"], NonRecordingReason(row["proposed_reason"]), row["proposed_by"], row["proposed_at"])


async def _with_allegations(tx: Transaction, rows: Sequence[Row]) -> list[StoredReport]:
    lines: dict[UUID, list[Row]] = {row["id"]: [] for row in rows}
    found = await tx.all(
        "select * from allegation where report_id = any($1::uuid[]) order by report_id, number", list(lines)
    )
    for line in found:
        lines[line["report_id"]].append(line)
    return [_report(row, lines[row["id"]]) for row in rows]


async def report(tx: Transaction, report_id: UUID) -> StoredReport:
    """A report of the caller's force. Raises NotFound."""
    row = await tx.maybe("select * from report where id = $1 and force = $2", report_id, tx.caller.force)
    if row is None:
        raise NotFound("report")
    return (await _with_allegations(tx, [row]))[0]


async def lock_report(tx: Transaction, report_id: UUID, force: str) -> StoredReport:
    """A report that nobody else changes until the transaction ends. Raises NotFound."""
    row = await tx.maybe("select * from report where id = $1 and force = $2 for update", report_id, force)
    if row is None:
        raise NotFound("report")
    return (await _with_allegations(tx, [row]))[0]


async def tray(
    tx: Transaction, state: ReportState, overdue: bool, after: tuple[int, datetime, UUID] | None, limit: int
) -> list[StoredReport]:
    """The force's reports: undecided first, the most overdue at the top.

    Overdue is what the clock says and no timer has to tell: undecided past its due time, or decided at it or later.
    """
    last_state, last_due, last_id = after or (0, None, None)
    rows = await tx.all(
        "select * from report where force = $1 and ($2 = 0 or state = $2) "
        "and (not $3 or ((decided_at is null or decided_at >= due_at) and due_at <= $8)) "
        "and ($5::timestamptz is null or (state, due_at, id) > ($4::smallint, $5, $6::uuid)) "
        "order by state, due_at, id limit $7",
        tx.caller.force,
        int(state),
        overdue,
        last_state,
        last_due,
        last_id,
        limit,
        tx.now,
    )
    return await _with_allegations(tx, rows)


async def keep_report(tx: Transaction, stored: StoredReport) -> None:
    """Stores what can change of a report. Its duty cannot."""
    await tx.execute(
        "update report set state = $2, decided_at = $3, overdue_at = $4, sequence = $5 where id = $1",
        stored.report.report_id,
        int(stored.report.state),
        stored.report.decided_at,
        stored.report.overdue_at,
        stored.sequence,
    )


async def keep_decision(tx: Transaction, report_id: UUID, decision: Decision, category: str) -> None:
    """Stores what was decided of one allegation, and the public category that follows from it."""
    await tx.execute(
        "update allegation set decided_at = $3, authority = $4, rule_set = $5, crime_id = $6, crime_number = $7, "
        "absorbed_by = $8, reason = $9, decided_by = $10, reported_incident = $11, transfer_reference = $12, "
        "transfer_acknowledgement = $13, category = $14 where report_id = $1 and number = $2",
        report_id,
        decision.allegation_number,
        *_decided(decision),
        category,
    )


async def keep_proposals(tx: Transaction, report_id: UUID, proposals: Sequence[Proposal]) -> None:
    """Stores what one person would not record and a second person has to look at."""
    await tx.execute(
        "update allegation set proposed_reason = x.r, proposed_by = x.b, proposed_at = x.a "
        "from unnest($2::smallint[], $3::smallint[], $4::text[], $5::timestamptz[]) as x(n, r, b, a) "
        "where report_id = $1 and number = x.n",
        report_id,
        [one.allegation_number for one in proposals],
        [int(one.reason) for one in proposals],
        [one.by for one in proposals],
        [one.at for one in proposals],
    )


def _place(row: Row) -> Place | None:
    if row["lsoa"] is None:
        return None
    located = row["latitude"] is not None
    point = Point(row["latitude"], row["longitude"], row["accuracy_metres"]) if located else None
    return Place(point, row["address"], row["uprn"], row["lsoa"])


def _outcome(row: Row) -> Outcome | None:
    if row["outcome_code"] is None:
        return None
    return Outcome(
        code=row["outcome_code"],
        evidence=stored_evidence(row["outcome_evidence"]),
        recorded_at=row["outcome_at"],
        disposal=CourtDisposal(row["disposal"]),
        disposed_at=row["disposed_at"],
    )


def crime_from(row: Row) -> Crime:
    """The crime in a row of the crime table."""
    known = row["occurred_from"] is not None or row["occurred_to"] is not None
    return Crime(
        crime_id=row["id"],
        number=row["number"],
        force=row["force"],
        report_id=row["report_id"],
        contact_id=row["contact_id"],
        allegation_number=row["allegation_number"],
        offence_code=row["offence_code"],
        victim_ref=row["victim_ref"],
        suspect_ref=row["suspect_ref"],
        flags=tuple(CrimeFlag(flag) for flag in row["flags"]),
        place=_place(row),
        occurred=Period(row["occurred_from"], row["occurred_to"]) if known else None,
        reported_at=row["reported_at"],
        recorded_at=row["recorded_at"],
        rule_set=row["rule_set"],
        recorded_by=row["recorded_by"],
        state=CrimeState(row["state"]),
        outcome=_outcome(row),
        cancellation_ground=CancellationGround(row["cancellation_ground"]),
        cancellation_evidence=row["cancellation_evidence"],
        cancelled_at=row["cancelled_at"],
    )


async def crime(tx: Transaction, crime_id: UUID, *, lock: bool = False) -> Crime:
    """A crime of the caller's force; with `lock`, nobody else changes it until the transaction ends.

    Raises NotFound.
    """
    row = await tx.maybe(
        f"select * from crime where id = $1 and force = $2{' for update' if lock else ''}", crime_id, tx.caller.force
    )
    if row is None:
        raise NotFound("crime")
    return crime_from(row)


async def crimes(
    tx: Transaction, state: CrimeState, offence_code: str, report_id: UUID | None, after: UUID | None, limit: int
) -> list[Crime]:
    """The force's crimes in the order they were recorded."""
    rows = await tx.all(
        "select * from crime where force = $1 and ($2 = 0 or state = $2) and ($3 = '' or offence_code = $3) "
        "and ($4::uuid is null or report_id = $4) and ($5::uuid is null or id > $5) order by id limit $6",
        tx.caller.force,
        int(state),
        offence_code,
        report_id,
        after,
        limit,
    )
    return [crime_from(row) for row in rows]


async def keep_crime(tx: Transaction, crime: Crime) -> int:
    """Stores what can change of a crime; returns the sequence of the event that tells of it."""
    outcome = crime.outcome
    row = await tx.maybe(
        "update crime set state = $2, outcome_code = $3, outcome_evidence = $4, outcome_at = $5, disposal = $6, "
        "disposed_at = $7, cancellation_ground = $8, cancellation_evidence = $9, cancelled_at = $10, "
        "sequence = sequence + 1 where id = $1 returning sequence",
        crime.crime_id,
        int(crime.state),
        outcome.code if outcome else None,
        evidence_message(outcome.evidence).SerializeToString() if outcome else None,
        outcome.recorded_at if outcome else None,
        int(outcome.disposal) if outcome else 0,
        outcome.disposed_at if outcome else None,
        int(crime.cancellation_ground),
        crime.cancellation_evidence,
        crime.cancelled_at,
    )
    if row is None:
        raise NotFound("crime")
    sequence: int = row["sequence"]
    return sequence
