"""How long it takes to find the five best of 10,000 units.

python -m bench.recommend [--home var/bench]
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import grpc
import typer
import uvloop

from bench.fleet import grade, on_duty
from deploy.local.platform import Platform
from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1.api_pb2_grpc import DispatchServiceStub

# Not that of the other measures: among these units and no others.
_FORCE = "greater-manchester"
_UNITS, _INCIDENTS = 10_000, 50
_WARM_UP, _CALLS = 100, 2_000


@dataclass(frozen=True, slots=True)
class Recommending:
    """Milliseconds of a call, from a client on the same machine; `first_ms` is of the call that reads all units."""

    units: int
    first_ms: float
    p50_ms: float
    p99_ms: float
    max_ms: float


async def measure(platform: Platform) -> Recommending:
    """The platform has to be up."""
    async with on_duty(platform, _FORCE, _UNITS):
        took = await _ask(platform, await grade(platform, _FORCE, _INCIDENTS))
    first, counted = took[0], sorted(took[_WARM_UP:])
    percentiles = (counted[len(counted) // 2], counted[int(len(counted) * 0.99)], counted[-1])
    return Recommending(_UNITS, first, *percentiles)


async def _ask(platform: Platform, incidents: list[UUID]) -> list[float]:
    """One call after the other; how long each took, in milliseconds."""
    metadata = [("authorization", f"Bearer {platform.authority.token(['dispatcher'], _FORCE)}")]
    credentials = grpc.ssl_channel_credentials(platform.authority.ca.read_bytes())
    took = []
    async with grpc.aio.secure_channel(platform.addresses["dispatch"], credentials) as channel:
        recommend = DispatchServiceStub(channel).RecommendUnits
        for number in range(_WARM_UP + _CALLS):
            incident_id = str(incidents[number % len(incidents)])
            skills = ("AFO",) if number % 5 == 0 else ()
            request = api.RecommendUnitsRequest(incident_id=incident_id, skills=skills, limit=5)
            began = time.perf_counter()
            answer = await recommend(request, metadata=metadata)
            took.append(1_000 * (time.perf_counter() - began))
            if len(answer.recommendations) != 5:
                raise RuntimeError("five units were there to be found")
    return took


def main(home: Path = Path("var/bench")) -> None:
    """Measures on a platform of its own and prints JSON."""
    with Platform(home) as platform:
        found = uvloop.run(measure(platform))
    typer.echo(json.dumps(asdict(found), indent=2))


if __name__ == "__main__":
    typer.run(main)
