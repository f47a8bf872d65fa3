"""Faults that quote personal data: a row that the database refuses, and an event that no try makes good."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import grpc

from peel.intake.v1 import types_pb2 as types
from peel.intake.v1.events_pb2 import ContactOpened
from peel.type.v1.place_pb2 import Place
from services.kernel.envelope import Envelope
from services.kernel.ids import new_id
from services.kernel.kafka import Outgoing, Producer
from tests.integration.local.waiting import eventually
from tests.integration.services.calling import Refusal
from tests.integration.services.following import opened, report_of
from tests.integration.services.running import ROOT, SHARED_FORCE, Running
from tests.integration.services.telling import alleging, assessment, contact

PROVOKED = "provoked by Zephyrine Quillfeather"
INTERNAL = grpc.StatusCode.INTERNAL, "INTERNAL"
POISON = "HEADER_INVALID"


@contextmanager
def _refusing(running: Running, service: str, table: str, column: str) -> Iterator[None]:
    """Inside, the table refuses rows with the provocation in a column: Postgres quotes the whole row then."""
    name = f"no_{uuid4().hex}"
    rule = f"check ({column} not like '%{PROVOKED}%') not valid"
    running.rows(service, f"alter table {table} add constraint {name} {rule}")
    try:
        yield
    finally:
        running.rows(service, f"alter table {table} drop constraint {name}")


def refused_rows(running: Running) -> list[Refusal]:
    """Calls, appended and transactional, whose row the database refuses."""
    handler = running.person("call_handler")
    request = contact(SHARED_FORCE, running.now, narrative=PROVOKED)
    assess = assessment(opened(running, contact(SHARED_FORCE, running.now)))
    assess.thrive.harm = PROVOKED
    with _refusing(running, "intake", "contact", "narrative"), _refusing(running, "intake", "contact", "thrive::text"):
        refusals = [
            handler.refused(running.intake.OpenContact, request),
            handler.refused(running.intake.AssessThrive, assess),
        ]
    assert [refusal.told for refusal in refusals] == [INTERNAL] * 2
    return refusals


def refused_reaction(running: Running) -> None:
    """An event whose row the database refuses; it is tried again until the fault is mended."""
    place = Place(address=PROVOKED, lsoa="E01011264")
    with _refusing(running, "crime", "crime", "address"):
        contact_id = opened(running, contact(SHARED_FORCE, running.now, alleging(), place=place))
        eventually(lambda: any('"event fails"' in text for text in running.logs().values()), 20)
    report_of(running, contact_id)


def poisoned_event(running: Running) -> str:
    """An event that breaks a rule: it is set aside. Returns what the command line shows of it."""
    (before,) = running.rows("crime", "select coalesce(max(id), 0) as id from dead_letter")
    fresh = "from dead_letter where id > $1"
    _publish(running, _out_of_count(running))
    eventually(lambda: running.count("crime", fresh, before["id"]) > 0, 20)
    (letter,) = running.rows("crime", f"select id, reason {fresh}", before["id"])
    assert letter["reason"] == f"Malformed:{POISON}"
    shown = _peel(running, "dlq", "show", "crime", str(letter["id"]))
    assert "Person.family_name" in shown
    return shown + _peel(running, "dlq", "list", "crime")


def _out_of_count(running: Running) -> Envelope:
    """Its payload can be read, and its sequence does not count from 1."""
    told = contact(SHARED_FORCE, running.now)
    event = ContactOpened(
        contact=types.Contact(
            contact_id=str(uuid4()),
            force=SHARED_FORCE,
            channel=told.channel,
            category=types.INCIDENT_CATEGORY_CRIME,
            first_contact_at=told.first_contact_at,
            reporter_relation=told.reporter_relation,
            people=told.people,
            place=told.place,
            narrative=told.narrative,
            allegations=[types.Allegation(number=1, offence_code="8N", victim_ref="p1")],
        )
    )
    return Envelope(
        event_id=new_id(),
        type=event.DESCRIPTOR.full_name,
        source="/peel/intake",
        subject=event.contact.contact_id,
        force=SHARED_FORCE,
        sequence=0,
        time=datetime.now(UTC),
        traceparent=None,
        payload=event.SerializeToString(),
    )


def _publish(running: Running, envelope: Envelope) -> None:
    key = f"{envelope.force}/{envelope.subject}".encode()
    producer = Producer(running.settings)
    try:
        asyncio.run(producer.send([Outgoing("intake.contact.v1", key, envelope.payload, envelope.headers())]))
    finally:
        producer.close()


def _peel(running: Running, *arguments: str) -> str:
    command = [sys.executable, "-m", "services.cli", *arguments]
    done = subprocess.run(
        command, check=True, env=running.environment(), cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr
