"""What a spool set aside, for a person to look at and to deal with, while the spool's own process works on.

Nothing here needs the folder's lock. A file that was set aside appears whole and is never written to again by the
process that owns the spool; whoever has dealt with one takes it away, and the owner counts what is left.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from services.kernel.errors import OperatorFault
from services.kernel.spool.folder import ASIDE, UNFINISHED, sync_folder
from services.kernel.spool.records import Entry, Record, made_out

_AT = "%Y%m%dT%H%M%S.%fZ"
_REFUSED = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)-([0-9a-f-]{36})-(\d+)\.refused")
_CHANGED = re.compile(r"(\d{8}-[0-9a-f]{16}\.spool)-\d+\.changed")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Aside:
    """A file that was set aside.

    `record` is what the store refused, whole. Of damaged bytes it is None, and `entries` are those of which at least
    the id and the time can be made out; neither where the file is none of the spool's.
    """

    name: str
    size: int
    since: datetime
    record: Record | None = None
    entries: tuple[Entry, ...] = ()


def refused_name(record: Record) -> str:
    """The name of the file that a record is set aside in."""
    return f"{record.added_at.strftime(_AT)}-{record.id}-{record.place}.refused"


def changed_name(segment: str, offset: int) -> str:
    """The name of the file that damaged bytes of a segment are set aside in."""
    return f"{segment}-{offset}.changed"


class AsideFolder:
    """The files that the spool of a folder has set aside. Every error is an OperatorFault that says what to do."""

    def __init__(self, spool: Path) -> None:
        """`spool` is the folder of the spool itself. Raises OperatorFault where there is none."""
        if not spool.is_dir():
            raise OperatorFault(f"there is no spool folder {spool}")
        self._path = spool / ASIDE

    def all(self) -> list[Aside]:
        """Every file, by name: refused ones by when they were added."""
        return [found for name in self._names() if (found := self._read(name)) is not None]

    def get(self, name: str) -> Aside:
        """One file. Raises OperatorFault where there is none of that name."""
        # By the list of what is there: a name that is given leads to no file elsewhere.
        found = self._read(name) if name in self._names() else None
        if found is None:
            raise OperatorFault(f"no file {name} is set aside here")
        return found

    def take_away(self, name: str) -> None:
        """Removes a file for good, once it is dealt with. One that somebody else took away is no error."""

        def remove() -> None:
            (self._path / name).unlink(missing_ok=True)
            sync_folder(self._path)

        self._told(remove)

    def _names(self) -> list[str]:
        def listed() -> list[str]:
            if not self._path.is_dir():
                return []
            return [entry.name for entry in self._path.iterdir() if entry.is_file()]

        return sorted(name for name in self._told(listed) if not name.endswith(UNFINISHED))

    def _read(self, name: str) -> Aside | None:
        """None where somebody has taken it away."""
        path = self._path / name
        try:
            content, changed_at = self._told(lambda: (path.read_bytes(), path.stat().st_mtime))
        except FileNotFoundError:
            return None
        since = datetime.fromtimestamp(changed_at, UTC)
        if (refused := _REFUSED.fullmatch(name)) is not None:
            added_at = datetime.strptime(refused[1], _AT).replace(tzinfo=UTC)
            return Aside(name, len(content), since, Record(UUID(refused[2]), content, added_at, int(refused[3])))
        if (changed := _CHANGED.fullmatch(name)) is not None:
            return Aside(name, len(content), since, entries=tuple(made_out(content, changed[1].encode())))
        return Aside(name, len(content), since)

    def _told(self, act: Callable[[], Answer]) -> Answer:
        try:
            return act()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise OperatorFault(f"the folder {self._path} cannot be used: {error.strerror}") from error
