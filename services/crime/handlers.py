"""What happens in crime recording. The only place that says so; both doors lead here."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from peel.crime.v1 import events_pb2 as events
from peel.crime.v1 import types_pb2 as types
from peel.intake.v1.types_pb2 import Contact
from services.crime import ledger, publication, store
from services.crime.domain import (
    CancellationGround,
    CourtDisposal,
    Crime,
    CrimeIdentity,
    CrimeState,
    Finding,
    OutcomeEvidence,
    Proposal,
    RecordingRate,
    Report,
    ReportedContact,
    ReportState,
    Ruling,
    Stratum,
    cancel,
    crime_number,
    decide_by_person,
    decide_by_rules,
    local_date,
    mark_overdue,
    proposals,
    proposed,
    record_outcome,
    recording_rate,
    register,
    settle,
    strata,
)
from services.crime.messages import crime_message, decision_message, outcome_message
from services.crime.publication import line_category
from services.crime.reference import forces, tables
from services.crime.store import StoredReport
from services.kernel.errors import Refused
from services.kernel.ids import new_id
from services.kernel.transaction import Transaction
from services.kernel.wire import stamp

RECORDING_DUE = "RECORDING_DUE"
_TRAY_OWNER = "crime recording supervisor"


@dataclass(frozen=True, slots=True)
class DecideRecording:
    report_id: UUID
    rulings: Sequence[Ruling]


@dataclass(frozen=True, slots=True)
class ListReports:
    state: ReportState
    overdue: bool
    after: tuple[int, datetime, UUID] | None
    limit: int


@dataclass(frozen=True, slots=True)
class ListCrimes:
    state: CrimeState
    offence_code: str
    report_id: UUID | None
    after: UUID | None
    limit: int


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    crime_id: UUID
    code: str
    evidence: OutcomeEvidence
    disposal: CourtDisposal


@dataclass(frozen=True, slots=True)
class RegisterReport:
    """A contact, as recording decides on it and as intake told it."""

    contact: ReportedContact
    told: Contact


@dataclass(frozen=True, slots=True)
class CancelCrime:
    crime_id: UUID
    ground: CancellationGround
    evidence_reference: str
    victim_told: bool


@dataclass(frozen=True, slots=True)
class ReconcileReports:
    start: datetime | None
    end: datetime | None
    by: frozenset[ledger.Dimension]


async def register_report(command: RegisterReport, tx: Transaction) -> None:
    """Takes a contact into the ledger, records at once what meets the standard, and starts the clock of the rest."""
    reported = register(new_id(), command.contact, tables())
    # A contact that reaches the ledger after its 24 hours is overdue on arrival, whatever is decided of it.
    reported = mark_overdue(reported, tx.now)
    findings = _numbered(decide_by_rules(reported, tables(), tx.now), report_force(reported))
    report, crimes = settle(reported, findings, await _identities(findings, report_force(reported), tx))
    events_so_far = 1 + (report.overdue_at is not None) + (report.state is ReportState.DECIDED)
    tx.add(store.REPORT, store.report_row(StoredReport(report, command.told, events_so_far)))
    for crime in crimes:
        tx.add(store.CRIME, store.crime_row(crime))
    decisions = {decision.allegation_number: decision for decision in report.decisions}
    for line in publication.ledger_lines(report, tables()):
        tx.add(store.ALLEGATION, store.allegation_row(report.report_id, line, decisions.get(line.number)))
    registered = events.ReportRegistered(**_of_report(report), due_at=stamp(report.due_at))
    tx.emit(registered, force=report_force(report), sequence=1)
    if report.overdue_at is not None:
        _emit_overdue(report, 2, tx)
    _emit_crimes(crimes, tx)
    if report.state is ReportState.DECIDED:
        _emit_decided(report, events_so_far, tx)
    elif report.overdue_at is None:
        tx.start_timer(
            RECORDING_DUE, report.report_id, due=report.due_at, owner=_TRAY_OWNER, force=report_force(report)
        )


def _numbered(findings: Sequence[Finding], force: str) -> Sequence[Finding]:
    """What the rules found; nothing yet where the force has no code to number its crimes by.

    Such a report waits in the tray with its clock, and is recorded once the force is in the table: an event that was
    refused would have no clock at all, and the third in a row would hold up every force.
    """
    return findings if force in forces() or not any(finding.recorded for finding in findings) else ()


def report_force(report: Report) -> str:
    return report.contact.force


async def _identities(findings: Sequence[Finding], force: str, tx: Transaction) -> dict[int, CrimeIdentity]:
    """An id and a number for each new crime. Numbers are counted in this transaction: no double, and no gap."""
    new = [finding.allegation_number for finding in findings if finding.recorded]
    if not new:
        return {}
    known = forces().get(force)
    if known is None:
        raise Refused("FORCE_UNKNOWN", rule="the force has no code to number its crimes by")
    year = local_date(tx.now).year
    first = await tx.count_up(f"crime-number/{force}/{year}", len(new))
    return {number: CrimeIdentity(new_id(), crime_number(known.code, year, first + i)) for i, number in enumerate(new)}


def _of_report(report: Report) -> dict[str, str]:
    return {
        "report_id": str(report.report_id),
        "contact_id": str(report.contact.contact_id),
        "force": report.contact.force,
    }


def _emit_crimes(crimes: Sequence[Crime], tx: Transaction) -> None:
    for crime in crimes:
        tx.emit(events.CrimeRecorded(crime=crime_message(crime)), force=crime.force, sequence=1)


def _emit_decided(report: Report, sequence: int, tx: Transaction) -> None:
    decisions = [decision_message(decision) for decision in report.decisions]
    event = events.RecordingDecided(**_of_report(report), decisions=decisions)
    tx.emit(event, force=report_force(report), sequence=sequence)


def _emit_overdue(report: Report, sequence: int, tx: Transaction) -> None:
    event = events.RecordingOverdue(**_of_report(report), due_at=stamp(report.due_at))
    tx.emit(event, force=report_force(report), sequence=sequence)


async def decide_recording(command: DecideRecording, tx: Transaction) -> StoredReport:
    stored = _found_overdue(await store.lock_report(tx, command.report_id, tx.caller.force), tx)
    findings = decide_by_person(stored.report, command.rulings, tx.caller.roles, tables(), tx.now)
    if fresh := proposals(stored.report, findings, tx.caller.subject, tables()):
        return await _propose(stored, fresh, tx)
    identities = await _identities(findings, report_force(stored.report), tx)
    report, crimes = settle(stored.report, findings, identities, tx.caller.subject)
    for crime in crimes:
        tx.add(store.CRIME, store.crime_row(crime))
    recorded = {finding.allegation_number: finding.offence_code for finding in findings}
    for decision in report.decisions:
        if decision.allegation_number in recorded:
            category = line_category(report, decision.allegation_number, recorded[decision.allegation_number], tables())
            await store.keep_decision(tx, report.report_id, decision, category)
    decided = replace(stored, report=report, sequence=stored.sequence + 1)
    await store.keep_report(tx, decided)
    tx.cancel_timer(RECORDING_DUE, report.report_id)
    _emit_crimes(crimes, tx)
    _emit_decided(report, decided.sequence, tx)
    return decided


async def _propose(stored: StoredReport, fresh: Sequence[Proposal], tx: Transaction) -> StoredReport:
    """Leaves the report to a second person, undecided, with its clock running (R-CR-06)."""
    await store.keep_proposals(tx, stored.report.report_id, fresh)
    await store.keep_report(tx, stored)
    return replace(stored, report=replace(stored.report, proposals=proposed(stored.report, fresh)))


async def report_overdue(report_id: UUID, force: str, tx: Transaction) -> None:
    """The 24 hours of a report ran out."""
    stored = await store.lock_report(tx, report_id, force)
    overdue = _found_overdue(stored, tx)
    if overdue is not stored:
        await store.keep_report(tx, overdue)


def _found_overdue(stored: StoredReport, tx: Transaction) -> StoredReport:
    """The report, marked and told of where its 24 hours ran out: a late decision may come before its late timer."""
    report = mark_overdue(stored.report, tx.now)
    if report is stored.report:
        return stored
    overdue = replace(stored, report=report, sequence=stored.sequence + 1)
    _emit_overdue(report, overdue.sequence, tx)
    return overdue


async def get_report(report_id: UUID, tx: Transaction) -> StoredReport:
    return await store.report(tx, report_id)


async def list_reports(command: ListReports, tx: Transaction) -> list[StoredReport]:
    return await store.tray(tx, command.state, command.overdue, command.after, command.limit)


async def get_crime(crime_id: UUID, tx: Transaction) -> Crime:
    return await store.crime(tx, crime_id)


async def list_crimes(command: ListCrimes, tx: Transaction) -> list[Crime]:
    return await store.crimes(tx, command.state, command.offence_code, command.report_id, command.after, command.limit)


async def record_crime_outcome(command: RecordOutcome, tx: Transaction) -> Crime:
    crime = await store.crime(tx, command.crime_id, lock=True)
    ended = record_outcome(
        crime,
        command.code,
        command.evidence,
        command.disposal,
        roles=tx.caller.roles,
        offence=tables().offences.by_code[crime.offence_code],
        tables=tables(),
        at=tx.now,
    )
    sequence = await store.keep_crime(tx, ended)
    event = events.OutcomeRecorded(crime_id=str(ended.crime_id), force=ended.force, outcome=outcome_message(ended))
    tx.emit(event, force=ended.force, sequence=sequence)
    return ended


async def cancel_crime(command: CancelCrime, tx: Transaction) -> Crime:
    crime = await store.crime(tx, command.crime_id, lock=True)
    cancelled = cancel(
        crime,
        command.ground,
        command.evidence_reference,
        victim_told=command.victim_told,
        by=tx.caller.subject,
        roles=tx.caller.roles,
        tables=tables(),
        at=tx.now,
    )
    sequence = await store.keep_crime(tx, cancelled)
    event = events.CrimeCancelled(
        crime_id=str(cancelled.crime_id),
        force=cancelled.force,
        ground=types.CancellationGround.ValueType(cancelled.cancellation_ground),
    )
    tx.emit(event, force=cancelled.force, sequence=sequence)
    return cancelled


async def get_recording_rate(
    period: tuple[datetime | None, datetime | None], tx: Transaction
) -> tuple[list[RecordingRate], datetime]:
    """The estimate, a stratum at a time, as of now."""
    totals = {stratum: [0, 0, 0] for stratum in Stratum}
    for count in await ledger.recording_counts(tx, *period):
        for stratum in strata(tables().offences.by_code[count.offence_code], count.flags):
            for i, value in enumerate((count.should_be_recorded, count.recorded, count.within_duty)):
                totals[stratum][i] += value
    return [recording_rate(stratum, *sums) for stratum, sums in totals.items()], tx.now


async def reconcile_reports(command: ReconcileReports, tx: Transaction) -> AsyncIterator[ledger.Sums]:
    async for sums in ledger.reconcile(tx, command.start, command.end, command.by):
        yield sums


async def export_street_crime(month: str, tx: Transaction) -> AsyncIterator[publication.StreetRow]:
    """The month as the public sees it: its crimes, then its anti-social behaviour."""
    async for crime in ledger.crimes_of_month(tx, month):
        if (row := publication.crime_row(crime, month, tx.now, tables())) is not None:
            yield row
    async for report in ledger.non_crimes_of_month(tx, month):
        if (row := publication.incident_row(report, month, tx.caller.force, tables())) is not None:
            yield row
