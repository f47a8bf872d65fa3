"""The Kafka and timer door of dispatch: what it reacts to. No logic."""

from datetime import UTC
from uuid import UUID

from peel.intake.v1.events_pb2 import IncidentClosed, IncidentGraded
from peel.safety.v1.events_pb2 import (
    DeviceSilenceChanged,
    DeviceTested,
    EmergencyCleared,
    EmergencyEscalated,
    EmergencyRaised,
    MarkerCreated,
    MarkerLedgerConfirmed,
    MarkerRevised,
    MarkerWithdrawn,
    WelfareWarned,
)
from services.dispatch.assignments import handlers as assignments
from services.dispatch.assignments import sending, warning
from services.dispatch.board import handlers as board
from services.dispatch.duty import handlers as duty
from services.dispatch.emergencies import handlers as emergencies
from services.dispatch.emergencies.messages import emergency_from
from services.dispatch.hazards import changed_markers
from services.dispatch.hazards import handlers as hazards
from services.dispatch.incidents import handlers as incidents
from services.dispatch.incidents.messages import incident_from
from services.dispatch.markers.messages import marker_from
from services.dispatch.markers.rechecking import HAZARD_RECHECK
from services.dispatch.markers.replica import MarkerReplica
from services.dispatch.radios import handlers as radios
from services.dispatch.radios.messages import radio_test_from, unit_of
from services.dispatch.units import keeping
from services.kernel.reactions import Reactions
from services.kernel.timers import Timer
from services.kernel.transaction import Transaction
from services.kernel.wire import optional_moment

reactions = Reactions("dispatch")


@reactions.consumes(IncidentGraded)
async def incident_graded(event: IncidentGraded, tx: Transaction) -> None:
    await incidents.register_incident(incident_from(event), tx)


@reactions.consumes(IncidentClosed)
async def incident_closed(event: IncidentClosed, tx: Transaction) -> None:
    closed_at = optional_moment(event.incident, "closed_at") or tx.now
    await incidents.close_incident(UUID(event.incident.incident_id), event.incident.force, closed_at, tx)


async def _marker(event: MarkerCreated | MarkerRevised | MarkerWithdrawn, tx: Transaction) -> None:
    await changed_markers.apply_marker(marker_from(event.marker), event.marker.SerializeToString(), tx)


reactions.consumes(MarkerCreated)(_marker)
reactions.consumes(MarkerRevised)(_marker)
reactions.consumes(MarkerWithdrawn)(_marker)


@reactions.consumes(MarkerLedgerConfirmed)
async def ledger_confirmed(event: MarkerLedgerConfirmed, tx: Transaction) -> None:
    await changed_markers.confirm_ledger(event.as_of.ToDatetime(tzinfo=UTC), event.markers, tx)


@reactions.fires(changed_markers.MARKERS_CHANGED)
async def markers_changed(timer: Timer, tx: Transaction) -> None:
    await changed_markers.tell_of_many(timer.force, tx)


@reactions.fires(incidents.UNRESOURCED)
async def unresourced(timer: Timer, tx: Transaction) -> None:
    await incidents.tell_unresourced(timer.subject, timer.force, timer.due, tx)


@reactions.fires(sending.ACK_VOICE)
async def voice_assignment(timer: Timer, tx: Transaction) -> None:
    await assignments.voice_assignment(timer.subject, timer.force, tx)


@reactions.fires(sending.ACK_NEXT_UNIT)
async def offer_next_unit(timer: Timer, tx: Transaction) -> None:
    await assignments.offer_next_unit(timer.subject, timer.force, tx)


@reactions.fires(sending.ACK_SUPERVISOR)
async def supervise_assignment(timer: Timer, tx: Transaction) -> None:
    await assignments.supervise_assignment(timer.subject, timer.force, tx)


@reactions.fires(HAZARD_RECHECK)
async def hazard_recheck(timer: Timer, tx: Transaction) -> None:
    await hazards.check_again(timer.subject, timer.force, tx)


@reactions.fires(warning.HAZARD_ACK_VOICE)
async def voice_hazard(timer: Timer, tx: Transaction) -> None:
    await hazards.voice_hazard(timer.subject, timer.force, tx)


@reactions.consumes(DeviceTested)
async def device_tested(event: DeviceTested, tx: Transaction) -> None:
    await radios.radio_tested(radio_test_from(event.device, tx), tx)


@reactions.consumes(DeviceSilenceChanged)
async def device_silence_changed(event: DeviceSilenceChanged, tx: Transaction) -> None:
    device = event.device
    await radios.radio_silent(device.force, device.radio, silent=device.silent, tx=tx)


@reactions.consumes(WelfareWarned)
async def welfare_warned(event: WelfareWarned, tx: Transaction) -> None:
    await radios.welfare_warned(event.welfare.force, unit_of(event.welfare), tx)


@reactions.consumes(EmergencyRaised)
async def emergency_raised(event: EmergencyRaised, tx: Transaction) -> None:
    await emergencies.emergency_raised(emergency_from(event.emergency, tx), tx)


@reactions.consumes(EmergencyEscalated)
async def emergency_escalated(event: EmergencyEscalated, tx: Transaction) -> None:
    await emergencies.emergency_escalated(emergency_from(event.emergency, tx), tx)


@reactions.consumes(EmergencyCleared)
async def emergency_cleared(event: EmergencyCleared, tx: Transaction) -> None:
    await emergencies.emergency_cleared(emergency_from(event.emergency, tx), tx)


@reactions.fires(keeping.STATUS_OVERDUE)
async def status_overdue(timer: Timer, tx: Transaction) -> None:
    await duty.tell_overdue(timer.subject, timer.force, tx)


@reactions.every(5)
async def markers_in_memory(tx: Transaction) -> None:
    await tx.kept(MarkerReplica).catch_up(tx)


@reactions.every(600)
async def forget_board_changes(tx: Transaction) -> None:
    await board.forget_changes(tx)
