"""How long from a press to the last of twenty watchers, quiet and with 300 durable calls a second beside it.

python -m bench.presses [--home var/bench]
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import typer
import uvloop

from deploy.local.platform import Platform
from deploy.people.radio import Gateway, Pressed
from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from services.watch.console import Console
from services.watch.following import CALL_SECONDS
from services.watch.replicas import Replicas

FORCE = "west-yorkshire"
_WATCHERS, _PRESSES, _WARM_UP = 20, 300, 40
_EVERY_SECONDS, _SHOWN_SECONDS = 0.125, 10.0
_RATE = 300.0
_LOAD_IN_FLIGHT = 32
_ROLES = ("dispatcher", "radio_gateway", "supervisor")


@dataclass(frozen=True, slots=True)
class Presses:
    """Milliseconds from a press to its last watcher."""

    p50_ms: float
    p99_ms: float
    max_ms: float


class _Silent(Console):
    """A watcher that says nothing back: what is measured is the way out to it."""

    async def _say_shown(self, emergency_id: str, alarms: Collection[str]) -> bool:
        return True


class _Person(Console):
    """A watcher at which somebody sits who takes what is shown, and whose supervisor ends it.

    Else hundreds would be open and escalate, as in no force on any day.
    """

    def __init__(self, name: str, force: str, replicas: Replicas, supervisor: Replicas) -> None:
        super().__init__(name, force, replicas)
        self._supervisor = supervisor

    async def _say_shown(self, emergency_id: str, alarms: Collection[str]) -> bool:
        await self.acknowledge(emergency_id)
        over = api.ClearEmergencyRequest(
            request_id=str(uuid4()), force=FORCE, emergency_id=emergency_id, explanation="bench", seen_signal_ids=alarms
        )
        stub = EmergencyServiceStub(self._supervisor.channel)
        await stub.ClearEmergency(over, timeout=CALL_SECONDS, metadata=self._supervisor.headers)
        return True


async def measure(platform: Platform) -> dict[str, Presses]:
    """`quiet` and `loaded`, one after the other. The platform has to be up."""
    addresses = platform.addresses["safety-emergency"].split(",")
    # A person each: whoever took an emergency may not clear it without the officer's code.
    tokens = {role: platform.authority.token([role], FORCE, role) for role in _ROLES}

    def replicas(role: str, first: int) -> Replicas:
        return Replicas(addresses, platform.authority.ca, tokens[role], first=first)

    supervisor = replicas("supervisor", 0)
    watchers: list[Console] = [_Silent(f"pod-{at}", FORCE, replicas("dispatcher", at)) for at in range(1, _WATCHERS)]
    watchers.append(_Person("pod-0", FORCE, replicas("dispatcher", 0), supervisor))
    watching = [asyncio.create_task(watcher.run()) for watcher in watchers]
    radios = replicas("radio_gateway", 0)
    try:
        async with asyncio.timeout(30):
            for watcher in watchers:
                await watcher.watching.wait()
        gateway = Gateway(FORCE, radios)
        await _presses(gateway, watchers, "warm", _WARM_UP)
        quiet = await _presses(gateway, watchers, "quiet", _PRESSES)
        async with _load(platform):
            loaded = await _presses(gateway, watchers, "loaded", _PRESSES)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for one in (radios, supervisor, *(watcher.replicas for watcher in watchers)):
            await one.close()
    return {"quiet": quiet, "loaded": loaded}


async def _presses(gateway: Gateway, watchers: Sequence[Console], name: str, count: int) -> Presses:
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[Pressed]] = []
        for number in range(count):
            tasks.append(group.create_task(gateway.press(f"bench-{name}-{number}")))
            await asyncio.sleep(_EVERY_SECONDS)
    pressed = [task.result() for task in tasks]
    deadline = time.monotonic() + _SHOWN_SECONDS
    for watcher in watchers:
        # Woken by each message; the deadline is for a press that never comes.
        while any(one.emergency_id not in watcher.seen for one in pressed):
            watcher.changed.clear()
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await watcher.changed.wait()
    took = sorted(max(watcher.seen[one.emergency_id] for watcher in watchers) - one.sent_at for one in pressed)
    return Presses(*(1_000 * took[at] for at in (len(took) // 2, int(len(took) * 0.99), -1)))


@asynccontextmanager
async def _load(platform: Platform) -> AsyncIterator[None]:
    """300 contacts a second, durable and audited, taken by call intake and recorded by crime, from another process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load", platform.addresses["intake"]),
        *("--authority", str(platform.authority.ca), "--token-file", str(platform.token_file("call_handler"))),
        *("--in-flight", str(_LOAD_IN_FLIGHT), "--rate", str(_RATE), "--seconds", "120"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        # Not while it starts.
        await asyncio.sleep(3.0)
        yield
    finally:
        process.terminate()
        await process.wait()


def main(home: Path = Path("var/bench")) -> None:
    """Measures on a platform of its own and prints JSON."""
    with Platform(home) as platform:
        found = uvloop.run(measure(platform))
    typer.echo(json.dumps({name: asdict(one) for name, one in found.items()}, indent=2))


if __name__ == "__main__":
    typer.run(main)
