"""The spans of one report join up: from the caller's own span through both services and back, across Kafka."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from peel.intake.v1 import api_pb2 as intake
from services.kernel.kafka import scan
from services.kernel.settings import Settings
from services.kernel.telemetry.tracing import Tracing, current_traceparent
from tests.integration.services.following import contact_when_decided
from tests.integration.services.running import Running
from tests.integration.services.telling import alleging, contact
from tests.integration.services.waiting import found


def _span(running: Running, name: str, such: Callable[[Span], bool]) -> Span:
    """The span of that name that is such, once it has come."""
    return found(lambda: [span for _, span in running.spans.spans() if span.name == name and such(span)])


def _traceparents(running: Running, service: str, subject: str) -> set[str]:
    """What the events of an aggregate say of where they come from."""
    rows = running.rows(service, "select traceparent from outbox where subject = $1", subject)
    return {row["traceparent"] for row in rows}


def _traceparent(span: Span) -> str:
    return f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01"


def test_the_spans_of_one_report_join_up(running: Running, force: str) -> None:
    trace_id, span_id = secrets.token_bytes(16), secrets.token_bytes(8)
    more = [("traceparent", f"00-{trace_id.hex()}-{span_id.hex()}-01")]
    handler = running.person("call_handler", force=force, more=more)
    contact_id = handler.ask(running.intake.OpenContact, contact(force, running.now, alleging())).contact_id
    contact_when_decided(running, contact_id, force)

    call = _span(running, "peel.intake.v1.IntakeService.OpenContact", lambda span: span.trace_id == trace_id)
    assert (call.parent_span_id, call.kind) == (span_id, Span.SPAN_KIND_SERVER)
    assert {one.key: one.value.string_value for one in call.attributes} == {"peel.workflow": "W2"}
    assert _traceparents(running, "intake", contact_id) == {_traceparent(call)}
    (record,) = (
        one for one in scan(running.settings, "intake.contact.v1") if one.key == f"{force}/{contact_id}".encode()
    )
    assert dict(record.headers)["traceparent"] == _traceparent(call).encode()
    assert running.count("intake", "from audit where trace_id = $1", trace_id.hex()) == 1

    registered = _follows(running, "process peel.intake.v1.ContactOpened", call)
    (row,) = running.rows("crime", "select id::text from report where contact_id::text = $1", contact_id)
    assert _traceparents(running, "crime", row["id"]) == {_traceparent(registered)}

    learnt = _follows(running, "process peel.crime.v1.RecordingDecided", registered)
    assert len({call.trace_id, registered.trace_id, learnt.trace_id}) == 3


def _follows(running: Running, name: str, origin: Span) -> Span:
    """The consumer's span that is linked to where its event was emitted."""
    span = _span(running, name, lambda one: any(link.span_id == origin.span_id for link in one.links))
    assert span.kind == Span.SPAN_KIND_CONSUMER
    (link,) = span.links
    assert link.trace_id == origin.trace_id
    keys = {one.key: one.value.string_value for one in span.attributes}
    assert keys["messaging.system"] == "kafka"
    assert keys["messaging.destination.name"] in ("intake.contact.v1", "crime.report.v1")
    return span


def test_a_refused_call_has_a_failed_span(running: Running) -> None:
    trace_id = secrets.token_bytes(16)
    more = [("traceparent", f"00-{trace_id.hex()}-{secrets.token_hex(8)}-01")]
    running.person("auditor", more=more).refused(running.intake.GetContact, intake.GetContactRequest(contact_id="x"))
    call = _span(running, "peel.intake.v1.IntakeService.GetContact", lambda span: span.trace_id == trace_id)
    assert call.status.code == call.status.STATUS_CODE_ERROR


def test_a_trace_that_its_caller_does_not_sample_is_handed_on_and_not_exported(running: Running, force: str) -> None:
    trace_id = secrets.token_bytes(16)
    more = [("traceparent", f"00-{trace_id.hex()}-{secrets.token_hex(8)}-00")]
    handler = running.person("call_handler", force=force, more=more)
    contact_id = handler.ask(running.intake.OpenContact, contact(force, running.now)).contact_id
    (handed_on,) = _traceparents(running, "intake", contact_id)
    assert re.fullmatch(f"00-{trace_id.hex()}-[0-9a-f]{{16}}-00", handed_on)
    # A later span of the same process has come, so this one would have too.
    last = secrets.token_bytes(16)
    more = [("traceparent", f"00-{last.hex()}-{secrets.token_hex(8)}-01")]
    running.person("auditor", more=more).refused(running.intake.GetContact, intake.GetContactRequest())
    _span(running, "peel.intake.v1.IntakeService.GetContact", lambda span: span.trace_id == last)
    assert not [span for _, span in running.spans.spans() if span.trace_id == trace_id]


def test_a_slow_call_in_a_histogram_leads_to_its_trace(running: Running) -> None:
    _, text = running.page("intake-api", "/metrics", accept="application/openmetrics-text; version=1.0.0")
    exemplars = set(re.findall(r'peel_rpc_seconds_bucket\{.*\} [0-9.]+ # \{trace_id="([0-9a-f]{32})"\}', text))
    assert exemplars
    assert exemplars <= {span.trace_id.hex() for _, span in running.spans.spans()}


@pytest.mark.parametrize("join", ["link", "parent"])
def test_how_an_events_span_joins_is_a_setting(tmp_path: Path, join: str) -> None:
    settings = Settings(trace_async=join, trace_ratio=1.0, instance=tmp_path.name)
    exporter = InMemorySpanExporter()
    tracing = Tracing(settings, "crime", "worker", exporter)
    with tracing.server_span("call", "W2", None):
        origin = current_traceparent()
    with tracing.consumer_span("peel.intake.v1.ContactOpened", "intake.contact.v1", origin):
        pass
    tracing.close()
    call, consumed = exporter.get_finished_spans()
    assert origin is not None
    assert _ids(call) == tuple(origin.split("-")[1:3])
    if join == "parent":
        assert consumed.parent is not None
        assert (consumed.parent.span_id, consumed.context.trace_id) == (call.context.span_id, call.context.trace_id)
        assert not consumed.links
    else:
        assert consumed.parent is None
        assert [link.context.span_id for link in consumed.links] == [call.context.span_id]


def _ids(span: ReadableSpan) -> tuple[str, str]:
    context = span.context
    assert context is not None
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"
