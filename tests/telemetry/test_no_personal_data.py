"""No personal data in any span, log line, metric, label, Kafka header or key, or error (I7): telemetry is a disclosure
channel.

Marked people go through every RPC and event, into every field, and into errors of every kind; then all that left the
processes is searched for the marks. It is all that they said since they started: what the other tests did counts too.
"""

import json
import secrets
import struct
from dataclasses import dataclass
from datetime import timedelta

import pytest

from peel.crime.v1 import api_pb2 as crime
from services.kernel.contract import events_of, topics
from services.kernel.envelope import type_of
from services.kernel.kafka import Record, dead_letter_topic, scan
from services.kernel.server import policies_of
from services.table import SERVICES
from tests.integration.local.waiting import eventually
from tests.integration.services.emergencies import escalated
from tests.integration.services.every_rpc import every_rpc
from tests.integration.services.following import opened, report_of
from tests.integration.services.running import PROCESSES, SHARED_FORCE, Running
from tests.integration.services.telling import HERE, MARKS, alleging, contact
from tests.telemetry.failing import POISON, poisoned_event, refused_reaction, refused_rows
from tests.telemetry.pushing import Pusher

MARKED = tuple(mark.encode() for mark in MARKS)
COORDINATES = tuple(struct.pack("<d", degrees) for degrees in (HERE.point.latitude, HERE.point.longitude))
ATTRIBUTES = {"peel.workflow", "messaging.system", "messaging.destination.name", "error.type"}


@dataclass(frozen=True)
class Said:
    """All that left the processes but by the front door."""

    refusals: list[str]
    printed: str
    logs: dict[str, str]
    pages: dict[str, str]
    records: list[Record]
    spans: bytes


@pytest.fixture(scope="module")
def said(_running: Running) -> Said:
    running = _running
    running.await_ready()
    for step in every_rpc(running):
        step.make()
    # The events that no call brings about.
    escalated(running, SHARED_FORCE)
    report_of(running, opened(running, contact(SHARED_FORCE, running.now - timedelta(hours=30), alleging())))
    pusher = Pusher(running)
    pusher.every_text_field()
    pusher.malformed()
    pusher.metadata()
    pusher.addresses()
    refused = refused_rows(running)
    refused_reaction(running)
    printed = poisoned_event(running)
    _await_spans(running)
    names = [name for topic in topics(SERVICES) for name in (topic.name, dead_letter_topic(topic.name))]
    return Said(
        refusals=pusher.refusals + [refusal.raw.decode(errors="replace") for refusal in refused],
        printed=printed,
        logs=running.logs(),
        pages={
            f"{process}{path}": running.page(process, path)[1]
            for process in PROCESSES
            for path in ("/metrics", "/readyz")
        },
        records=[record for name in names for record in scan(running.settings, name)],
        spans=b"".join(running.spans.bodies),
    )


def _await_spans(running: Running) -> None:
    """Returns once the spans of a last report have come from every process: each sends them in their order."""
    trace_id = secrets.token_bytes(16)
    more = [("traceparent", f"00-{trace_id.hex()}-{secrets.token_hex(8)}-01")]
    handler, auditor = (running.person(role, more=more) for role in ("call_handler", "auditor"))
    reply = handler.ask(running.intake.OpenContact, contact(SHARED_FORCE, running.now, alleging()))
    report_of(running, reply.contact_id)
    auditor.ask(running.crime.GetRecordingRate, crime.GetRecordingRateRequest(force=SHARED_FORCE))

    def all_came() -> bool:
        spans = list(running.spans.spans())
        ours = {name for name, span in spans if span.trace_id == trace_id}
        consumed = [span for _, span in spans if any(link.trace_id == trace_id for link in span.links)]
        led_on = {link.span_id for _, span in spans for link in span.links}
        return ours == {"peel-intake", "peel-crime"} and any(span.span_id in led_on for span in consumed)

    eventually(all_came, 20)


# A clock has to run out, or a marker to come late, for these: they need not happen among calls alone. What they carry
# are messages that others carry too.
_ONLY_WITH_TIME = {
    "peel.safety.v1.DeviceSilenceChanged",
    "peel.safety.v1.RadioPathChanged",
    "peel.safety.v1.WelfareWarned",
    "peel.safety.v1.WelfareEnded",
    "peel.safety.v1.WelfareRenewed",
    "peel.dispatch.v1.HazardUpdated",
}


def _marks_in(text: str | bytes) -> list[bytes]:
    raw = text.encode() if isinstance(text, str) else text
    return [mark for mark in MARKED if mark in raw]


def test_the_marks_were_everywhere(running: Running, said: Said) -> None:
    """Or their absence elsewhere would show nothing."""
    for mark in MARKS[:6]:
        assert running.count("intake", "from contact where contact::text like '%' || $1 || '%'", mark) > 0
    payloads = b"".join(record.value or b"" for record in said.records)
    assert set(MARKED[:6]) <= set(_marks_in(payloads))
    assert all(coordinate in payloads for coordinate in COORDINATES)
    kinds = {type_of(record.headers) for record in said.records}
    assert kinds | _ONLY_WITH_TIME == {event.full_name for service in SERVICES for event in events_of(service)}
    called = {span.name for _, span in running.spans.spans()}
    assert {policy.full_name for service in SERVICES for policy in policies_of(service).values()} <= called
    assert len(said.refusals) > 100


def test_no_error(said: Said) -> None:
    assert [refusal for refusal in said.refusals if _marks_in(refusal)] == []


def test_no_span(running: Running, said: Said) -> None:
    assert _marks_in(said.spans) == []
    assert not any(coordinate in said.spans for coordinate in COORDINATES)
    names = {policy.full_name for service in SERVICES for policy in policies_of(service).values()}
    names |= {f"process {event.full_name}" for service in SERVICES for event in events_of(service)}
    for _, span in running.spans.spans():
        assert span.name in names
        assert {attribute.key for attribute in span.attributes} <= ATTRIBUTES
        assert not span.events
        assert not span.status.message


def test_no_log_line(said: Said) -> None:
    assert {log: _marks_in(text) for log, text in said.logs.items() if _marks_in(text)} == {}
    assert all(text for log, text in said.logs.items() if log in PROCESSES)


def test_an_error_of_ours_is_logged_by_its_class_and_place(said: Said) -> None:
    lines = [json.loads(line) for line in said.logs["intake-api"].splitlines() if '"call failed"' in line]
    assert {line["error"] for line in lines} == {"CheckViolationError"}
    assert {line["rpc"].rpartition(".")[2] for line in lines} == {"OpenContact", "AssessThrive"}
    assert all(line["trace_id"] and line["at"] for line in lines)


def test_no_metric_and_no_page(said: Said) -> None:
    assert {page for page, text in said.pages.items() if _marks_in(text)} == set()
    assert "peel_rpc_seconds_bucket" in said.pages["intake-api/metrics"]


def test_no_kafka_key_and_no_header(said: Said) -> None:
    for record in said.records:
        assert _marks_in(record.key or b"") == []
        assert _marks_in(b"".join(name.encode() + value for name, value in record.headers)) == []


def test_no_line_of_the_command_line(said: Said) -> None:
    assert POISON in said.printed
    assert _marks_in(said.printed) == []
