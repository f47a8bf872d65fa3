"""The folder of a spool: one process owns it, and every file that comes or goes is synced into it.

It holds personal data: only its owner may enter or read (0700, 0600).
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from services.kernel.errors import OperatorFault

ASIDE = "set-aside"
# Not counted: it is there only while it is written.
UNFINISHED = ".unfinished"


class Folder:
    """A folder that this process owns until it is closed or the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Makes the folder where it is missing, and owns it.

        Raises OperatorFault where another process owns it or it cannot be used. That nothing can be written there is no
        reason: what it holds can still be replayed.
        """
        self._path = path
        self._aside_count = 0
        try:
            if not path.is_dir():
                path.mkdir(mode=0o700, parents=True)
                sync_folder(path.parent)
            if path.stat().st_mode & 0o077:
                path.chmod(0o700)
            # The lock is the folder's own: no file has to be made for it on a full disk.
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise OperatorFault(f"the spool folder {path} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise OperatorFault(f"the spool folder {path} is in use by another process: give each its own") from None
        except OSError as error:
            # Some network file systems know no locks. Two owners would tear each other's records.
            os.close(self._fd)
            raise OperatorFault(f"the spool folder {path} cannot be locked: {error.strerror}") from error

    def names(self) -> list[str]:
        """What is in it, by name. Raises OSError."""
        return sorted(entry.name for entry in self._path.iterdir())

    def read(self, name: str) -> bytes:
        """All of a file. Raises OSError."""
        return (self._path / name).read_bytes()

    def create(self, name: str) -> int:
        """A new file open for appending, known to the folder for good. Raises OSError, and then there is none."""
        fd = os.open(self._path / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            os.fsync(self._fd)
        except OSError:
            os.close(fd)
            with suppress(OSError):
                (self._path / name).unlink()
            raise
        return fd

    def cut(self, name: str, size: int) -> None:
        """Shortens a file to so many bytes, durably. Raises OSError."""
        fd = os.open(self._path / name, os.O_WRONLY)
        try:
            os.ftruncate(fd, size)
            os.fsync(fd)
        finally:
            os.close(fd)

    def remove(self, name: str) -> None:
        """Removes a file for good. Raises OSError."""
        (self._path / name).unlink(missing_ok=True)
        os.fsync(self._fd)

    def set_aside(self, name: str, content: bytes) -> bool:
        """Keeps bytes for a person, whole or not at all. False where a file of that name is there. Raises OSError."""
        aside = self._path / ASIDE
        if not aside.is_dir():
            aside.mkdir(mode=0o700)
        fresh = not (aside / name).exists()
        if fresh:
            unfinished = aside / f"{name}{UNFINISHED}"
            fd = os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
            try:
                write_all(fd, content)
                os.fsync(fd)
            finally:
                os.close(fd)
            unfinished.replace(aside / name)
        # Also where it was there: an earlier try may have failed at this very point.
        sync_folder(aside)
        os.fsync(self._fd)
        return fresh

    def aside_count(self) -> int:
        """Files that wait for a person, who deals with one by taking it away."""
        # Asked whenever metrics are read: a folder that cannot be listed now must not cost all other metrics.
        with suppress(OSError):
            self._aside_count = sum(1 for _ in self._waiting_aside())
        return self._aside_count

    def _waiting_aside(self) -> Iterator[Path]:
        aside = self._path / ASIDE
        if aside.is_dir():
            yield from (entry for entry in aside.iterdir() if not entry.name.endswith(UNFINISHED))

    def close(self) -> None:
        """Lets another process own it."""
        os.close(self._fd)


def write_all(fd: int, content: bytes) -> None:
    """Writes all of it, however little of it one call takes. Raises OSError."""
    rest = memoryview(content)
    while rest:
        written = os.write(fd, rest)
        if written == 0:
            raise OSError(errno.EIO, "nothing was written")
        rest = rest[written:]


def sync_folder(path: Path) -> None:
    """Makes what came and went in a folder last. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
