"""What happens in call intake. The only place that says so; both doors lead here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import events_pb2 as events
from services.intake import store
from services.intake.domain import (
    AllegationDecision,
    ClosingKind,
    Contact,
    ContactState,
    Incident,
    IncidentCategory,
    IncidentState,
    Thrive,
    assess,
    close,
    grade,
)
from services.intake.messages import concerned_message, contact_message, incident_message
from services.intake.reference import grading_scheme
from services.kernel.appender import Append
from services.kernel.ids import new_id
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AssessThrive:
    contact_id: UUID
    thrive: Thrive


@dataclass(frozen=True, slots=True)
class GradeContact:
    contact_id: UUID
    grade: str


@dataclass(frozen=True, slots=True)
class CloseIncident:
    incident_id: UUID
    kind: ClosingKind
    category: IncidentCategory


@dataclass(frozen=True, slots=True)
class ListContacts:
    state: ContactState
    before: UUID | None
    limit: int


@dataclass(frozen=True, slots=True)
class ListIncidents:
    state: IncidentState
    before: UUID | None
    limit: int


@dataclass(frozen=True, slots=True)
class ResolveAllegations:
    contact_id: UUID
    decisions: Sequence[tuple[int, AllegationDecision, str]]


def open_contact(contact: Contact) -> Append[api.OpenContactResponse]:
    """Takes a contact with all it discloses: one row of the ledger, one an allegation, one event."""
    rows = (
        (store.CONTACT, store.contact_row(contact)),
        *((store.ALLEGATION, store.allegation_row(contact.id, allegation)) for allegation in contact.allegations),
    )
    message = contact_message(contact)
    return Append(
        rows=rows,
        events=((events.ContactOpened(contact=message), contact.force, contact.sequence),),
        reply=api.OpenContactResponse(contact_id=message.contact_id, recorded_at=message.recorded_at),
    )


async def get_contact(contact_id: UUID, tx: Transaction) -> Contact:
    return await store.contact(tx, contact_id)


async def list_contacts(command: ListContacts, tx: Transaction) -> list[Contact]:
    return await store.contacts(tx, command.state, command.before, command.limit)


async def assess_thrive(command: AssessThrive, tx: Transaction) -> Contact:
    contact = assess(await store.contact(tx, command.contact_id, lock=True), command.thrive)
    await store.keep_contact(tx, contact)
    message = contact_message(contact)
    event = events.ContactAssessed(
        contact_id=message.contact_id, force=contact.force, assessed_at=message.thrive.assessed_at
    )
    tx.emit(event, force=contact.force, sequence=contact.sequence)
    return contact


async def grade_contact(command: GradeContact, tx: Transaction) -> Incident:
    contact = await store.contact(tx, command.contact_id, lock=True)
    scheme = grading_scheme(contact.force, local_date(tx.now))
    incident = grade(contact, command.grade, scheme, tx.caller.roles, new_id(), tx.now)
    tx.add(store.INCIDENT, store.incident_row(incident))
    contact = replace(contact, state=ContactState.GRADED, incident_id=incident.id)
    await store.keep_contact(tx, contact)
    concerned = concerned_message(contact)
    graded = events.IncidentGraded(
        incident=incident_message(incident), first_contact_at=concerned.first_contact_at, contact=concerned
    )
    tx.emit(graded, force=incident.force, sequence=incident.sequence)
    return incident


async def close_incident(command: CloseIncident, tx: Transaction) -> Incident:
    incident = await store.incident(tx, command.incident_id, lock=True)
    contact = await store.contact(tx, incident.contact_id, lock=True)
    closed = close(incident, contact.thrive, contact.allegations, command.kind, command.category, tx.now)
    await store.keep_incident(tx, closed)
    await store.keep_contact(tx, replace(contact, state=ContactState.CLOSED))
    event = events.IncidentClosed(incident=incident_message(closed))
    tx.emit(event, force=closed.force, sequence=closed.sequence)
    return closed


async def get_incident(incident_id: UUID, tx: Transaction) -> Incident:
    return await store.incident(tx, incident_id)


async def list_incidents(command: ListIncidents, tx: Transaction) -> list[Incident]:
    return await store.incidents(tx, command.state, command.before, command.limit)


async def resolve_allegations(command: ResolveAllegations, tx: Transaction) -> None:
    """Notes on the contact what crime recording decided of its allegations."""
    if command.decisions:
        await store.keep_decisions(tx, command.contact_id, command.decisions)
