"""Waiting for what must come about, and looking whether a process is still there."""

import time
from collections.abc import Callable

import psutil

_POLL_SECONDS = 0.02


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Returns once something is so; fails when it is not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(_POLL_SECONDS)


def gone(pid: int) -> bool:
    """Whether a process is no more. One that is dead to the last thread and only waits to be collected is no more."""
    try:
        process = psutil.Process(pid)
        return bool(process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1)
    except psutil.NoSuchProcess:
        return True


def family(pid: int) -> set[int]:
    """A process and all its descendants."""
    return {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
