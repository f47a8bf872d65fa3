"""What a signal adds to the database: itself, what it starts, and word to the worker. The same from every door."""

from datetime import datetime

from services.kernel.bulk import TIMER
from services.kernel.database import Table
from services.kernel.ids import new_id
from services.kernel.reference import local_date
from services.safety.emergency.domain.signals import ALARMS, EscalationLevel, Signal, SignalKind
from services.safety.emergency.store import ALARM, SIGNAL, alarm_row, signal_row
from services.safety.reference.emergency import ladder

# Tells the worker that something happened to an emergency.
HAPPENED = "EMERGENCY_HAPPENED"
OWNER = "control room supervisor"
# What changes where an emergency stands. That a console shows it, or that a level was reached, does not.
_HAPPENINGS = ALARMS | {SignalKind.ACKNOWLEDGED, SignalKind.CLEARED}


def level_kind(level: EscalationLevel) -> str:
    """The kind of timer that reaches a level."""
    return f"EMERGENCY_LEVEL_{int(level)}"


def rows_of(signal: Signal) -> tuple[tuple[Table, tuple[object, ...]], ...]:
    """All rows that a signal adds. Its timers are named for the signal, so no two signals ever name the same one."""
    rows: list[tuple[Table, tuple[object, ...]]] = [(SIGNAL, signal_row(signal))]
    if signal.kind in ALARMS:
        rows.append((ALARM, alarm_row(signal)))
    if signal.kind in _HAPPENINGS:
        rows.append((TIMER, _timer(signal, HAPPENED, signal.at, OWNER)))
    if signal.kind in ALARMS and not signal.synthetic:
        rungs = ladder(signal.force, local_date(signal.at))
        rows += [(TIMER, _timer(signal, level_kind(one.level), signal.at + one.after, one.told)) for one in rungs]
    return tuple(rows)


def _timer(signal: Signal, kind: str, due: datetime, owner: str) -> tuple[object, ...]:
    return (new_id(), kind, signal.id, signal.force, due, owner, signal.at)
