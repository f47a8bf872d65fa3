"""Looking at the story so far, and moving it on by a step: what the rules and the invariants of test_reports.py use."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine

from services.crime import handlers as crime
from services.crime.domain import CrimeState, ReportState
from services.crime.store import StoredReport
from services.intake.domain import Contact
from services.kernel.database import Row
from services.kernel.errors import PeelError
from tests.stateful.ledgers import Ledger, Ledgers, StoryClock

Seen = TypeVar("Seen")
_RECORDER = "ROLE_CRIME_RECORDER"
_TABLES = {
    "intake": ("contact", "allegation", "outbox", "inbox"),
    "crime": ("report", "allegation", "crime", "outbox", "inbox", "timer", "counter"),
}


class Story(RuleBasedStateMachine):
    """What has happened is in the databases; what was told in the first place, and what was delivered, is here."""

    def __init__(self, ledgers: Ledgers) -> None:
        super().__init__()
        self.ledgers = ledgers
        self.clock = StoryClock()
        self.services: dict[str, Ledger] = ledgers.begin(self.clock)
        self.contacts: dict[UUID, Contact] = {}
        # Ids of the outbox rows that were delivered, by service.
        self.delivered: dict[str, set[int]] = {service: set() for service in self.services}
        # What was looked at since the last step.
        self._seen: dict[str, Any] = {}

    def teardown(self) -> None:
        self.ledgers.end()

    def happen(self, work: Coroutine[Any, Any, None]) -> None:
        """Moves the story on."""
        self._seen.clear()
        self.ledgers.run(work)

    def attempt(self, handler: Callable[..., Any], command: object, role: str, who: str = "somebody") -> None:
        """A use case of crime that a rule may refuse: then nothing has happened."""
        before = self.everything()
        self._seen.clear()
        try:
            self.ledgers.run(self.services["crime"].handle(handler, command, role, who=who))
        except PeelError:
            assert self.everything() == before

    def deliver_to_all(self, service: str, event: Row) -> None:
        """Gives an event of a service to both: whom it does not concern passes it over."""
        for ledger in self.services.values():
            self.happen(ledger.deliver(event))
        self.delivered[service].add(event["id"])

    def events(self, service: str) -> list[Row]:
        """The events of a service, in the order they were emitted."""
        return self.rows(service, "select * from outbox order by id")

    def waiting(self) -> list[tuple[str, Row]]:
        """The next event of each aggregate that was not delivered yet, with its service."""
        first: dict[str, tuple[str, Row]] = {}
        for service in self.services:
            for event in self.events(service):
                if event["id"] not in self.delivered[service]:
                    first.setdefault(event["subject"], (service, event))
        return list(first.values())

    def reports(self) -> list[StoredReport]:
        """The tray."""
        command = crime.ListReports(ReportState.UNSPECIFIED, overdue=False, after=None, limit=1000)
        work = self.services["crime"].handle
        return self._look("reports", lambda: self.ledgers.run(work(crime.list_reports, command, _RECORDER)))

    def crimes(self) -> list[UUID]:
        """Ids of the crimes."""
        command = crime.ListCrimes(CrimeState.UNSPECIFIED, "", None, None, 1000)
        work = self.services["crime"].handle
        found = self._look("crimes", lambda: self.ledgers.run(work(crime.list_crimes, command, _RECORDER)))
        return [one.crime_id for one in found]

    def rows(self, service: str, sql: str) -> list[Row]:
        """What a service's database holds."""
        return self._look(f"{service}: {sql}", lambda: self.ledgers.run(self.services[service].rows(sql)))

    def everything(self) -> list[list[Row]]:
        """All that both hold."""
        tables = [(service, table) for service, names in _TABLES.items() for table in names]
        return [self.rows(service, f"select * from {table} order by 1, 2") for service, table in tables]

    def _look(self, name: str, ask: Callable[[], Seen]) -> Seen:
        if name not in self._seen:
            self._seen[name] = ask()
        seen: Seen = self._seen[name]
        return seen
