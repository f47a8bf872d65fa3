"""The folder that a platform keeps its state in: one platform at a time, and none of a killed one left behind."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import IO

from deploy.local.faults import LocalFault
from deploy.local.pidfile import end_noted

_LOCK = "platform.lock"


class Home:
    """A platform's folder. Its lock is the kernel's, so it opens by itself when its holder dies."""

    def __init__(self, path: Path, made: tuple[str, ...]) -> None:
        """`made` names what a platform makes in there; nothing else is ever removed."""
        self.path = path
        self._made = made
        self._lock: IO[str] | None = None

    @property
    def pids(self) -> Path:
        """Folder of the pid files of this platform's processes."""
        return self.path / "pids"

    def claim(self) -> list[str]:
        """Takes the folder, and ends what a killed run left running; returns the names of those processes.

        Raises LocalFault where a platform is up in it, or where the folder holds things of these names that no
        platform made: they would be wiped.
        """
        lock = self.path / _LOCK
        foreign = [name for name in self._made if (self.path / name).exists()]
        if foreign and not lock.exists():
            raise LocalFault(f"{self.path} holds {', '.join(foreign)}, which no platform made: choose another folder")
        self.path.mkdir(parents=True, exist_ok=True)
        held = lock.open("a+")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            holder = held.read().strip()
            held.close()
            raise LocalFault(f"a platform is up in {self.path} (process {holder}); stop that one first") from None
        held.truncate(0)
        held.write(f"{os.getpid()}\n")
        held.flush()
        self._lock = held
        return end_noted(self.pids)

    def wipe(self) -> None:
        """Removes what earlier platforms made here."""
        for name in self._made:
            thing = self.path / name
            if thing.is_dir() and not thing.is_symlink():
                shutil.rmtree(thing)
            else:
                thing.unlink(missing_ok=True)

    def release(self) -> None:
        """Lets the next platform in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
