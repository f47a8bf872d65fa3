"""Traces: one lean span a call, one a handled event, joined through the outbox.

The general-purpose instrumentation doubles the cost of a call; here the sampling is drawn before any object exists.
Span attributes come from the contract (method, workflow) and never from a request.
"""

import re
from collections.abc import Sequence
from contextvars import ContextVar
from random import Random
from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from services.kernel.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

_CURRENT: ContextVar[SpanContext | None] = ContextVar("current_span", default=None)
_DRAW = Random()
_UNSAMPLED = TraceFlags(0)
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def parse_traceparent(text: str | None) -> SpanContext | None:
    """The W3C trace context in a traceparent header; None where there is none or it is malformed."""
    found = _TRACEPARENT.fullmatch(text) if text else None
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    # W3C Trace Context: ff is no version, and only later ones than 00 may have more parts.
    if version == "ff" or (version == "00" and more):
        return None
    context = SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)))
    return context if context.is_valid else None


def current_traceparent() -> str | None:
    """The traceparent to hand on from here; None outside any trace."""
    context = _CURRENT.get()
    if context is None:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 1:02x}"


def current_trace_id() -> str:
    """Hexadecimal trace id, empty outside any trace."""
    context = _CURRENT.get()
    return f"{context.trace_id:032x}" if context else ""


def sampled_trace_id() -> str:
    """As current_trace_id, but empty as well where the trace is not sampled: nobody could look it up."""
    context = _CURRENT.get()
    return current_trace_id() if context and context.trace_flags & 1 else ""


def _new_ids() -> SpanContext:
    return SpanContext(_DRAW.getrandbits(128) or 1, _DRAW.getrandbits(64) or 1, False, _UNSAMPLED)


class _Unsampled:
    """A trace that nobody will see: ids to hand on. No generator, as it is around nearly every call."""

    __slots__ = ("_before", "_ids")

    def __init__(self, ids: SpanContext) -> None:
        self._ids = ids

    def __enter__(self) -> None:
        # Put back by value: a stream's generator may be closed from another context than it began in.
        self._before = _CURRENT.get()
        _CURRENT.set(self._ids)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        _CURRENT.set(self._before)


class _Sampled:
    """A span, from here to the end of the block."""

    __slots__ = ("_before", "_span")

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> Span:
        self._before = _CURRENT.get()
        _CURRENT.set(self._span.get_span_context())
        return self._span

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._span.set_status(Status(StatusCode.ERROR))
            # The class alone: messages and stack traces can hold what a caller said.
            self._span.set_attribute("error.type", type(error).__name__)
        _CURRENT.set(self._before)
        self._span.end()


class Tracing:
    """The tracer of one process. Not sampled means that nothing but ids is made."""

    def __init__(self, settings: Settings, service: str, process: str, exporter: "SpanExporter | None" = None) -> None:
        """Spans go to `exporter`, else to PEEL_OTLP_ENDPOINT."""
        exports = exporter is not None or bool(settings.otlp_endpoint)
        self._provider = _provider(settings, service, exporter) if exports else None
        self._tracer: Tracer = self._provider.get_tracer(f"peel.{process}") if self._provider else NoOpTracer()
        # Without an exporter nobody would ever see a span, so none is made; ids still travel.
        self._ratio = settings.trace_ratio if exports else 0.0
        self._join_as_parent = settings.trace_async == "parent"

    def server_span(self, name: str, workflow: str, traceparent: str | None) -> _Unsampled | _Sampled:
        """The span of one call, None where it is not sampled; continues the caller's trace where it sent one."""
        parent = parse_traceparent(traceparent)
        sampled = bool(parent.trace_flags & 1) if parent else _DRAW.random() < self._ratio
        if not (sampled and self._ratio > 0):
            return _Unsampled(parent or _new_ids())
        return self._sampled(name, SpanKind.SERVER, {"peel.workflow": workflow}, parent)

    def consumer_span(self, event_type: str, topic: str, traceparent: str | None) -> _Unsampled | _Sampled:
        """The span of one handled event: linked to the span that emitted it; its child with PEEL_TRACE_ASYNC=parent."""
        origin = parse_traceparent(traceparent)
        parent = origin if self._join_as_parent else None
        if not (origin and origin.trace_flags & 1 and self._ratio > 0):
            return _Unsampled(parent or _new_ids())
        links = [] if parent else [Link(origin)]
        attributes = {"messaging.system": "kafka", "messaging.destination.name": topic}
        return self._sampled(f"process {event_type}", SpanKind.CONSUMER, attributes, parent, links)

    def _sampled(
        self,
        name: str,
        kind: SpanKind,
        attributes: dict[str, str],
        parent: SpanContext | None,
        links: Sequence[Link] = (),
    ) -> _Sampled:
        context = set_span_in_context(NonRecordingSpan(parent), Context()) if parent else Context()
        return _Sampled(self._tracer.start_span(name, context, kind, attributes, links))

    def close(self) -> None:
        """Sends what is left and stops the exporter."""
        if self._provider is not None:
            self._provider.shutdown()


def _provider(settings: Settings, service: str, exporter: "SpanExporter | None") -> "TracerProvider":
    # Imported here: a tenth of the start of a process, and in vain where nothing is exported.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.name": f"peel-{service}", "service.instance.id": settings.instance})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter(endpoint=settings.otlp_endpoint)))
    return provider
