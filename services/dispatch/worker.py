"""The Kafka and timer door of dispatch: what it reacts to. No logic."""

from uuid import UUID

from peel.intake.v1.events_pb2 import IncidentClosed, IncidentGraded
from services.dispatch import handlers_assignments, handlers_hazards, handlers_incidents, sending, warning
from services.dispatch.messages_incidents import incident_from
from services.kernel.reactions import Reactions
from services.kernel.timers import Timer
from services.kernel.transaction import Transaction
from services.kernel.wire import optional_moment

reactions = Reactions("dispatch")


@reactions.consumes(IncidentGraded)
async def incident_graded(event: IncidentGraded, tx: Transaction) -> None:
    await handlers_incidents.register_incident(incident_from(event), tx)


@reactions.consumes(IncidentClosed)
async def incident_closed(event: IncidentClosed, tx: Transaction) -> None:
    closed_at = optional_moment(event.incident, "closed_at") or tx.now
    await handlers_incidents.close_incident(UUID(event.incident.incident_id), event.incident.force, closed_at, tx)


@reactions.fires(handlers_incidents.UNRESOURCED)
async def unresourced(timer: Timer, tx: Transaction) -> None:
    await handlers_incidents.tell_unresourced(timer.subject, timer.force, timer.due, tx)


@reactions.fires(sending.ACK_VOICE)
async def voice_assignment(timer: Timer, tx: Transaction) -> None:
    await handlers_assignments.voice_assignment(timer.subject, timer.force, tx)


@reactions.fires(sending.ACK_NEXT_UNIT)
async def offer_next_unit(timer: Timer, tx: Transaction) -> None:
    await handlers_assignments.offer_next_unit(timer.subject, timer.force, tx)


@reactions.fires(sending.ACK_SUPERVISOR)
async def supervise_assignment(timer: Timer, tx: Transaction) -> None:
    await handlers_assignments.supervise_assignment(timer.subject, timer.force, tx)


@reactions.fires(warning.HAZARD_RECHECK)
async def hazard_recheck(timer: Timer, tx: Transaction) -> None:
    await handlers_hazards.check_again(timer.subject, timer.force, tx)


@reactions.fires(warning.HAZARD_ACK_VOICE)
async def voice_hazard(timer: Timer, tx: Transaction) -> None:
    await handlers_hazards.voice_hazard(timer.subject, timer.force, tx)
