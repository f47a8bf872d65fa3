"""What positions cost the process that takes them: 3,000 a second, fifty in a message.

python -m bench.positions [--home var/bench]
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import grpc
import psutil
import typer
import uvloop

from bench.fleet import on_duty, somewhere
from deploy.local.platform import Platform
from peel.dispatch.v1 import unit_api_pb2 as api
from peel.dispatch.v1.unit_api_pb2_grpc import UnitServiceStub
from peel.type.v1.place_pb2 import Point

_FORCE = "west-yorkshire"
_RATE, _TOGETHER = 3_000, 50
_UNITS = 6_000
_WARM_SECONDS, _SECONDS = 3.0, 15.0


@dataclass(frozen=True, slots=True)
class Positions:
    """What was sent and taken, and the share of a core that it cost the server, everything it does counted."""

    per_second: float
    ignored: int
    share_of_core: float
    idle_share_of_core: float


async def measure(platform: Platform) -> Positions:
    """The platform has to be up."""
    server = psutil.Process(platform.pids["dispatch-api"])
    async with on_duty(platform, _FORCE, _UNITS) as units:
        idle = _Meter(server)
        await asyncio.sleep(_WARM_SECONDS)
        idle_share = idle.share
        await _report(platform, units, _WARM_SECONDS)
        loaded = _Meter(server)
        answer = await _report(platform, units, _SECONDS)
        return Positions(answer.received / loaded.seconds, answer.ignored, loaded.share, idle_share)


class _Meter:
    """What a process has used of a core since it was made."""

    def __init__(self, process: psutil.Process) -> None:
        self._process, self._began, self._before = process, time.perf_counter(), self._spent(process)

    @staticmethod
    def _spent(process: psutil.Process) -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @property
    def share(self) -> float:
        return (self._spent(self._process) - self._before) / self.seconds


async def _report(platform: Platform, units: list[UUID], seconds: float) -> api.ReportPositionsResponse:
    """One gateway's stream, at that rate."""
    token = platform.token_file("radio_gateway").read_text()
    credentials = grpc.ssl_channel_credentials(platform.authority.ca.read_bytes())
    async with grpc.aio.secure_channel(platform.addresses["dispatch"], credentials) as channel:
        report = UnitServiceStub(channel).ReportPositions
        answer: api.ReportPositionsResponse = await report(
            _messages(units, seconds), metadata=[("authorization", f"Bearer {token}")]
        )
        return answer


async def _messages(units: list[UUID], seconds: float) -> AsyncIterator[api.ReportPositionsRequest]:
    began, next_unit = time.perf_counter(), 0
    for number in range(int(seconds * _RATE / _TOGETHER)):
        message = api.ReportPositionsRequest(force=_FORCE)
        now = time.time()
        for _ in range(_TOGETHER):
            latitude, longitude = somewhere()
            told = message.positions.add(unit_id=str(units[next_unit % len(units)]))
            told.point.CopyFrom(Point(latitude=latitude, longitude=longitude, accuracy_metres=5))
            told.at.FromNanoseconds(int(now * 1e9))
            next_unit += 1
        yield message
        await asyncio.sleep(max(0.0, began + number * _TOGETHER / _RATE - time.perf_counter()))


def main(home: Path = Path("var/bench")) -> None:
    """Measures on a platform of its own and prints JSON."""
    with Platform(home) as platform:
        found = uvloop.run(measure(platform))
    typer.echo(json.dumps(asdict(found), indent=2))


if __name__ == "__main__":
    typer.run(main)
