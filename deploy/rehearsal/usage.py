"""Processor time by process: where the time of a rehearsal goes."""

import os
from collections.abc import Mapping

import psutil


class Usage:
    """Adds up what each process used, and whoever took its place after a kill."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, int], float] = {}

    def look(self, pids: Mapping[str, int]) -> None:
        """Notes what the processes, by name, have used so far: each its own, PostgreSQL that of its servers too."""
        for name, pid in pids.items():
            used = _used(pid, with_children=name == "postgres")
            self._seconds[name, pid] = max(used, self._seconds.get((name, pid), 0.0))
        self._seconds["rehearsal", os.getpid()] = sum(psutil.Process().cpu_times()[:2])

    def seconds(self) -> dict[str, float]:
        """Processor seconds by name."""
        totals: dict[str, float] = {}
        for (name, _), used in self._seconds.items():
            totals[name] = round(totals.get(name, 0.0) + used, 1)
        return totals


def _used(pid: int, *, with_children: bool) -> float:
    """Seconds that a process and its ended children used, with its living ones if asked for; 0 for one that is gone."""
    try:
        process = psutil.Process(pid)
        children = process.children(recursive=True) if with_children else []
        return sum(sum(one.cpu_times()[:4]) for one in (process, *children))
    except psutil.NoSuchProcess:
        return 0.0
