"""What there is to see while a rehearsal runs: what the people did, and what the ledger says of it."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class LedgerFigures:
    """What the crime ledger last answered, counted in rows (`reports`: in contacts)."""

    received: int = 0
    decided: int = 0
    recorded: int = 0
    undecided: int = 0
    overdue: int = 0
    reports: int = 0


@dataclass(slots=True)
class Progress:
    """Where the rehearsal stands."""

    clock: datetime
    phase: str = "starting"
    rows_to_report: int = 0
    contacts_opened: int = 0
    rows_reported: int = 0
    decisions: int = 0
    graded: int = 0
    closed: int = 0
    outcomes: int = 0
    # Calls that were made again because no answer came.
    retries: int = 0
    # Calls that were answered.
    calls: int = 0
    # Seconds for which the clock was held back because the services lagged.
    held_seconds: float = 0.0
    kills: list[str] = field(default_factory=list)
    ledger: LedgerFigures = field(default_factory=LedgerFigures)

    @property
    def lag(self) -> int:
        """Contacts acknowledged that the crime ledger had not when last asked."""
        return max(0, self.contacts_opened - self.ledger.reports)
