"""What every event carries beside its payload: CloudEvents 1.0 in Kafka's binary mode, and the W3C trace context.

Nothing here is personal data: ids, kinds and times only (I7).
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

from services.kernel.errors import Kind, PeelError

CONTENT_TYPE = "application/protobuf"
TYPE = "ce_type"
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_VERSION = re.compile(r"\.(v\d+)\.")
_LAST_SEQUENCE = 2**63 - 1
# What the producer sends at once, and what a broker takes unless it is told otherwise.
REQUEST_BYTES = 1 << 20
# Leaves room for the key, the headers with a dead letter's notes, and the batch around them: they are ids and times.
PAYLOAD_BYTES = REQUEST_BYTES - (16 << 10)


class Malformed(PeelError):
    """A record that is no event of ours. Trying again does not help, and neither does time."""

    kind = Kind.INVALID


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event's identity. `sequence` counts 1, 2, 3 … within the aggregate that `subject` names."""

    event_id: UUID
    type: str
    source: str
    subject: str
    force: str
    sequence: int
    time: datetime
    traceparent: str | None
    payload: bytes

    def headers(self) -> tuple[tuple[str, bytes], ...]:
        """The record's headers."""
        version = _VERSION.search(self.type)
        texts = {
            "ce_specversion": "1.0",
            "ce_id": str(self.event_id),
            "ce_source": self.source,
            TYPE: self.type,
            "ce_time": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "ce_subject": self.subject,
            "ce_force": self.force,
            "ce_sequence": str(self.sequence),
            "ce_schemaversion": version[1] if version else "v1",
            "content-type": CONTENT_TYPE,
        }
        if self.traceparent:
            texts["traceparent"] = self.traceparent
        return tuple((name, text.encode()) for name, text in texts.items())

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]], payload: bytes | None) -> "Envelope":
        """The envelope of a record. Raises Malformed naming the header at fault, never its value."""
        texts = _texts(headers)
        if _required(texts, "ce_specversion") != "1.0":
            _malformed("HEADER_INVALID", "ce_specversion is not 1.0")
        if _required(texts, "content-type") != CONTENT_TYPE:
            _malformed("HEADER_INVALID", f"content-type is not {CONTENT_TYPE}")
        if payload is None:
            _malformed("PAYLOAD_MISSING", "the record has no value")
        traceparent = texts.get("traceparent", "")
        return cls(
            event_id=_uuid(texts, "ce_id"),
            type=_required(texts, TYPE),
            source=_required(texts, "ce_source"),
            subject=_required(texts, "ce_subject"),
            force=_required(texts, "ce_force"),
            sequence=_sequence(texts, "ce_sequence"),
            time=_time(texts, "ce_time"),
            # W3C Trace Context: one that cannot be read is as good as none. It never costs an event.
            traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
            payload=payload,
        )


def type_of(headers: Iterable[tuple[str, bytes]]) -> str | None:
    """The event type that a record claims, without looking at anything else."""
    for name, value in headers:
        if name == TYPE:
            return value.decode(errors="replace")
    return None


_CURRENT: ContextVar[Envelope] = ContextVar("current_event")


def current_event() -> Envelope:
    """The event being reacted to, for reactions that check its sequence. Raises LookupError outside one."""
    return _CURRENT.get()


@contextmanager
def reacting_to(event: Envelope) -> Iterator[None]:
    """Makes it the current event."""
    token = _CURRENT.set(event)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def _malformed(reason: str, rule: str) -> NoReturn:
    raise Malformed(reason, rule=rule)


def _texts(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, value in headers:
        if name in texts:
            # Which of the two would count is anybody's guess, so neither does.
            _malformed("HEADER_REPEATED", f"{_known(name)} occurs twice")
        try:
            texts[name] = value.decode()
        except UnicodeDecodeError:
            _malformed("HEADER_INVALID", f"{_known(name)} is not UTF-8")
    return texts


def _known(name: str) -> str:
    return name if name.startswith("ce_") or name in ("content-type", "traceparent") else "a foreign header"


def _required(texts: dict[str, str], name: str) -> str:
    text = texts.get(name, "")
    if not text:
        _malformed("HEADER_MISSING", f"{name} is missing")
    return text


def _uuid(texts: dict[str, str], name: str) -> UUID:
    text = _required(texts, name)
    try:
        return UUID(text)
    except ValueError:
        _malformed("HEADER_INVALID", f"{name} is not a UUID")


def _sequence(texts: dict[str, str], name: str) -> int:
    text = _required(texts, name)
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and 1 <= int(text) <= _LAST_SEQUENCE):
        _malformed("HEADER_INVALID", f"{name} does not count from 1")
    return int(text)


def _time(texts: dict[str, str], name: str) -> datetime:
    text = _required(texts, name)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        _malformed("HEADER_INVALID", f"{name} is not a time")
    if time.tzinfo is None:
        _malformed("HEADER_INVALID", f"{name} has no time zone")
    return time.astimezone(UTC)
