"""How an entry stands in a segment's file, and how the whole ones are found again around damage.

An entry is a header of 49 bytes and a body, numbers little-endian:

    magic and version 4 | kind 1 | length of the body 4 | time 8 | id 16 | digest of the body 8 | digest of all this 8

The header's own digest lets a reader trust the length, and so tell an entry that was cut short from one that changed.
Digests are keyed with the segment's name, part of which is chance: neither a block of an older file that a file system
gives back after a power cut, nor an entry that somebody sends as a body, is ever taken for an entry of this segment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from hashlib import blake2b
from struct import Struct
from uuid import UUID

MAGIC = b"PSL1"
_HEAD = Struct("<4sBIq16s8s")
_DIGEST = 8
HEADER = _HEAD.size + _DIGEST
_PLACE = Struct("<Q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Record:
    """Something kept until the store has it. Its place is its own in this spool; its id may come twice."""

    id: UUID
    body: bytes
    added_at: datetime
    place: int


class Kind(IntEnum):
    """What an entry says. A further kind needs another magic: this version cannot read it."""

    ADDED = 1
    REPLAYED = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to keep; or that what stands at a place was replayed."""

    kind: Kind
    id: UUID
    body: bytes
    at: datetime

    @property
    def size(self) -> int:
        """Bytes that it takes in a file."""
        return HEADER + len(self.body)

    @property
    def place(self) -> int:
        """The place that was replayed; of a REPLAYED entry only."""
        place: int = _PLACE.unpack(self.body)[0]
        return place


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no entry. Torn: the last entry was cut short while it was written, so nobody was promised it."""

    content: bytes
    torn: bool


def added(record_id: UUID, body: bytes, at: datetime) -> Entry:
    """The entry that keeps a body."""
    return Entry(Kind.ADDED, record_id, body, at)


def replayed(place: int, at: datetime) -> Entry:
    """The entry that says that what stands at this place was replayed."""
    return Entry(Kind.REPLAYED, _NOBODY, _PLACE.pack(place), at)


def encode(entry: Entry, key: bytes) -> bytes:
    """The entry as it stands in the segment of that name."""
    micros = (entry.at - _EPOCH) // timedelta(microseconds=1)
    head = _HEAD.pack(MAGIC, entry.kind, len(entry.body), micros, entry.id.bytes, _digest(entry.body, key))
    return head + _digest(head, key) + entry.body


def scan(content: bytes, key: bytes) -> Iterator[tuple[int, Entry | Damage]]:
    """Everything in a segment with its offset, in order. After damage it goes on at the next whole entry."""
    at = 0
    while at < len(content):
        entry = _entry(content, at, key)
        if entry is not None:
            yield at, entry
            at += entry.size
            continue
        end = _next_entry(content, at + 1, key)
        torn = end == len(content) and _cut_short(content, at, key)
        yield at, Damage(content[at:end], torn)
        at = end


def made_out(damage: bytes, key: bytes) -> list[Entry]:
    """What was kept in damaged bytes and is known by a whole header: when and under which id, without its body."""
    found, at = [], -1
    while (at := damage.find(MAGIC, at + 1)) >= 0:
        header = _header(damage, at, key)
        if header is not None and header.kind is Kind.ADDED:
            found.append(Entry(header.kind, header.id, b"", header.at))
    return found


def _digest(content: bytes, key: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST, key=key).digest()


@dataclass(frozen=True, slots=True)
class _Header:
    kind: Kind
    length: int
    at: datetime
    id: UUID
    digest: bytes


def _header(content: bytes, at: int, key: bytes) -> _Header | None:
    head, seal = content[at : at + _HEAD.size], content[at + _HEAD.size : at + HEADER]
    if not head.startswith(MAGIC) or len(seal) < _DIGEST or _digest(head, key) != seal:
        return None
    _, kind, length, micros, record_id, digest = _HEAD.unpack(head)
    return _Header(Kind(kind), length, _EPOCH + timedelta(microseconds=micros), UUID(bytes=record_id), digest)


def _entry(content: bytes, at: int, key: bytes) -> Entry | None:
    header = _header(content, at, key)
    if header is None:
        return None
    body = content[at + HEADER : at + HEADER + header.length]
    if len(body) < header.length or _digest(body, key) != header.digest:
        return None
    return Entry(header.kind, header.id, body, header.at)


def _next_entry(content: bytes, at: int, key: bytes) -> int:
    while (at := content.find(MAGIC, at)) >= 0:
        if _entry(content, at, key) is not None:
            return at
        at += 1
    return len(content)


def _cut_short(content: bytes, at: int, key: bytes) -> bool:
    rest = len(content) - at
    if rest < HEADER:
        return MAGIC.startswith(content[at : at + len(MAGIC)])
    header = _header(content, at, key)
    return header is not None and rest < HEADER + header.length
