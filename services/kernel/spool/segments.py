"""The files that a spool's entries are appended to. Only the youngest is written to, and none of an earlier process.

After a write that failed nothing more is ever written to that file: a later sync of the same file may succeed although
the disk lost what it held.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from services.kernel.spool.folder import Folder, write_all
from services.kernel.spool.records import Entry, encode
from services.kernel.spool.signs import failed

_SEGMENT_BYTES = 1 << 20
_NAME = re.compile(r"(\d{8})-[0-9a-f]{16}\.spool")
_OFFSET_BITS = 32


@dataclass(slots=True, eq=False)
class Segment:
    """One file: its whole entries take `size` bytes, of which those at the places in `waiting` are to be replayed."""

    number: int
    name: str
    size: int = 0
    waiting: set[int] = field(default_factory=set)
    # What could neither be read nor set aside must not go with its file.
    keep: bool = False

    @property
    def key(self) -> bytes:
        """What the digests of its entries are keyed with."""
        return self.name.encode()

    def place(self, offset: int) -> int:
        """Where an entry of this segment stands: a number of its own in the whole spool, never 0."""
        return self.number << _OFFSET_BITS | offset


class Segments:
    """The segments of a folder, oldest first."""

    def __init__(self, folder: Folder) -> None:
        """Raises OSError where the folder cannot be listed."""
        self._folder = folder
        found = [(name, _NAME.fullmatch(name)) for name in folder.names()]
        self._segments = [Segment(int(match[1]), name) for name, match in found if match]
        # Never used again while this process runs: somebody may still hold the place of a record long gone.
        self._youngest = max((segment.number for segment in self._segments), default=0)
        self._active: Segment | None = None
        self._fd = -1

    def __iter__(self) -> Iterator[Segment]:
        return iter(tuple(self._segments))

    def __contains__(self, segment: Segment) -> bool:
        return segment in self._segments

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(segment.size for segment in self._segments)

    def write(self, entries: list[Entry]) -> tuple[Segment, list[int]]:
        """Appends the entries together and syncs them; returns where they stand.

        Raises OSError, and then none of them is kept. A file that fails is left, and a fresh one tried before that.
        """
        if self._active is not None and 0 < self._active.size < _SEGMENT_BYTES:
            try:
                return self._append(self._active, entries)
            except OSError as error:
                failed("segment", error)
        fresh = self._active if self._active is not None and not self._active.size else self._begin()
        return self._append(fresh, entries)

    def prepare(self) -> None:
        """Has a file ready before the next entry needs one."""
        if self._active is None:
            try:
                self._begin()
            except OSError as error:
                failed("segment", error)

    def drop_replayed(self) -> None:
        """Removes what is replayed, from the oldest on: the marks of a younger segment may speak of an older one."""
        if self._active is not None and self._active.size and not any(segment.waiting for segment in self._segments):
            self._leave()
        for segment in self:
            if segment.keep:
                continue
            if segment.waiting or segment is self._active:
                return
            try:
                self._folder.remove(segment.name)
            except OSError as error:
                failed("remove", error)
                return
            self._segments.remove(segment)

    def close(self) -> None:
        """Closes the file that is written to."""
        self._leave()

    def _append(self, segment: Segment, entries: list[Entry]) -> tuple[Segment, list[int]]:
        encoded = [encode(entry, segment.key) for entry in entries]
        try:
            write_all(self._fd, b"".join(encoded))
            os.fdatasync(self._fd)
        except OSError:
            self._abandon(segment)
            raise
        places = []
        for content in encoded:
            places.append(segment.place(segment.size))
            segment.size += len(content)
        return segment, places

    def _begin(self) -> Segment:
        """A fresh segment takes the active one's place. Raises OSError, and then that keeps it."""
        number = self._youngest + 1
        name = f"{number:08d}-{secrets.token_hex(8)}.spool"
        fd = self._folder.create(name)
        self._leave()
        self._youngest, self._active, self._fd = number, Segment(number, name), fd
        self._segments.append(self._active)
        return self._active

    def _leave(self) -> None:
        """The active segment gets no more."""
        if self._active is not None:
            # Everything that matters is synced.
            with suppress(OSError):
                os.close(self._fd)
            self._active = None

    def _abandon(self, segment: Segment) -> None:
        """Back to the last whole entry, and away from that file. What cannot be cut off is found torn at a start."""
        self._leave()
        try:
            if segment.size:
                self._folder.cut(segment.name, segment.size)
            else:
                self._folder.remove(segment.name)
                self._segments.remove(segment)
        except OSError as error:
            failed("remove", error)
