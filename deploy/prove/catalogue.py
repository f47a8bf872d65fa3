"""The backlog catalogue, as `peel backlogs` tells it to an operator."""

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass

from deploy.prove.stage import Stage

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Line:
    """One backlog."""

    name: str
    owner: str
    size: int
    oldest_seconds: float


async def catalogue(stage: Stage) -> dict[str, Line]:
    """Every backlog that could be measured, by name."""
    # Its status says whether all was measured; what was is told either way. From a thread, and not by the event loop:
    # that one forks, which gRPC complains of.
    ran = await asyncio.to_thread(
        subprocess.run,
        (sys.executable, "-m", "services.cli", "backlogs", "--json"),
        env=stage.platform.env("crime-api"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=False,
    )
    lines = json.loads(ran.stdout)["backlogs"]
    return {one["name"]: Line(one["name"], one["owner"], one["size"], one["oldest_seconds"]) for one in lines}
