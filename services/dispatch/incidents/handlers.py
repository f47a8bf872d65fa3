"""What happens to incidents in dispatch: they wait, are told of and end."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from peel.dispatch.v1 import events_pb2 as events
from services.dispatch.changes.log import put_on_board
from services.dispatch.domain.records import Incident
from services.dispatch.domain.terms import DispatchState, TaskKind
from services.dispatch.incidents import store
from services.dispatch.incidents.domain import incidents
from services.dispatch.incidents.domain.escalation import next_due, owners_due
from services.dispatch.markers.rechecking import recheck
from services.dispatch.messages import incident_message
from services.dispatch.reference.incidents import escalation_plan
from services.dispatch.tasks import tray
from services.kernel.errors import Refused
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction

UNRESOURCED = "UNRESOURCED"


async def register_incident(graded: Incident, tx: Transaction) -> None:
    """Takes a graded incident onto the queue, and starts the clock of who is told that nobody is sent (R-DP-01)."""
    if await store.known(tx, graded.id):
        return
    incident = incidents.with_associates(graded, await store.associates(tx, graded))
    tx.add(store.INCIDENT, store.incident_row(incident, tx.now))
    put_on_board(tx, incident=incident)
    await wait(incident, tx)
    for neighbour in await store.neighbours(tx, incident):
        await _learn(neighbour, incident, tx)


async def _learn(incident: Incident, of: Incident, tx: Transaction) -> None:
    """Whoever a new incident names may be met at another one at the same address: its crews are to know (R-MK-01)."""
    learnt = incidents.with_associates(incident, of.people)
    if learnt is not incident:
        await store.keep_associates(tx, learnt)
        for assignment_id in incident.assignment_ids:
            recheck(tx, assignment_id, incident.force)


async def wait(incident: Incident, tx: Transaction) -> Incident:
    """Nobody is sent: the incident goes on by its own clock, and what fell due on it is told at once."""
    plan = escalation_plan(incident.force, local_date(tx.now))
    for owner in owners_due(incident, plan, tx.now):
        incident = await _tell(incident, owner, tx)
    _start_clock(incident, tx)
    return incident


async def tell_unresourced(incident_id: UUID, force: str, since: datetime, tx: Transaction) -> None:
    """A time on the clock of an incident was reached, `since` then. Somebody is told where nobody is sent."""
    incident = await store.incident_at_hand(tx, incident_id, force)
    if incident is None:
        # Somebody is changing it: the clock strikes again at once.
        tx.start_timer(UNRESOURCED, incident_id, due=since, owner=tray.SUPERVISOR, force=force)
        return
    if incident.state is not DispatchState.QUEUED:
        return
    plan = escalation_plan(force, local_date(tx.now))
    for owner in owners_due(incident, plan, tx.now, since):
        incident = await _tell(incident, owner, tx)
    _start_clock(incident, tx)


async def _tell(incident: Incident, owner: str, tx: Transaction) -> Incident:
    incident = incidents.escalate(incident, owner, tx.now)
    await store.keep_incident(tx, incident)
    await tray.raise_task(tx, TaskKind.UNRESOURCED, owner, incident.force, incident_id=incident.id)
    put_on_board(tx, incident=incident)
    event = events.IncidentEscalated(incident=incident_message(incident))
    tx.emit(event, force=incident.force, sequence=incident.sequence)
    return incident


def _start_clock(incident: Incident, tx: Transaction) -> None:
    due = next_due(incident, escalation_plan(incident.force, local_date(tx.now)), tx.now)
    if due is not None:
        tx.start_timer(UNRESOURCED, incident.id, due=due, owner=tray.SUPERVISOR, force=incident.force)


async def close_incident(incident_id: UUID, force: str, at: datetime, tx: Transaction) -> None:
    """Intake closed the incident. Where nobody is sent it is over here as well; else its units result it.

    Raises Refused(INCIDENT_UNKNOWN): its grading has not been taken, so the event waits for that.
    """
    if not await store.known(tx, incident_id):
        raise Refused("INCIDENT_UNKNOWN", rule="an incident is graded before it is closed")
    incident = await store.incident(tx, incident_id, force, lock=True)
    if incidents.ended(incident):
        return
    incident = replace(incident, closed_at=at)
    if incident.state is DispatchState.QUEUED:
        await finish(incident, incidents.CLOSED_WITHOUT_UNIT, tx)
    else:
        await store.keep_incident(tx, incident)


async def finish(incident: Incident, result: str, tx: Transaction) -> Incident:
    """Gives an incident that nobody is on (any more) its result."""
    incident = incidents.result(incident, result, tx.now)
    await store.keep_incident(tx, incident)
    tx.cancel_timer(UNRESOURCED, incident.id)
    every_kind = [kind for kind in TaskKind if kind]
    await tray.settle(tx, every_kind, f"the incident was resulted: {result}", incident_id=incident.id)
    put_on_board(tx, incident=incident)
    event = events.IncidentResulted(incident=incident_message(incident))
    tx.emit(event, force=incident.force, sequence=incident.sequence)
    return incident
