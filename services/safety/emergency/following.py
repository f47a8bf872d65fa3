"""What follows from a signal once it is in the database: where its emergency stands, what others are told, and the
levels it reaches. The worker does this; no console and no device waits for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from google.protobuf.message import Message

from peel.safety.v1 import events_pb2 as events
from services.kernel.ids import new_id
from services.kernel.transaction import Transaction
from services.safety.emergency import ledger, rows, standings, store
from services.safety.emergency.domain import answering
from services.safety.emergency.domain.folding import Emergency, EmergencyState
from services.safety.emergency.domain.ladder import reaches
from services.safety.emergency.domain.receiving import Arrival, receive
from services.safety.emergency.domain.signals import Carrier, EscalationLevel, Press, Signal
from services.safety.emergency.standings import Standing

_BY = "service:safety"
_MOST_FORGOTTEN = 2_000
# As far back as a replica remembers, so that both join a press to the same emergency.
_KNOWN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ReachLevel:
    """An alarm has waited for so long that a level is due."""

    alarm_id: UUID
    level: EscalationLevel
    due: datetime


async def follow(signal_id: UUID, tx: Transaction) -> None:
    """A signal was stored. Each of an emergency's signals comes here after its own commit, so the last one sees all."""
    await _catch_up(signal_id, tx)


async def reach_level(command: ReachLevel, tx: Transaction) -> None:
    """Puts on record that a level was reached, where nobody had taken the alarm until then."""
    emergency, sequence = await _catch_up(command.alarm_id, tx)
    if not reaches(emergency, command.alarm_id, command.due):
        return
    add(answering.escalated(emergency, command.alarm_id, command.level, command.due, _BY), tx)
    message = (await ledger.shown(emergency, tx)).message
    tx.emit(events.EmergencyEscalated(emergency=message), force=emergency.force, sequence=sequence + 1)
    await standings.keep_standing(tx, emergency, sequence + 1)


async def forget_synthetic(tx: Transaction) -> None:
    """A day is enough to look back at how the path was proven. What is left waits for the next turn."""
    await standings.forget_synthetic(tx, tx.now - timedelta(days=1), _MOST_FORGOTTEN)


async def press_for(press: Press, carrier: Carrier, force: str, tx: Transaction) -> Signal:
    """A press that the service makes for somebody who does not answer (R-OS-08). It is an emergency like any other:
    it joins the open one of the radio, and its consoles hear of it at the commit."""
    arrival = Arrival(force, tx.now, _BY, new_id())
    known = ledger.group(await store.lately(tx, force, tx.now - _KNOWN))
    signal = receive(press, carrier, arrival, [one for one in known if one.radio == press.radio])
    if await store.is_new(tx, signal.id):
        add(signal, tx)
    return signal


def add(signal: Signal, tx: Transaction) -> None:
    """Adds a signal that the worker makes. Every replica is told of it at the commit."""
    for table, row in rows.rows_of(signal):
        tx.add(table, row)


async def _catch_up(signal_id: UUID, tx: Transaction) -> tuple[Emergency, int]:
    """Notes where the signal's emergency stands by all that is stored, and tells what is news of it.

    No other worker is at that emergency until the transaction ends. Returns it, and the number of its last event.
    """
    emergency_id = await standings.emergency_of(tx, signal_id)
    standing = await standings.lock_standing(tx, emergency_id)
    (emergency,) = ledger.group(await store.signals_of(tx, [emergency_id]))
    if not emergency.alarms:
        return emergency, standing.sequence
    alarms = {alarm.id for alarm in emergency.alarms}
    await standings.mark_alarms(
        tx,
        taken=alarms - {alarm.id for alarm in emergency.untaken},
        cleared=alarms - {alarm.id for alarm in emergency.open_alarms},
    )
    sequence = standing.sequence
    if not emergency.synthetic:
        for event in await _news(emergency, standing, tx):
            sequence += 1
            tx.emit(event, force=emergency.force, sequence=sequence)
    await standings.keep_standing(tx, emergency, sequence)
    return emergency, sequence


async def _news(emergency: Emergency, standing: Standing, tx: Transaction) -> list[Message]:
    """A new alarm is told as the beginning of one, whatever the emergency's state was; then what it came to."""
    alarmed = len(emergency.alarms) > standing.alarms
    if not alarmed and emergency.state is standing.state:
        return []
    message = (await ledger.shown(emergency, tx)).message
    news: list[Message] = [events.EmergencyRaised(emergency=message)] if alarmed else []
    if emergency.state is EmergencyState.ACKNOWLEDGED:
        news.append(events.EmergencyAcknowledged(emergency=message))
    if emergency.state is EmergencyState.CLEARED:
        news.append(events.EmergencyCleared(emergency=message))
    return news
