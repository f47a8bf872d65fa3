"""The platform under review, the people who call it, and the ways in which it is made to fail."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.pidfile import descendants
from deploy.local.platform import Platform
from deploy.people.line import Line
from deploy.people.radio import Gateway
from services.watch.console import Console
from services.watch.replicas import Replicas

FORCE = "west-yorkshire"
_ROLES = (
    *("call_handler", "dispatcher", "officer", "supervisor", "crime_recorder", "auditor", "intelligence"),
    *("radio_gateway",),
)
_HOURS = 2.0


@dataclass(slots=True)
class Tally:
    """Calls that were answered, and calls that were made again because no answer came."""

    calls: int = 0
    retries: int = 0


class Stage:
    """A platform that is up."""

    def __init__(self, platform: Platform, line: Line, tokens: dict[str, str], tally: Tally) -> None:
        self.platform, self.line, self.tally = platform, line, tally
        self._tokens = tokens

    @property
    def authority(self) -> Path:
        return self.platform.authority.ca

    @property
    def emergency_addresses(self) -> Sequence[str]:
        """The replicas of the emergency path."""
        return self.platform.addresses["safety-emergency"].split(",")

    def replicas(self, role: str, first: int = 0) -> Replicas:
        """The emergency path, as somebody of that role reaches it; `first` says at which replica they begin."""
        return Replicas(self.emergency_addresses, self.authority, self._tokens[role], first=first)

    def token(self, role: str, subject: str) -> str:
        """A token for somebody by name."""
        return self.platform.authority.token([role], FORCE, subject, _HOURS)

    @asynccontextmanager
    async def consoles(self, *names: str) -> AsyncIterator[list[Console]]:
        """Positions that watch, each beginning at another replica."""
        replicas = [self.replicas("dispatcher", at) for at in range(len(names))]
        consoles = [Console(name, FORCE, one) for name, one in zip(names, replicas, strict=True)]
        watching = [asyncio.create_task(console.run()) for console in consoles]
        try:
            async with asyncio.timeout(20):
                for console in consoles:
                    await console.watching.wait()
            yield consoles
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            for one in replicas:
                await one.close()

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[Gateway]:
        """The gateway of the radios."""
        replicas = self.replicas("radio_gateway")
        try:
            yield Gateway(FORCE, replicas)
        finally:
            await replicas.close()

    @asynccontextmanager
    async def without(self, *names: str) -> AsyncIterator[None]:
        """Stops processes by name, all at once, and starts them again afterwards."""
        await asyncio.gather(*(asyncio.to_thread(self._stop, name) for name in names))
        try:
            yield
        finally:
            await asyncio.gather(*(asyncio.to_thread(self._start, name) for name in names))

    async def kill(self, name: str) -> None:
        """SIGKILL; the platform brings it back."""
        servers = {"postgres": self.platform.postgres.kill, "kafka": self.platform.kafka.kill}
        await asyncio.to_thread(servers.get(name) or self.platform.supervisor[name].kill)

    async def ready(self) -> None:
        """Returns once every process says that it is ready. Raises LocalFault where one does not in a minute."""
        for process in self.platform.supervisor:
            await asyncio.to_thread(process.wait_ready)

    @asynccontextmanager
    async def frozen_postgres(self) -> AsyncIterator[None]:
        """Every process of PostgreSQL stands still: connections are there, and nothing answers."""
        postmaster = self.platform.postgres.pid
        if postmaster is None:
            raise RuntimeError("PostgreSQL does not run")
        processes = [postmaster, *(process.pid for process in descendants(postmaster))]
        _send(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _send(processes, signal.SIGCONT)

    def _stop(self, name: str) -> None:
        self.platform.supervisor[name].stop()

    def _start(self, name: str) -> None:
        process = self.platform.supervisor[name]
        process.start()
        process.wait_ready()


def _send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        # One that ended meanwhile.
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@asynccontextmanager
async def open_stage(platform: Platform) -> AsyncIterator[Stage]:
    """The people take their places on a platform that is up."""
    tally = Tally()
    tokens = {
        role: platform.authority.token([role], FORCE, f"review-{role.replace('_', '-')}", _HOURS) for role in _ROLES
    }
    async with Line(platform.addresses, platform.authority.ca, tokens, tally) as line:
        yield Stage(platform, line, tokens, tally)
