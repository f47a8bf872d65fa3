"""Turns a stream into batches that grow by themselves: each is whatever has arrived since the last was handled."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from enum import Enum
from typing import TypeVar

Item = TypeVar("Item")


class _End(Enum):
    END = "end"


async def in_batches(items: AsyncIterator[Item], most: int) -> AsyncGenerator[list[Item], None]:
    """Batches of up to `most` items, read ahead by as many while a batch is handled; whoever sends more has to wait.

    What breaks the stream is raised after what came before it.
    """
    arrived: asyncio.Queue[Item | _End] = asyncio.Queue()
    room = asyncio.Semaphore(most)

    async def read() -> None:
        try:
            async for item in items:
                await room.acquire()
                arrived.put_nowait(item)
        finally:
            arrived.put_nowait(_End.END)

    reader = asyncio.create_task(read())
    try:
        while (item := await arrived.get()) is not _End.END:
            batch = [item]
            ended = False
            while len(batch) < most and not arrived.empty() and not ended:
                if (item := arrived.get_nowait()) is _End.END:
                    ended = True
                else:
                    batch.append(item)
            for _ in batch:
                room.release()
            yield batch
            if ended:
                break
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
