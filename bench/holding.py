"""Holds ten thousand streams open in a process of its own, so that their client's cost is not the server's.

Says how much memory it takes once all are open, and ends with its standard input.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import psutil
import typer
import uvloop

from peel.dispatch.v1 import api_pb2 as board_api
from peel.dispatch.v1 import unit_api_pb2 as api
from peel.dispatch.v1.api_pb2_grpc import DispatchServiceStub
from peel.dispatch.v1.unit_api_pb2_grpc import UnitServiceStub

FORCE = "west-yorkshire"
TERMINALS, CONSOLES = 9_900, 100
_TO_A_CONNECTION = 500
# So many at a time: opening is not what is measured.
_OPENING = 50


class Holder:
    """The client of all the streams."""

    def __init__(self, address: str, credentials: grpc.ChannelCredentials, tokens: dict[str, str]) -> None:
        self._headers = {role: [("authorization", f"Bearer {token}")] for role, token in tokens.items()}
        # Each its own connection: a client would share one.
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channels = [
            grpc.aio.secure_channel(address, credentials, options)
            for _ in range((TERMINALS + CONSOLES) // _TO_A_CONNECTION)
        ]
        self._room = asyncio.Semaphore(_OPENING)
        self._open = asyncio.Semaphore(0)

    async def hold(self, units: list[str]) -> None:
        """Opens them all, says so, and lets go when the standard input ends."""
        watching = [asyncio.create_task(self._watch(number, units)) for number in range(TERMINALS + CONSOLES)]
        for _ in watching:
            await self._open.acquire()
        sys.stdout.write(json.dumps({"mb": psutil.Process().memory_info().rss / 1e6}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for channel in self._channels:
            await channel.close(None)

    async def _watch(self, number: int, units: list[str]) -> None:
        channel = self._channels[number % len(self._channels)]
        async with self._room:
            replies = (
                self._console(channel) if number < CONSOLES else self._terminal(channel, units[number % len(units)])
            )
            async for complete in replies:
                if complete:
                    break
        self._open.release()
        async for _ in replies:
            pass

    async def _terminal(self, channel: grpc.aio.Channel, unit_id: str) -> AsyncIterator[bool]:
        request = api.WatchUnitRequest(unit_id=unit_id)
        async for reply in UnitServiceStub(channel).WatchUnit(request, metadata=self._headers["radio_gateway"]):
            yield reply.snapshot_ends

    async def _console(self, channel: grpc.aio.Channel) -> AsyncIterator[bool]:
        request = board_api.WatchBoardRequest(force=FORCE)
        async for reply in DispatchServiceStub(channel).WatchBoard(request, metadata=self._headers["dispatcher"]):
            yield reply.snapshot_ends


def main(address: str, ca: Path, tokens: Path, units: list[str]) -> None:
    """`tokens` is the folder that holds one of each role."""
    credentials = grpc.ssl_channel_credentials(ca.read_bytes())
    of_roles = {role: (tokens / f"{role}.jwt").read_text() for role in ("radio_gateway", "dispatcher")}

    async def run() -> None:
        await Holder(address, credentials, of_roles).hold(units)

    uvloop.run(run())


if __name__ == "__main__":
    typer.run(main)
