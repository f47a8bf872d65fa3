"""Spans carry what the contract says and never what a caller said; not sampled, nothing but ids is made."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from services.kernel.telemetry.tracing import Tracing, current_trace_id, current_traceparent, parse_traceparent
from tests.unit.kernel.calls import settings

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


@contextmanager
def tracing(**parts: object) -> Iterator[tuple[Tracing, list[ReadableSpan]]]:
    """A tracer, and the spans it made, which are there once the block has ended."""
    exporter = InMemorySpanExporter()
    tracer = Tracing(settings(**({"trace_ratio": 1.0} | parts)), "intake", "api", exporter)
    spans: list[ReadableSpan] = []
    try:
        yield tracer, spans
    finally:
        tracer.close()
        spans.extend(exporter.get_finished_spans())


def test_a_traceparent_is_read_and_handed_on() -> None:
    context = parse_traceparent(SAMPLED)
    assert context is not None
    assert (f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags) == (TRACE, SPAN, 1)
    assert context.is_remote
    with tracing(trace_ratio=0.0) as (tracer, _), tracer.server_span("call", "W2", SAMPLED):
        assert current_traceparent() == SAMPLED
        assert current_trace_id() == TRACE
    assert (current_traceparent(), current_trace_id()) == (None, "")


@pytest.mark.parametrize("more", ["", "-", "-what=ever"])
def test_a_later_version_may_say_more(more: str) -> None:
    assert parse_traceparent(f"cc-{TRACE}-{SPAN}-01{more}") is not None


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[:-1]}g-{SPAN}-01",
        f"00-{TRACE[:-1]}_-{SPAN}-01",
        f"00-+{TRACE[1:]}-{SPAN}-01",
        f"00- {TRACE[1:]}-{SPAN}-01",
        f"00-0x{TRACE[2:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-zz",
        f"00-{TRACE}-{SPAN}-01\n",
        SAMPLED.replace("-", "_"),
        "\x00" * 55,
    ],
)
def test_a_malformed_traceparent_is_ignored(text: str | None) -> None:
    assert parse_traceparent(text) is None
    with tracing() as (tracer, spans), tracer.server_span("call", "W2", text):
        assert current_trace_id() not in ("", TRACE)
    assert [span.parent for span in spans] == [None]


def test_the_span_of_a_call_has_the_contracts_words_only() -> None:  # I7
    with tracing() as (tracer, spans), tracer.server_span("peel.intake.v1.IntakeService.OpenContact", "W2", SAMPLED):
        pass
    (span,) = spans
    assert (span.name, span.kind) == ("peel.intake.v1.IntakeService.OpenContact", SpanKind.SERVER)
    assert dict(span.attributes or {}) == {"peel.workflow": "W2"}
    assert span.parent is not None
    assert f"{span.parent.trace_id:032x}" == TRACE
    assert span.resource.attributes["service.name"] == "peel-intake"


def test_a_call_of_an_unsampled_trace_makes_no_span_but_hands_the_trace_on() -> None:
    with tracing() as (tracer, spans), tracer.server_span("call", "W2", UNSAMPLED) as span:
        assert span is None
        assert current_traceparent() == UNSAMPLED
    assert spans == []


def test_a_new_trace_that_is_not_drawn_makes_no_span_but_has_ids() -> None:
    with tracing(trace_ratio=0.0) as (tracer, spans), tracer.server_span("call", "W2", None) as span:
        assert span is None
        handed_on = current_traceparent()
        assert handed_on is not None
        assert handed_on.endswith("-00")
        assert parse_traceparent(handed_on) is not None
    assert spans == []


def test_without_an_exporter_no_span_is_made() -> None:
    tracer = Tracing(settings(trace_ratio=1.0), "intake", "api")
    with tracer.server_span("call", "W2", SAMPLED) as span:
        assert span is None
    tracer.close()


def test_an_error_is_a_status_and_a_class_without_its_message() -> None:  # I7
    with tracing() as (tracer, spans):
        with pytest.raises(ValueError, match="Quill"), tracer.server_span("call", "W2", None):
            raise ValueError("Quill of 1 Ash Mount")
        assert current_traceparent() is None
    (span,) = spans
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert dict(span.attributes or {}) == {"peel.workflow": "W2", "error.type": "ValueError"}
    assert span.events == ()
    assert "Quill" not in span.to_json()


def test_an_event_is_linked_to_what_emitted_it() -> None:
    with (
        tracing() as (tracer, spans),
        tracer.consumer_span("peel.intake.v1.ContactOpened", "intake.contact.v1", SAMPLED),
    ):
        assert current_trace_id() != TRACE
    (span,) = spans
    assert (span.name, span.kind, span.parent) == ("process peel.intake.v1.ContactOpened", SpanKind.CONSUMER, None)
    assert [f"{link.context.trace_id:032x}-{link.context.span_id:016x}" for link in span.links] == [f"{TRACE}-{SPAN}"]
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.destination.name": "intake.contact.v1",
    }


def test_an_event_is_the_child_of_what_emitted_it_where_so_set() -> None:
    with tracing(trace_async="parent") as (tracer, spans), tracer.consumer_span("peel.x.v1.Y", "x.y.v1", SAMPLED):
        assert current_trace_id() == TRACE
    (span,) = spans
    assert span.parent is not None
    assert (f"{span.parent.span_id:016x}", span.links) == (SPAN, ())


@pytest.mark.parametrize("traceparent", [None, UNSAMPLED, "x"])
def test_an_event_of_no_sampled_trace_makes_no_span(traceparent: str | None) -> None:
    with tracing() as (tracer, spans), tracer.consumer_span("peel.x.v1.Y", "x.y.v1", traceparent) as span:
        assert span is None
        assert current_traceparent() is not None
    assert spans == []


def test_spans_within_spans_give_the_outer_one_back() -> None:
    with tracing() as (tracer, spans), tracer.server_span("outer", "W2", None):
        outer = current_traceparent()
        with tracer.consumer_span("peel.x.v1.Y", "x.y.v1", outer):
            assert current_traceparent() != outer
        assert current_traceparent() == outer
    assert [span.name for span in spans] == ["process peel.x.v1.Y", "outer"]
