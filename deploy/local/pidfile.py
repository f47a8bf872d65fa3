"""Pid files that can be believed: a number alone may by now be another process's."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil

# Start times are counted from the machine's start, which clocks round differently.
_ROUNDING_SECONDS = 1.0
_GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.02


def write_pid_file(file: Path, pid: int) -> None:
    """Notes a running child of ours, with the moment it started."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{pid} {psutil.Process(pid).create_time()}\n")


def living(file: Path) -> psutil.Process | None:
    """The process that the file notes, if that very process is still there."""
    try:
        pid, started = file.read_text().split()
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - float(started)) < _ROUNDING_SECONDS
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if same and _lives(process) else None


def end_noted(folder: Path) -> list[str]:
    """Ends every process noted in the folder with all its children, and forgets them. Returns the names of those found.

    They were left by a run that was itself killed. SIGTERM first, SIGKILL after five seconds.
    """
    ended = []
    doomed: list[psutil.Process] = []
    for file in sorted(folder.glob("*.pid")):
        if process := living(file):
            ended.append(file.stem)
            doomed += [process, *descendants(process.pid)]
        file.unlink()
    end(doomed)
    return ended


def descendants(pid: int) -> list[psutil.Process]:
    """The children of a process and theirs; none where it is gone."""
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def runs(pid: int, program: str) -> bool:
    """Whether a process of that id lives and runs that program."""
    try:
        return bool(psutil.Process(pid).name() == program)
    except psutil.NoSuchProcess:
        return False


def end(processes: list[psutil.Process], *, grace_seconds: float = _GRACE_SECONDS) -> None:
    """Ends processes that need not be our children; returns once they are gone. Without grace: SIGKILL at once."""
    for process in processes:
        _signal(process.terminate if grace_seconds else process.kill)
    if grace_seconds and (left := _wait_gone(processes, grace_seconds)):
        end(left, grace_seconds=0)
    else:
        _wait_gone(processes, _GRACE_SECONDS)


def _wait_gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """The processes that are still there when the time is over."""
    deadline = time.monotonic() + seconds
    while (left := [p for p in processes if _lives(p)]) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return left


def _lives(process: psutil.Process) -> bool:
    # What is dead and only waits for its parent to collect it holds nothing any more, but until its last thread has
    # ended it does: a port, for instance.
    try:
        dead = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
        return bool(process.is_running() and not dead)
    except psutil.NoSuchProcess:
        return False


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return
