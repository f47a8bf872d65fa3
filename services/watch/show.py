"""Shows a screen and keeps it current: drawn anew with every message, and each second for the ages on it."""

import asyncio
import os
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console as Terminal
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from services.watch.following import Following
from services.watch.screens.words import LOUD, QUIET

_DRAW_SECONDS = 1.0
# Not drawn more often than an eye can see.
_REST_SECONDS = 0.05
Keys = Mapping[str, Callable[[], object]]


async def show(
    watched: Following[Any],
    draw: Callable[[datetime], RenderableType],
    now: Callable[[], datetime],
    keys: Keys,
    help_line: str,
) -> None:
    """Until it is cancelled, or q is pressed. Raises grpc.aio.AioRpcError where the watcher may not see it."""
    following = asyncio.create_task(watched.run())
    ending = asyncio.Event()
    terminal = Terminal()
    with (
        _pressed({**keys, "q": ending.set}),
        Live(console=terminal, screen=terminal.is_terminal, auto_refresh=False) as live,
    ):
        try:
            while not ending.is_set() and not following.done():
                watched.changed.clear()
                live.update(Group(draw(now()), _foot(watched, help_line)), refresh=True)
                await _either(watched.changed, ending, _DRAW_SECONDS)
                await asyncio.sleep(_REST_SECONDS)
        finally:
            following.cancel()
    if following.done() and not following.cancelled():
        following.result()


def _foot(watched: Following[Any], help_line: str) -> Text:
    if not watched.watching.is_set():
        return Text(f"NOT CONNECTED: trying {watched.replicas.address}. What is shown may be old.", LOUD)
    heard = time.monotonic() - watched.heard_at
    return Text(f"{watched.replicas.address}, heard {heard:.0f} s ago   {help_line}   q: leave", QUIET)


async def _either(first: asyncio.Event, second: asyncio.Event, seconds: float) -> None:
    waiting = [asyncio.create_task(first.wait()), asyncio.create_task(second.wait())]
    await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


@contextmanager
def _pressed(keys: Keys) -> Iterator[None]:
    """Calls what a key stands for, where there is a keyboard."""
    if not sys.stdin.isatty():
        yield
        return
    descriptor, loop = sys.stdin.fileno(), asyncio.get_running_loop()

    def read() -> None:
        key = os.read(descriptor, 1).decode("ascii", "ignore")
        if key in keys:
            keys[key]()

    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
