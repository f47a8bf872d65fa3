"""The way from a force's radios to here. Where none of them is heard, it is that which is silent, and not each of them
(R-OS-07): hundreds of alarms at once would hide the one that matters."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

_PATHS = UUID("0b7c6d1e-5a35-5d0b-8d3d-3a2f0c9f6e21")
# Of one radio nobody can tell whether it is silent or the way from it.
_SEVERAL = 2
# A pause of this share of what a radio may be silent is the way's: each radio is heard three times in that time.
_BREAK = 0.5


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a look for signs of life came to: how many radios of a force are on duty, the first of them since when, and
    when any of them was heard last."""

    force: str
    radios: int = 0
    on_duty_since: datetime | None = None
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RadioPath:
    """A force's path. `steady_since`: what was not heard before then may have been lost. `sequence` counts its events.

    `radios` are those on duty.
    """

    force: str
    radios: int = 0
    unheard_since: datetime | None = None
    heard_at: datetime | None = None
    steady_since: datetime | None = None
    silent_since: datetime | None = None
    sequence: int = 0

    @property
    def id(self) -> UUID:
        return uuid5(_PATHS, self.force)

    def doubtful(self, now: datetime, allowed: timedelta) -> bool:
        """Whether nothing has come by it for so long that no radio can be called silent."""
        return self._unheard_for(now) > allowed * _BREAK

    def over(self, now: datetime, allowed: timedelta) -> bool:
        """Whether nothing has come by it for longer than a radio may be silent."""
        return self._unheard_for(now) > allowed

    def _unheard_for(self, now: datetime) -> timedelta:
        return now - self.unheard_since if self.radios >= _SEVERAL and self.unheard_since else timedelta(0)


def looked_at(before: RadioPath, hearing: Hearing, now: datetime, allowed: timedelta, *, away: bool) -> RadioPath:
    """The path after a look. `away`: nobody looked for a while, or nobody could; who was not heard meanwhile, nobody
    knows, and each radio has its whole time again. So it has after a pause of the path itself."""
    path = replace(before, radios=hearing.radios, heard_at=hearing.heard_at)
    if away or _paused(before, hearing, allowed):
        path = replace(path, steady_since=now)
    signs = (path.heard_at, path.steady_since)
    path = replace(path, unheard_since=max((one for one in signs if one), default=hearing.on_duty_since))
    if path.over(now, allowed) == (path.silent_since is not None):
        return path
    if path.silent_since is None:
        return replace(path, silent_since=path.unheard_since, sequence=path.sequence + 1)
    return replace(path, silent_since=None, steady_since=now, sequence=path.sequence + 1)


def _paused(before: RadioPath, hearing: Hearing, allowed: timedelta) -> bool:
    if hearing.radios < _SEVERAL or before.heard_at is None or hearing.heard_at is None:
        return False
    return hearing.heard_at - before.heard_at > allowed * _BREAK
