"""What another force sees of an incident once it is shared, and nothing before."""

from dataclasses import dataclass
from uuid import UUID

from peel.dispatch.v1 import events_pb2 as events
from services.dispatch.assignments import store as assignment_store
from services.dispatch.changes.log import put_on_board
from services.dispatch.domain.records import Assignment, Incident
from services.dispatch.incidents import store as incident_store
from services.dispatch.incidents.domain import incidents
from services.dispatch.messages import incident_message
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ShareIncident:
    incident_id: UUID
    with_force: str


async def share_incident(command: ShareIncident, tx: Transaction) -> Incident:
    before = await incident_store.incident(tx, command.incident_id, tx.caller.force, lock=True)
    incident = incidents.share(before, command.with_force)
    if incident is before:
        return incident
    await incident_store.keep_incident(tx, incident)
    put_on_board(tx, incident=incident)
    for assignment in await assignment_store.open_of_incidents(tx, [incident.id]):
        put_on_board(tx, assignment=assignment, shared_with=incident.shared_with)
    event = events.IncidentShared(incident=incident_message(incident))
    tx.emit(event, force=incident.force, sequence=incident.sequence)
    return incident


async def get_incident(incident_id: UUID, tx: Transaction) -> tuple[Incident, list[Assignment]]:
    """An incident of the caller's force or shared with it, and who is and was sent to it."""
    incident = await incident_store.seen_incident(tx, incident_id)
    return incident, await assignment_store.of_incident(tx, incident.id)
