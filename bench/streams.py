"""What ten thousand idle streams cost the process that holds them; what they cost the client is measured apart.

python -m bench.streams [--home var/bench]
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import psutil
import typer
import uvloop

from bench.fleet import on_duty
from bench.holding import CONSOLES, FORCE, TERMINALS
from deploy.local.platform import Platform

_UNITS = 100
_SETTLE_SECONDS, _IDLE_SECONDS = 3.0, 20.0


@dataclass(frozen=True, slots=True)
class Streams:
    """Memory of the server before and with the streams, what one of them costs it, what they cost it while they idle,
    and the memory of the client that held them."""

    streams: int
    seconds_to_open: float
    server_mb_before: float
    server_mb_with: float
    server_kb_a_stream: float
    server_share_of_core_idle: float
    server_mb_after: float
    client_mb: float


async def measure(platform: Platform) -> Streams:
    """The platform has to be up."""
    async with on_duty(platform, FORCE, _UNITS) as units:
        return await _hold(platform, units)


async def _hold(platform: Platform, units: list[UUID]) -> Streams:
    server = psutil.Process(platform.pids["dispatch-api"])
    before = server.memory_info().rss
    began = time.perf_counter()
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.holding", platform.addresses["dispatch"]),
        *(str(platform.authority.ca), str(platform.home / "tokens"), *map(str, units)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if client.stdin is None or client.stdout is None:
        raise RuntimeError("the client has no pipes")
    told = json.loads(await asyncio.wait_for(client.stdout.readline(), 240))
    opened = time.perf_counter() - began
    await asyncio.sleep(_SETTLE_SECONDS)
    held, spent = server.memory_info().rss, server.cpu_times()
    await asyncio.sleep(_IDLE_SECONDS)
    later = server.cpu_times()
    idle = (later.user + later.system - spent.user - spent.system) / _IDLE_SECONDS
    client.stdin.close()
    await client.wait()
    await asyncio.sleep(_SETTLE_SECONDS)
    streams = TERMINALS + CONSOLES
    megabytes = (before / 1e6, held / 1e6, (held - before) / streams / 1e3)
    return Streams(streams, opened, *megabytes, idle, server.memory_info().rss / 1e6, told["mb"])


def main(home: Path = Path("var/bench")) -> None:
    """Measures on a platform of its own and prints JSON."""
    with Platform(home) as platform:
        found = uvloop.run(measure(platform))
    typer.echo(json.dumps(asdict(found), indent=2))


if __name__ == "__main__":
    typer.run(main)
