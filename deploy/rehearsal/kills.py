"""What is killed on the way, at seeded hours: nothing may be lost by it, and nothing counted twice."""

import asyncio
import random
from collections.abc import Callable
from enum import StrEnum

from deploy.local.platform import Platform
from deploy.rehearsal.contacts import SEED
from deploy.rehearsal.progress import Progress


class Kill(StrEnum):
    """What to kill -9 in the middle of the month: the worker of crime three times, a server once, or all of them."""

    worker = "worker"
    kafka = "kafka"
    postgres = "postgres"
    all = "all"


_WORKER_TIMES = 3
# Not in its first and last tenth, where there is little to lose.
_FROM, _TO = 0.1, 0.9


def kill_hours(what: Kill | None, hours: int) -> dict[int, str]:
    """Which process to kill in which hour of the month, by the supervisor's names."""
    victims = {
        Kill.worker: ["crime-worker"] * _WORKER_TIMES,
        Kill.kafka: ["kafka"],
        Kill.postgres: ["postgres"],
        Kill.all: [*["crime-worker"] * _WORKER_TIMES, "kafka", "postgres"],
    }
    names = victims[what] if what else []
    rng = random.Random(SEED)
    # One in each stretch of the month, so that what was killed is well again before the next.
    stretch = (_TO - _FROM) / max(1, len(names))
    rng.shuffle(names)
    return {round(hours * (_FROM + stretch * (at + rng.random() / 2))): name for at, name in enumerate(names)}


class Killer:
    """Kills when its hour has come; the supervisor brings back what was killed."""

    def __init__(self, platform: Platform, hours: dict[int, str], group: asyncio.TaskGroup, progress: Progress) -> None:
        self._platform, self._hours, self._group, self._progress = platform, hours, group, progress

    def strike(self, hour: int) -> None:
        """Begins the kill of that hour of the month, if there is one."""
        if name := self._hours.get(hour):
            self._group.create_task(asyncio.to_thread(self._kill(name)))
            self._progress.kills.append(name)

    def _kill(self, name: str) -> Callable[[], None]:
        servers = {"postgres": self._platform.postgres.kill, "kafka": self._platform.kafka.kill}
        return servers.get(name) or self._platform.supervisor[name].kill
