"""The SQL of call intake: rows to domain and back, nothing else."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from services.intake.domain import (
    Allegation,
    AllegationDecision,
    Channel,
    ClosingKind,
    Contact,
    ContactState,
    CrimeFlag,
    Incident,
    IncidentCategory,
    IncidentState,
    Period,
    Person,
    Place,
    ReporterRelation,
    Thrive,
)
from services.kernel.bulk import joined
from services.kernel.database import Row, Table
from services.kernel.errors import NotFound
from services.kernel.transaction import Transaction

CONTACT = Table.of(
    "contact",
    "id uuid, force text, channel smallint, category smallint, state smallint, first_contact_at timestamptz, "
    "recorded_at timestamptz, reporter_ref text, reporter_relation smallint, people jsonb, "
    "latitude double precision, longitude double precision, accuracy_metres double precision, address text, uprn text, "
    "lsoa text, occurred_from timestamptz, occurred_to timestamptz, narrative text, sequence bigint, "
    "vehicle_registrations text[]",
)
ALLEGATION = Table.of(
    "allegation",
    "contact_id uuid, number smallint, offence_code text, victim_ref text, suspect_ref text, victim_confirms boolean, "
    "points_to_prove_made_out boolean, credible_evidence_to_contrary boolean, occurred_from timestamptz, "
    "occurred_to timestamptz, flags smallint[], victim_vulnerable boolean, crime_evident boolean",
)
INCIDENT = Table.of(
    "incident",
    "id uuid, contact_id uuid, force text, state smallint, grade text, graded_at timestamptz, attend_by timestamptz, "
    "category smallint, sequence bigint",
)


def contact_row(contact: Contact) -> tuple[object, ...]:
    """The row for CONTACT."""
    place = contact.place
    return (
        contact.id,
        contact.force,
        contact.channel,
        contact.category,
        contact.state,
        contact.first_contact_at,
        contact.recorded_at,
        contact.reporter_ref,
        contact.reporter_relation,
        json.dumps([{name: getattr(person, name) for name in Person.__slots__} for person in contact.people]),
        *(
            (None,) * 6
            if place is None
            else (place.latitude, place.longitude, place.accuracy_metres, place.address, place.uprn, place.lsoa)
        ),
        contact.occurred.start,
        contact.occurred.end,
        contact.narrative,
        contact.sequence,
        joined(contact.vehicle_registrations),
    )


def allegation_row(contact_id: UUID, allegation: Allegation) -> tuple[object, ...]:
    """The row for ALLEGATION."""
    return (
        contact_id,
        allegation.number,
        allegation.offence_code,
        allegation.victim_ref,
        allegation.suspect_ref,
        allegation.victim_confirms,
        allegation.points_to_prove_made_out,
        allegation.credible_evidence_to_contrary,
        allegation.occurred.start,
        allegation.occurred.end,
        joined([str(int(flag)) for flag in allegation.flags]),
        allegation.victim_vulnerable,
        allegation.crime_evident,
    )


def _allegation(row: Row) -> Allegation:
    return Allegation(
        number=row["number"],
        offence_code=row["offence_code"],
        victim_ref=row["victim_ref"],
        suspect_ref=row["suspect_ref"],
        victim_confirms=row["victim_confirms"],
        points_to_prove_made_out=row["points_to_prove_made_out"],
        credible_evidence_to_contrary=row["credible_evidence_to_contrary"],
        occurred=Period(row["occurred_from"], row["occurred_to"]),
        flags=tuple(CrimeFlag(flag) for flag in row["flags"]),
        victim_vulnerable=row["victim_vulnerable"],
        crime_evident=row["crime_evident"],
        decision=AllegationDecision(row["decision"]),
        decision_detail=row["decision_detail"],
    )


def _place(row: Row) -> Place | None:
    if row["accuracy_metres"] is None:
        return None
    return Place(row["latitude"], row["longitude"], row["accuracy_metres"], row["address"], row["uprn"], row["lsoa"])


def _thrive(text: str | None) -> Thrive | None:
    if text is None:
        return None
    parts = json.loads(text)
    return Thrive(assessed_at=datetime.fromisoformat(parts.pop("assessed_at")), **parts)


def _contact(row: Row, allegations: Sequence[Row]) -> Contact:
    return Contact(
        id=row["id"],
        force=row["force"],
        channel=Channel(row["channel"]),
        category=IncidentCategory(row["category"]),
        state=ContactState(row["state"]),
        first_contact_at=row["first_contact_at"],
        recorded_at=row["recorded_at"],
        reporter_ref=row["reporter_ref"],
        reporter_relation=ReporterRelation(row["reporter_relation"]),
        people=tuple(Person(**person) for person in json.loads(row["people"])),
        place=_place(row),
        occurred=Period(row["occurred_from"], row["occurred_to"]),
        narrative=row["narrative"],
        allegations=tuple(_allegation(a) for a in allegations),
        vehicle_registrations=tuple(row["vehicle_registrations"]),
        thrive=_thrive(row["thrive"]),
        incident_id=row["incident_id"],
        sequence=row["sequence"],
    )


async def _with_allegations(tx: Transaction, rows: Sequence[Row]) -> list[Contact]:
    allegations: dict[UUID, list[Row]] = {row["id"]: [] for row in rows}
    found = await tx.all(
        "select * from allegation where contact_id = any($1::uuid[]) order by contact_id, number", list(allegations)
    )
    for allegation in found:
        allegations[allegation["contact_id"]].append(allegation)
    return [_contact(row, allegations[row["id"]]) for row in rows]


async def contact(tx: Transaction, contact_id: UUID, *, lock: bool = False) -> Contact:
    """A contact of the caller's force; with `lock`, nobody else changes it until the transaction ends.

    Raises NotFound.
    """
    row = await tx.maybe(
        f"select * from contact where id = $1 and force = $2{' for update' if lock else ''}",
        contact_id,
        tx.caller.force,
    )
    if row is None:
        raise NotFound("contact")
    return (await _with_allegations(tx, [row]))[0]


async def contacts(tx: Transaction, state: ContactState, before: UUID | None, limit: int) -> list[Contact]:
    """The force's contacts, newest first, made before the one named."""
    rows = await tx.all(
        "select * from contact where force = $1 and ($2::uuid is null or id < $2) and ($3 = 0 or state = $3) "
        "order by id desc limit $4",
        tx.caller.force,
        before,
        int(state),
        limit,
    )
    return await _with_allegations(tx, rows)


async def keep_contact(tx: Transaction, contact: Contact) -> None:
    """Stores what can change of a contact."""
    thrive = None
    if contact.thrive is not None:
        parts = asdict(contact.thrive)
        thrive = json.dumps(parts | {"assessed_at": contact.thrive.assessed_at.isoformat()})
    await tx.execute(
        "update contact set state = $2, thrive = $3, incident_id = $4, sequence = $5 where id = $1",
        contact.id,
        int(contact.state),
        thrive,
        contact.incident_id,
        contact.sequence,
    )


async def keep_decisions(
    tx: Transaction, contact_id: UUID, decisions: Sequence[tuple[int, AllegationDecision, str]]
) -> None:
    """Stores what was decided of a contact's allegations, as (number, decision, crime number or reason)."""
    numbers, decided, details = zip(*decisions, strict=True)
    await tx.execute(
        "update allegation set decision = x.d, decision_detail = x.t "
        "from unnest($2::smallint[], $3::smallint[], $4::text[]) as x(n, d, t) where contact_id = $1 and number = x.n",
        contact_id,
        list(numbers),
        [int(decision) for decision in decided],
        list(details),
    )


def incident_row(incident: Incident) -> tuple[object, ...]:
    """The row for INCIDENT."""
    return (
        incident.id,
        incident.contact_id,
        incident.force,
        incident.state,
        incident.grade,
        incident.graded_at,
        incident.attend_by,
        incident.category,
        incident.sequence,
    )


def _incident(row: Row) -> Incident:
    return Incident(
        id=row["id"],
        contact_id=row["contact_id"],
        force=row["force"],
        state=IncidentState(row["state"]),
        grade=row["grade"],
        graded_at=row["graded_at"],
        attend_by=row["attend_by"],
        category=IncidentCategory(row["category"]),
        closing_kind=ClosingKind(row["closing_kind"]),
        closed_at=row["closed_at"],
        sequence=row["sequence"],
    )


async def incident(tx: Transaction, incident_id: UUID, *, lock: bool = False) -> Incident:
    """An incident of the caller's force. Raises NotFound."""
    row = await tx.maybe(
        f"select * from incident where id = $1 and force = $2{' for update' if lock else ''}",
        incident_id,
        tx.caller.force,
    )
    if row is None:
        raise NotFound("incident")
    return _incident(row)


async def incidents(tx: Transaction, state: IncidentState, before: UUID | None, limit: int) -> list[Incident]:
    """The force's incidents, newest first."""
    rows = await tx.all(
        "select * from incident where force = $1 and ($2::uuid is null or id < $2) and ($3 = 0 or state = $3) "
        "order by id desc limit $4",
        tx.caller.force,
        before,
        int(state),
        limit,
    )
    return [_incident(row) for row in rows]


async def keep_incident(tx: Transaction, incident: Incident) -> None:
    """Stores what can change of an incident."""
    await tx.execute(
        "update incident set state = $2, category = $3, closing_kind = $4, closed_at = $5, sequence = $6 where id = $1",
        incident.id,
        int(incident.state),
        int(incident.category),
        int(incident.closing_kind),
        incident.closed_at,
        incident.sequence,
    )
