"""Structured logs, one JSON object a line, with the scrubber of personal data as the last step before the writer."""

import logging
import re
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from services.kernel.telemetry.tracing import current_trace_id


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Meanwhile that module cannot be imported, as where it is not installed."""
    loaded = sys.modules.get(module)
    sys.modules[module] = None  # type: ignore[assignment]  # how Python notes that there is none
    try:
        yield
    finally:
        del sys.modules[module]
        if loaded is not None:
            sys.modules[module] = loaded


# With itself structlog loads its renderer for consoles, and that loads Rich and Pygments where it finds them: a tenth
# of the start of a process, none of which has a console.
with _without("rich"):
    import structlog

_REMOVED = "[removed]"
# A second wall: nothing should reach a log that looks like one of these.
_LOOKS_PERSONAL = re.compile(
    r"(?:\+44|\b0)(?:[ -]?\d){9,10}\b"  # a phone number, however it is spaced
    r"|[\w.+-]+@[\w-]+\.[\w.]+"  # a mail address
    r"|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"  # a postcode
)


class Scrubber:
    """Removes the value of every field that the contract marks as personal, and what looks like personal data."""

    def __init__(self, personal_fields: Iterable[str]) -> None:
        self._fields = frozenset(personal_fields)

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key, value in event.items():
            event[key] = _REMOVED if key in self._fields else self._clean(value)
        return event

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return _LOOKS_PERSONAL.sub(_REMOVED, value)
        if isinstance(value, dict):
            return {k: _REMOVED if k in self._fields else self._clean(v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(item) for item in value]
        if value is None or isinstance(value, bool | int | float | UUID | datetime):
            return value
        # What any other object would say of itself is anybody's guess: a message would print every field.
        return f"({type(value).__name__})"


def _add_trace(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if trace_id := current_trace_id():
        event["trace_id"] = trace_id
    return event


def _error_class_only(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keeps where an exception came from and drops what it says: its message may quote a row or a request."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        frames, trace = [], error.__traceback__
        while trace is not None:
            frames.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["at"] = frames[-4:]
    return event


def set_up_logging(level: str, personal_fields: Iterable[str], **bound: str) -> None:
    """Sends every logger, structlog's and the standard library's, through the scrubber to standard error."""

    def add_bound(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        # Not context variables: those stay in the thread that set them.
        event.update(bound)
        return event

    shared: list[structlog.types.Processor] = [
        add_bound,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _error_class_only,
        Scrubber(personal_fields),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # The broker client repeats itself at INFO on every reconnect.
    logging.getLogger("kafka").setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that takes an event name and fields: log.info("relay active", rows=3)."""
    result: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return result
