"""The backlog catalogue, as `peel backlogs` tells it to an operator."""

import asyncio
import json
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
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "backlogs", "--json"),
        env=stage.platform.env("crime-api"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    # Its status says whether all was measured; what was is told either way.
    output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    lines = json.loads(output)["backlogs"]
    return {one["name"]: Line(one["name"], one["owner"], one["size"], one["oldest_seconds"]) for one in lines}
