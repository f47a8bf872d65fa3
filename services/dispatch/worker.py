"""The Kafka and timer door of dispatch: what it reacts to. No logic."""

from datetime import datetime
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
    RadioPathChanged,
    WelfareEnded,
    WelfareRenewed,
    WelfareWarned,
)
from services.dispatch.assignments import handlers as assignments
from services.dispatch.assignments import sending, warning
from services.dispatch.board import handlers as board
from services.dispatch.domain.records import Incident
from services.dispatch.duty import handlers as duty
from services.dispatch.emergencies import handlers as emergencies
from services.dispatch.emergencies.messages import emergency_from
from services.dispatch.hazards import changed_markers
from services.dispatch.hazards import handlers as hazards
from services.dispatch.incidents import handlers as incidents
from services.dispatch.incidents.messages import closing_from, incident_from
from services.dispatch.markers.domain import Marker
from services.dispatch.markers.messages import marker_from
from services.dispatch.markers.rechecking import HAZARD_RECHECK
from services.dispatch.markers.replica import MarkerReplica
from services.dispatch.radios import handlers as radios
from services.dispatch.radios.messages import path_from, radio_test_from, welfare_from
from services.dispatch.units import keeping
from services.kernel.reactions import Reactions
from services.kernel.timers import Timer
from services.kernel.transaction import Transaction
from services.kernel.wire import moment

reactions = Reactions("dispatch")


@reactions.consumes(IncidentGraded, incident_from)
async def incident_graded(incident: Incident, tx: Transaction) -> None:
    await incidents.register_incident(incident, tx)


@reactions.consumes(IncidentClosed, closing_from)
async def incident_closed(closing: tuple[UUID, str, datetime], tx: Transaction) -> None:
    await incidents.close_incident(*closing, tx)


def _marker_told(event: MarkerCreated | MarkerRevised | MarkerWithdrawn) -> tuple[Marker, bytes]:
    return marker_from(event.marker), event.marker.SerializeToString()


async def _marker(told: tuple[Marker, bytes], tx: Transaction) -> None:
    await changed_markers.apply_marker(*told, tx)


reactions.consumes(MarkerCreated, _marker_told)(_marker)
reactions.consumes(MarkerRevised, _marker_told)(_marker)
reactions.consumes(MarkerWithdrawn, _marker_told)(_marker)


@reactions.consumes(MarkerLedgerConfirmed, lambda event: (moment(event.as_of), event.markers))
async def ledger_confirmed(told: tuple[datetime, int], tx: Transaction) -> None:
    await changed_markers.confirm_ledger(*told, tx)


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


@reactions.consumes(DeviceTested, radio_test_from)
async def device_tested(test: radios.RadioTest, tx: Transaction) -> None:
    await radios.radio_tested(test, tx)


@reactions.consumes(DeviceSilenceChanged)
async def device_silence_changed(event: DeviceSilenceChanged, tx: Transaction) -> None:
    device = event.device
    await radios.radio_silent(device.force, device.radio, silent=device.silent, tx=tx)


@reactions.consumes(WelfareWarned, lambda event: welfare_from(event.welfare))
async def welfare_warned(time: radios.WelfareTime, tx: Transaction) -> None:
    await radios.welfare_warned(time, tx)


@reactions.consumes(WelfareRenewed, lambda event: welfare_from(event.welfare))
async def welfare_renewed(time: radios.WelfareTime, tx: Transaction) -> None:
    await radios.welfare_settled(time, "their time began again", tx)


@reactions.consumes(WelfareEnded, lambda event: welfare_from(event.welfare))
async def welfare_ended(time: radios.WelfareTime, tx: Transaction) -> None:
    note = "it is an emergency now" if time.emergency else "nobody has to check in any more"
    await radios.welfare_settled(time, note, tx)


@reactions.consumes(RadioPathChanged, path_from)
async def radio_path_changed(path: radios.RadioPath, tx: Transaction) -> None:
    await radios.path_changed(path, tx)


@reactions.consumes(EmergencyRaised, emergency_from)
async def emergency_raised(emergency: emergencies.Emergency, tx: Transaction) -> None:
    await emergencies.emergency_raised(emergency, tx)


@reactions.consumes(EmergencyEscalated, emergency_from)
async def emergency_escalated(emergency: emergencies.Emergency, tx: Transaction) -> None:
    await emergencies.emergency_escalated(emergency, tx)


@reactions.consumes(EmergencyCleared, emergency_from)
async def emergency_cleared(emergency: emergencies.Emergency, tx: Transaction) -> None:
    await emergencies.emergency_cleared(emergency, tx)


@reactions.fires(keeping.STATUS_OVERDUE)
async def status_overdue(timer: Timer, tx: Transaction) -> None:
    await duty.tell_overdue(timer.subject, timer.force, tx)


@reactions.every(5)
async def markers_in_memory(tx: Transaction) -> None:
    await tx.kept(MarkerReplica).catch_up(tx)


@reactions.every(600)
async def forget_board_changes(tx: Transaction) -> None:
    await board.forget_changes(tx)
