"""A spool to try, with a deadline on everything that is asked of it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from services.kernel.spool import Record, Spool

Answer = TypeVar("Answer")
DEADLINE_SECONDS = 20.0


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What the work comes to, on a loop of its own."""

    async def bounded() -> Answer:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await work

    return asyncio.run(bounded())


@asynccontextmanager
async def spooling(folder: Path, *, most_bytes: int = 64 << 20) -> AsyncIterator[Spool]:
    """A spool of this folder, closed in the end."""
    spool = Spool(folder, most_bytes=most_bytes)
    try:
        yield spool
    finally:
        await spool.close()


def bodies(records: Iterable[Record]) -> list[bytes]:
    """What they hold, in their order."""
    return [record.body for record in records]


def number(value: int) -> UUID:
    """An id that is easy to tell from others."""
    return UUID(int=value)


def segments(folder: Path) -> list[Path]:
    """The spool's files, oldest first."""
    return sorted(folder.glob("*.spool"))


def aside(folder: Path, kind: str) -> list[Path]:
    """What was set aside for a person: refused or changed."""
    return sorted((folder / "set-aside").glob(f"*.{kind}"))
