"""The spool on disk: what is kept, what of it waits to be replayed, and what was found damaged.

Synchronous, and used by one thread at a time.
"""

import errno
from collections.abc import Iterable, Sequence
from itertools import compress

from services.kernel.clock import SystemClock
from services.kernel.spool.aside import changed_name, refused_name
from services.kernel.spool.folder import Folder
from services.kernel.spool.records import Damage, Entry, Kind, Record, replayed, scan
from services.kernel.spool.segments import Segment, Segments
from services.kernel.spool.signs import SpoolFailed, damaged, failed, full

# A batch that finds no room is tried again one by one: some of it may fit.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOWHERE = 0


class Log:
    """The records of a folder that this process owns."""

    def __init__(self, folder: Folder, most_bytes: int) -> None:
        """Reads what an earlier process left. Torn tails are cut off, changed bytes set aside; all damage is reported.

        Raises OSError where the folder cannot be listed.
        """
        self._folder = folder
        self._most_bytes = most_bytes
        self._clock = SystemClock()
        self._segments = Segments(folder)
        self._holder: dict[int, Segment] = {}
        waiting: dict[int, Record] = {}
        for segment in self._segments:
            self._read(segment, waiting)
        self.found = tuple(waiting.values())
        self._segments.drop_replayed()
        self._segments.prepare()

    def append(self, entries: Sequence[Entry]) -> list[Record | SpoolFailed]:
        """Keeps added entries: each is on the disk to stay as a record when this returns, or says why it is not."""
        room = self._most_bytes - self._segments.size
        fits = []
        for entry in entries:
            fits.append(entry.size <= room)
            room -= entry.size if fits[-1] else 0
        kept = iter(self._keep(list(compress(entries, fits))))
        return [next(kept) if fit else full() for fit in fits]

    def mark(self, places: Iterable[int]) -> None:
        """Notes that what stands there was replayed.

        Where the disk refuses, that is reported and no error: after a crash it would be replayed again, which changes
        nothing. So a full disk can be worked off: a segment that goes needs no marks.
        """
        marked: list[tuple[int, Segment]] = []
        for place in places:
            segment = self._holder.pop(place, None)
            if segment is not None:
                segment.waiting.discard(place)
                marked.append((place, segment))
        self._segments.drop_replayed()
        now = self._clock.now()
        marks = [replayed(place, now) for place, segment in marked if segment in self._segments]
        if marks:
            try:
                self._segments.write(marks)
            except OSError as error:
                failed("mark", error)
        self._segments.prepare()

    def check(self) -> None:
        """Writes and syncs a mark of nothing. Raises SpoolFailed where a record could not be kept now."""
        try:
            self._segments.write([replayed(_NOWHERE, self._clock.now())])
        except OSError as error:
            raise failed("check", error) from error
        self._segments.drop_replayed()
        self._segments.prepare()

    def set_aside(self, record: Record) -> None:
        """Keeps a record's body for a person instead. Raises SpoolFailed, and then it is still to be replayed."""
        try:
            self._folder.set_aside(refused_name(record), record.body)
        except OSError as error:
            raise failed("set_aside", error) from error
        self.mark([record.place])

    def close(self) -> None:
        """Closes the file and lets another process own the folder."""
        self._segments.close()
        self._folder.close()

    def _read(self, segment: Segment, waiting: dict[int, Record]) -> None:
        try:
            content = self._folder.read(segment.name)
        except OSError:
            segment.keep = True
            damaged("unreadable", segment.name, 0)
            return
        segment.size = len(content)
        for offset, found in scan(content, segment.key):
            if isinstance(found, Damage):
                self._deal_with(segment, offset, found)
            elif found.kind is Kind.ADDED:
                place = segment.place(offset)
                waiting[place] = Record(found.id, found.body, found.at, place)
                segment.waiting.add(place)
                self._holder[place] = segment
            elif waiting.pop(found.place, None) is not None:
                self._holder.pop(found.place).waiting.discard(found.place)

    def _deal_with(self, segment: Segment, offset: int, damage: Damage) -> None:
        try:
            if damage.torn:
                self._folder.cut(segment.name, offset)
                segment.size = offset
                damaged("torn", segment.name, offset)
            elif self._folder.set_aside(changed_name(segment.name, offset), damage.content):
                damaged("changed", segment.name, offset)
        except OSError as error:
            segment.keep |= not damage.torn
            failed("cut" if damage.torn else "set_aside", error)

    def _keep(self, entries: list[Entry]) -> list[Record | SpoolFailed]:
        if not entries:
            return []
        try:
            segment, places = self._segments.write(entries)
        except OSError as error:
            if len(entries) > 1 and error.errno in _NO_ROOM:
                return [outcome for entry in entries for outcome in self._keep([entry])]
            failure = failed("add", error, len(entries))
            return [failure for _ in entries]
        records: list[Record | SpoolFailed] = []
        for entry, place in zip(entries, places, strict=True):
            segment.waiting.add(place)
            self._holder[place] = segment
            records.append(Record(entry.id, entry.body, entry.at, place))
        return records
