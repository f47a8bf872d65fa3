"""Calls OpenContact from a process of its own, so many at a time, and says how it went as JSON on standard output.

The body is put together from bytes: a client that costs much takes from the server what the two share.
"""

import asyncio
import json
import random
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import grpc
import typer
import uvloop

from bench.sample import METHOD, sample_request
from peel.intake.v1 import api_pb2 as api
from services.kernel.tls import client_channel

_PATIENCE_SECONDS = 15.0


class _Load:
    """So many seconds of calls, or so many calls; whichever is over first."""

    def __init__(self, seconds: float, calls: int, every: float) -> None:
        """`every`: each caller begins a call so many seconds after its last one, or at once where that is over."""
        self._ends = time.perf_counter() + seconds
        self._left, self._every = calls, every
        self._body = sample_request(datetime.now(UTC)).SerializeToString()
        self.latencies: list[float] = []
        self.failures: dict[str, int] = {}

    async def caller(self, call: "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]", token: str) -> None:
        """Calls again and again."""
        metadata = (("authorization", f"Bearer {token}"),)
        # Nobody rings because somebody else does.
        await asyncio.sleep(random.uniform(0.0, self._every))
        while self._left > 0 and (began := time.perf_counter()) < self._ends:
            self._left -= 1
            # Messages written one after the other are one message.
            body = api.OpenContactRequest(request_id=str(uuid4())).SerializeToString() + self._body
            try:
                await call(body, metadata=metadata, timeout=_PATIENCE_SECONDS)
            except grpc.aio.AioRpcError as error:
                code = error.code().name
                self.failures[code] = self.failures.get(code, 0) + 1
            else:
                self.latencies.append(time.perf_counter() - began)
            await asyncio.sleep(max(0.0, began + self._every - time.perf_counter()))


async def _run(addresses: list[str], authority: Path, token: str, in_flight: int, load: _Load) -> str:
    async with AsyncExitStack() as channels:
        calls = []
        for address in addresses:
            channel = await channels.enter_async_context(client_channel(address, authority))
            await channel.channel_ready()
            calls.append(channel.unary_unary(METHOD, request_serializer=None, response_deserializer=None))
        began = time.perf_counter()
        await asyncio.gather(*(load.caller(calls[number % len(calls)], token) for number in range(in_flight)))
        took = time.perf_counter() - began
    served = sorted(load.latencies)
    return json.dumps(
        {
            "calls": len(served),
            "seconds": took,
            "p50_ms": 1000 * served[len(served) // 2] if served else None,
            "p99_ms": 1000 * served[len(served) * 99 // 100] if served else None,
            "failures": load.failures,
        }
    )


def main(
    addresses: Annotated[str, typer.Argument(help="host:port of each replica, with commas between them")],
    authority: Annotated[Path, typer.Option(help="PEM authority to trust")],
    token_file: Annotated[Path, typer.Option(help="bearer token to call with")],
    in_flight: Annotated[int, typer.Option(help="calls at a time")] = 64,
    seconds: Annotated[float, typer.Option(help="at most for so long")] = 4.0,
    calls: Annotated[int, typer.Option(help="at most so many")] = 1_000_000,
    rate: Annotated[float, typer.Option(help="calls a second, all callers together; 0: as many as go")] = 0.0,
) -> None:
    """Calls, then prints what it saw."""
    token = token_file.read_text().strip()
    load = _Load(seconds, calls, in_flight / rate if rate else 0.0)
    typer.echo(uvloop.run(_run(addresses.split(","), authority, token, in_flight, load)))


if __name__ == "__main__":
    typer.run(main)
