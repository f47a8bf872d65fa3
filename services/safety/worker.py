"""The Kafka and timer door of safety: what it reacts to. No logic."""

from peel.dispatch.v1.events_pb2 import (
    AssignmentEnded,
    HazardUpdated,
    UnitAssigned,
    UnitBookedOff,
    UnitBookedOn,
    UnitStatusChanged,
)
from peel.safety.v1.events_pb2 import EmergencyRaised
from services.kernel.contract import event_policy
from services.kernel.reactions import Reactions
from services.kernel.timers import Timer
from services.kernel.transaction import Transaction
from services.safety.devices import handlers_duty as duty
from services.safety.devices import handlers_heartbeats as heartbeats
from services.safety.devices import handlers_welfare as welfare
from services.safety.devices import messages_duty as told
from services.safety.devices.domain.duty import Doing, Freed, OffDuty, OnDuty, Sent
from services.safety.emergency import following
from services.safety.emergency.domain.signals import EscalationLevel
from services.safety.emergency.rows import HAPPENED, level_kind
from services.safety.markers import handlers as markers

# Emergencies share this worker with markers and devices, and wait for neither (R-OS-09, ADR 0020).
reactions = Reactions("safety", first_topics=(event_policy(EmergencyRaised.DESCRIPTOR).topic,))


@reactions.fires(markers.MARKER_REVIEW_DUE)
async def marker_review_due(timer: Timer, tx: Transaction) -> None:
    await markers.ask_for_review(timer.subject, tx)


@reactions.fires(markers.MARKER_EXPIRED)
async def marker_expired(timer: Timer, tx: Transaction) -> None:
    await markers.expire_marker(timer.subject, tx)


@reactions.every(2)
async def marker_ledger_confirmed(tx: Transaction) -> None:
    await markers.confirm_ledger(tx)


@reactions.fires(HAPPENED, first=True)
async def emergency_happened(timer: Timer, tx: Transaction) -> None:
    await following.follow(timer.subject, tx)


async def _reach(level: EscalationLevel, timer: Timer, tx: Transaction) -> None:
    await following.reach_level(following.ReachLevel(timer.subject, level, timer.due), tx)


@reactions.fires(level_kind(EscalationLevel.SUPERVISOR), first=True)
async def emergency_level_1(timer: Timer, tx: Transaction) -> None:
    await _reach(EscalationLevel.SUPERVISOR, timer, tx)


@reactions.fires(level_kind(EscalationLevel.ALL_POSITIONS), first=True)
async def emergency_level_2(timer: Timer, tx: Transaction) -> None:
    await _reach(EscalationLevel.ALL_POSITIONS, timer, tx)


@reactions.fires(level_kind(EscalationLevel.UNITS_NEARBY), first=True)
async def emergency_level_3(timer: Timer, tx: Transaction) -> None:
    await _reach(EscalationLevel.UNITS_NEARBY, timer, tx)


@reactions.fires(level_kind(EscalationLevel.NEIGHBOURING_FORCE), first=True)
async def emergency_level_4(timer: Timer, tx: Transaction) -> None:
    await _reach(EscalationLevel.NEIGHBOURING_FORCE, timer, tx)


@reactions.every(600)
async def synthetic_presses_forgotten(tx: Transaction) -> None:
    await following.forget_synthetic(tx)


@reactions.consumes(UnitBookedOn, told.on_duty_from)
async def unit_booked_on(crew: OnDuty, tx: Transaction) -> None:
    await duty.come_on_duty(crew, tx)


@reactions.consumes(UnitBookedOff, told.off_duty_from)
async def unit_booked_off(crew: OffDuty, tx: Transaction) -> None:
    await duty.go_off_duty(crew, tx)


@reactions.consumes(UnitAssigned, told.sent_from)
async def unit_assigned(sent: Sent, tx: Transaction) -> None:
    await duty.be_sent(sent, tx)


@reactions.consumes(AssignmentEnded, told.freed_from)
async def assignment_ended(freed: Freed, tx: Transaction) -> None:
    await duty.be_freed(freed, tx)


@reactions.consumes(UnitStatusChanged, told.doing_from)
async def unit_status_changed(doing: Doing, tx: Transaction) -> None:
    await welfare.note_doing(doing, tx)


@reactions.consumes(HazardUpdated, told.hazards_from)
async def hazard_updated(doing: Doing, tx: Transaction) -> None:
    await welfare.note_hazards(doing, tx)


@reactions.fires(welfare.WARN, first=True)
async def welfare_warn(timer: Timer, tx: Transaction) -> None:
    await welfare.warn(timer.subject, tx)


@reactions.fires(welfare.DUE, first=True)
async def welfare_due(timer: Timer, tx: Transaction) -> None:
    await welfare.fall_due(timer.subject, tx)


@reactions.every(2)
async def silence_noted(tx: Transaction) -> None:
    await heartbeats.note_silence(tx)
