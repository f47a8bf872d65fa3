"""An event that no version understands is set aside in each service, and those behind it go on (I5)."""

import asyncio
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from google.protobuf.message import Message

from peel.crime.v1.events_pb2 import RecordingDecided
from peel.dispatch.v1.events_pb2 import UnitBookedOn
from peel.dispatch.v1.types_pb2 import Unit
from peel.intake.v1.events_pb2 import ContactOpened, IncidentGraded
from peel.intake.v1.types_pb2 import Contact, Incident
from services.kernel.contract import event_policy
from services.kernel.envelope import Envelope
from services.kernel.ids import new_id
from services.kernel.kafka import Outgoing, Producer
from services.kernel.wire import stamp
from tests.integration.local.waiting import eventually
from tests.integration.services.running import Running

AT = datetime(2018, 7, 2, 9, tzinfo=UTC)
# By who reacts to it: an id that is none, a value that is none of the enum, a moment that is missing.
POISON: dict[str, Message] = {
    "intake": RecordingDecided(report_id=str(uuid4()), contact_id="none", force="north-force"),
    "crime": ContactOpened(
        contact=Contact(contact_id=str(uuid4()), force="north-force", channel=999, first_contact_at=stamp(AT))  # type: ignore[arg-type]
    ),
    "dispatch": IncidentGraded(incident=Incident(incident_id="none", force="north-force", graded_at=stamp(AT))),
    "safety": UnitBookedOn(unit=Unit(unit_id="none", force="north-force", status_since=stamp(AT))),
}


def _record(event: Message) -> Outgoing:
    subject = str(uuid4())
    envelope = Envelope(
        event_id=new_id(),
        type=event.DESCRIPTOR.full_name,
        source="/peel/elsewhere",
        subject=subject,
        force="north-force",
        sequence=1,
        time=AT,
        traceparent=None,
        payload=event.SerializeToString(),
    )
    topic = event_policy(event.DESCRIPTOR).topic
    return Outgoing(topic, f"north-force/{subject}".encode(), envelope.payload, envelope.headers())


@pytest.mark.parametrize("service", POISON)
def test_what_cannot_be_understood_is_set_aside(running: Running, service: str) -> None:
    record = _record(POISON[service])
    event_id = dict(record.headers)["ce_id"].decode()
    producer = Producer(running.settings)
    asyncio.run(producer.send([record]))
    producer.close()
    where = "from dead_letter where event_id = $1"
    eventually(lambda: running.count(service, where, event_id) == 1, 30)
    (letter,) = running.rows(service, f"select reason {where}", event_id)
    assert letter["reason"] == "Malformed:EVENT_UNREADABLE"
    status, said = running.page(f"{service}-worker", "/readyz")
    assert (status, json.loads(said)["wrong"]) == (200, {})
    # Nobody will mend it, and other tests look at what waits.
    running.rows(service, "update dead_letter set replayed_at = clock_timestamp() where event_id = $1", event_id)
