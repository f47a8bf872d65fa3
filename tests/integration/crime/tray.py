"""A tray of reports, and the people who work it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.crime import handlers as crime
from services.crime.backlogs import BACKLOGS
from services.crime.domain import CancellationGround, NonRecordingReason, Report, ReportState, Ruling
from services.crime.ledger import Sums
from services.intake import handlers as intake
from services.intake.domain import (
    Allegation,
    Channel,
    Contact,
    ContactState,
    IncidentCategory,
    Period,
    Person,
    ReporterRelation,
)
from services.kernel.ids import new_id
from services.kernel.transaction import Transaction
from tests.stateful.ledgers import FORCE, Ledgers, StoryClock

DAY = timedelta(hours=24)
RECORDER, MAKER = "ROLE_CRIME_RECORDER", "ROLE_DECISION_MAKER"


class Tray:
    """Intake and crime recording, with a person at the desk."""

    def __init__(self, ledgers: Ledgers) -> None:
        self.clock = StoryClock()
        self._ledgers = ledgers
        self._services = ledgers.begin(self.clock)

    def tell(
        self,
        *allegations: Allegation,
        by: ReporterRelation = ReporterRelation.OTHER_THIRD_PARTY,
        force: str = FORCE,
        ago: timedelta = timedelta(0),
    ) -> UUID:
        """A contact that reaches crime recording at once; returns the report's id."""
        contact = Contact(
            id=new_id(),
            force=force,
            channel=Channel.WEB,
            category=IncidentCategory.CRIME if allegations else IncidentCategory.ASB_NUISANCE,
            state=ContactState.OPEN,
            first_contact_at=self.clock.now() - ago,
            recorded_at=self.clock.now(),
            reporter_ref="",
            reporter_relation=by,
            people=(Person("p1"),),
            place=None,
            occurred=Period(),
            narrative="",
            allegations=tuple(replace(one, number=number) for number, one in enumerate(allegations, start=1)),
        )
        self._ledgers.run(self._services["intake"].append(intake.open_contact(contact)))
        (event,) = self.rows("intake", "select * from outbox order by id desc limit 1")
        self._ledgers.run(self._services["crime"].deliver(event))
        (row,) = self.rows("crime", "select id from report where contact_id = $1", contact.id)
        report_id: UUID = row["id"]
        return report_id

    def decide(self, report_id: UUID, *rulings: Ruling, who: str = "ann", role: str = MAKER) -> Report:
        command = crime.DecideRecording(report_id, rulings)
        return self._do(crime.decide_recording, command, role, who=who).report  # type: ignore[no-any-return]

    def report(self, report_id: UUID, force: str = FORCE) -> Report:
        return self._do(crime.get_report, report_id, RECORDER, force=force).report  # type: ignore[no-any-return]

    def overdue(self, state: ReportState = ReportState.UNSPECIFIED) -> list[UUID]:
        """Ids of the reports that the tray lists as overdue."""
        command = crime.ListReports(state, overdue=True, after=None, limit=100)
        return [one.report.report_id for one in self._do(crime.list_reports, command, RECORDER)]

    def sums(self) -> Sums:
        async def all_of(command: crime.ReconcileReports, tx: Transaction) -> list[Sums]:
            return [sums async for sums in crime.reconcile_reports(command, tx)]

        (total,) = self._do(all_of, crime.ReconcileReports(None, None, frozenset()), RECORDER)
        return total  # type: ignore[no-any-return]

    def backlog(self, name: str) -> int:
        """How much waits by the catalogue."""
        sql = next(one.sql for one in BACKLOGS if one.name == name)
        args = [self.clock.now()] if "$1" in sql else []
        return int(self.rows("crime", sql, *args)[0]["size"])

    def rows(self, service: str, sql: str, *args: object) -> list[Any]:
        return self._ledgers.run(self._services[service].rows(sql, *args))

    def fire(self) -> None:
        """Fires the timers that are due."""
        self._ledgers.run(self._services["crime"].fire())

    def cancel(self, crime_id: UUID, ground: CancellationGround, who: str) -> None:
        command = crime.CancelCrime(crime_id, ground, "exhibit EX/1", victim_told=True)
        self._do(crime.cancel_crime, command, MAKER, who=who)

    def _do(self, handler: Any, command: Any, role: str, **who: str) -> Any:
        return self._ledgers.run(self._services["crime"].handle(handler, command, role, **who))


def record(number: int) -> Ruling:
    return Ruling(number, record=True)


def turn_down(number: int, reason: NonRecordingReason = NonRecordingReason.OTHER_AGENCY_DEALING) -> Ruling:
    return Ruling(number, record=False, reason=reason)


def alleging(offence: str = "8N", **known: Any) -> Allegation:
    return Allegation(0, offence, "p1", **known)
