"""Whether the path of each site works: a synthetic press that a watcher has shown proves it (R-OS-07).

By the machine's own clock, and in memory: a rehearsal must not hide a dead path, and neither must a dead database.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel.clock import SystemClock
from services.kernel.pause import pause
from services.kernel.telemetry.metrics import gauge
from services.safety.emergency.board import Change
from services.safety.emergency.domain.signals import SignalKind

_LOOK_SECONDS = 1.0
# Of a site that no table names but that was heard of.
_WITHIN = timedelta(seconds=180)

UNPROVEN = gauge(
    "peel_emergency_path_unproven_seconds",
    "Time since a synthetic press of the site came through the public door to a watcher, by force and site.",
    action="Past 180: a real press from there may be heard by nobody. Find out what the probe of that site says.",
    labels=("force", "site"),
)


@dataclass(slots=True)
class _Path:
    within: timedelta
    # By the monotonic clock: also what nobody has proven yet has to be, in time.
    proven: float
    proven_at: datetime | None = None
    alarmed: bool = False


@dataclass(frozen=True, slots=True)
class SiteState:
    """Whether a site's path is unproven for too long, and when it was proven last."""

    site: str
    alarmed: bool
    proven_at: datetime | None


class Proofs:
    """The sites that this replica answers for."""

    def __init__(self, sites: dict[tuple[str, str], timedelta]) -> None:
        self._clock = SystemClock()
        now = time.monotonic()
        self._paths = {name: _Path(within, now) for name, within in sites.items()}
        self._listeners: list[Callable[[str, str], None]] = []

    def listen(self, listener: Callable[[str, str], None]) -> None:
        """Tells somebody of the force and site whose state has changed."""
        self._listeners.append(listener)

    def changed(self, change: Change) -> None:
        """A listener of the board."""
        emergency, held = change.emergency, change.held
        if not emergency.synthetic or held is None or held.signal.kind is not SignalKind.SHOWN:
            return
        name = (emergency.force, emergency.presses[0].site)
        if not emergency.presses[0].site:
            # The self-test of a device: it was made beyond the door that a site's radios come through.
            return
        path = self._paths.setdefault(name, _Path(_WITHIN, 0.0))
        path.proven, path.proven_at = time.monotonic(), self._clock.now()
        self._note(name, path, alarmed=False)

    def states(self, force: str) -> list[SiteState]:
        """Of a force's sites."""
        return [
            SiteState(site, path.alarmed, path.proven_at) for (of, site), path in self._paths.items() if of == force
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until `stop` is set."""
        while not stop.is_set():
            self.look()
            await pause(_LOOK_SECONDS, stop)

    def look(self) -> None:
        """Notes what has been unproven for too long."""
        now = time.monotonic()
        for name, path in self._paths.items():
            UNPROVEN.labels(*name).set(now - path.proven)
            self._note(name, path, alarmed=now - path.proven > path.within.total_seconds())

    def _note(self, name: tuple[str, str], path: _Path, *, alarmed: bool) -> None:
        if path.alarmed != alarmed:
            path.alarmed = alarmed
            for listener in self._listeners:
                listener(*name)
