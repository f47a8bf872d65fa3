"""A disk that fails when told to: it is full, refuses to sync, loses what was not synced, or its process is killed."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

_CALLS = ("open", "write", "fsync", "fdatasync", "ftruncate", "unlink", "replace", "mkdir")


class Killed(Exception):
    """What a process that was killed in this very call would not live to see."""


class Disk:
    """Stands between the code and everything below one folder. Only what was synced survives its power cut."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.syncs = 0
        # Bytes that are free; None: as many as you like.
        self.room: int | None = None
        # Most bytes that one write takes.
        self.piece: int | None = None
        # By call: the error that it fails with.
        self.refuses: dict[str, int] = {}
        # Calls until the process is killed in one.
        self.kill_in: int | None = None
        self._real = {name: getattr(os, name) for name in _CALLS}
        self._synced: dict[int, int] = {}
        self._known: set[Path] = set()
        self._removed: dict[Path, bytes] = {}

    @contextmanager
    def between(self) -> Iterator["Disk"]:
        """Every call of this process goes through here meanwhile."""
        with pytest.MonkeyPatch.context() as patch:
            for name in _CALLS:
                patch.setattr(os, name, self._watched(name))
            yield self

    def healthy(self) -> None:
        """Nothing fails from now on."""
        self.room = self.piece = self.kill_in = None
        self.refuses.clear()

    def power_cut(self, survives: Callable[[int, int], int]) -> None:
        """Undoes what was not synced, removals too.

        Of each file, `survives` says how much does, between what was synced and all of it.
        """
        self.healthy()
        for path, content in self._removed.items():
            path.write_bytes(content)
            self._synced[path.stat().st_ino] = len(content)
        self._removed.clear()
        for path in sorted(self.folder.rglob("*")):
            if path not in self._known and path.is_dir():
                shutil.rmtree(path)
            elif path not in self._known:
                path.unlink(missing_ok=True)
            elif path.is_file():
                size = path.stat().st_size
                os.truncate(path, survives(min(size, self._synced.get(path.stat().st_ino, 0)), size))

    def let_go(self) -> None:
        """Closes what a process that was killed would have had open."""
        for fd in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
            with suppress(OSError):
                if self._concerns(fd):
                    os.close(fd)

    def _watched(self, name: str) -> Callable[..., Any]:
        act = getattr(self, f"_{name}", None) or self._real[name]

        def call(target: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._concerns(target) or (name == "open" and not args[0] & os.O_CREAT):
                return self._real[name](target, *args, **kwargs)
            if self.kill_in is not None:
                self.kill_in -= 1
                if self.kill_in <= 0:
                    if self.kill_in == 0 and name == "write":
                        self._real["write"](target, bytes(args[0])[: len(args[0]) // 2])
                    raise Killed(name)
            if name in self.refuses:
                raise OSError(self.refuses[name], os.strerror(self.refuses[name]))
            return act(target, *args, **kwargs)

        return call

    def _concerns(self, target: Any) -> bool:
        path = Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else Path(target)
        return path == self.folder or self.folder in path.parents

    def _open(self, path: Path, *how: int) -> int:
        fd: int = self._real["open"](path, *how)
        inode = os.fstat(fd)
        if inode.st_size == 0:
            # It may have the number of a file that was removed: nothing of this one is synced.
            self._synced[inode.st_ino] = 0
        return fd

    def _write(self, fd: int, content: bytes) -> int:
        part = bytes(content)[: self.piece]
        if self.room is not None:
            part = part[: self.room]
            if not part:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.room -= len(part)
        written: int = self._real["write"](fd, part)
        return written

    def _ftruncate(self, fd: int, size: int) -> None:
        self._freed(os.fstat(fd).st_size - size)
        self._real["ftruncate"](fd, size)

    def _unlink(self, path: Path) -> None:
        if path in self._known:
            self._removed[path] = path.read_bytes()[: self._synced.get(path.stat().st_ino, 0)]
        self._freed(path.stat().st_size)
        self._real["unlink"](path)

    def _freed(self, size: int) -> None:
        if self.room is not None:
            self.room += size

    def _fdatasync(self, fd: int) -> None:
        self.syncs += 1
        self._synced[os.fstat(fd).st_ino] = os.fstat(fd).st_size

    def _fsync(self, fd: int) -> None:
        path = Path(f"/proc/self/fd/{fd}").readlink()
        if path.is_dir():
            self._known |= set(path.iterdir())
            self._removed = {gone: content for gone, content in self._removed.items() if gone.parent != path}
        else:
            self._fdatasync(fd)
