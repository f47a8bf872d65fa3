"""A standing stream that is begun again, at the next replica, whenever it breaks off or falls silent."""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

import grpc

from services.watch.replicas import Replicas

Message = TypeVar("Message")
# Every stream says every few seconds that it lives; one that is silent for longer is dead.
_SILENT_SECONDS = 15.0
_AGAIN_SECONDS = (0.05, 2.0)
# Calls that change nothing by being made again.
CALL_SECONDS = 2.0
_NEVER = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INVALID_ARGUMENT)


class Following(ABC, Generic[Message]):
    """One stream. `changed` is set with every message, `watching` while the stream stands."""

    def __init__(self, replicas: Replicas) -> None:
        self.replicas = replicas
        self.changed = asyncio.Event()
        self.watching = asyncio.Event()
        # When the last message came, by the monotonic clock.
        self.heard_at = 0.0

    @abstractmethod
    def open(self) -> Any:
        """Begins the call, from where the last one ended."""

    @abstractmethod
    def take(self, message: Message) -> None:
        """Takes in one message."""

    async def run(self) -> None:
        """Follows until it is cancelled. Raises grpc.aio.AioRpcError where the caller may not, ever."""
        delay = _AGAIN_SECONDS[0]
        while True:
            try:
                async for message in self._messages():
                    self.watching.set()
                    self.heard_at = time.monotonic()
                    self.take(message)
                    self.changed.set()
                    delay = _AGAIN_SECONDS[0]
            except grpc.aio.AioRpcError as error:
                if error.code() in _NEVER:
                    raise
            except TimeoutError:
                pass  # silent for too long: the next replica may know more
            self.watching.clear()
            self.changed.set()
            self.replicas.leave()
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))
            delay = min(_AGAIN_SECONDS[1], 2 * delay)

    async def _messages(self) -> AsyncIterator[Message]:
        call = self.open()
        stream = aiter(call)
        try:
            while True:
                try:
                    # Not wait_for: it forgets that it was cancelled where a message came in the same moment.
                    async with asyncio.timeout(_SILENT_SECONDS):
                        message = await anext(stream)
                except StopAsyncIteration:
                    return
                yield message
        finally:
            call.cancel()

    async def ask(self, method: str, stub: Any, request: Any, tries: int = 4) -> Any:
        """A call at whichever replica answers. Raises the last error where none does."""
        for left in range(tries - 1, -1, -1):
            try:
                call = getattr(stub(self.replicas.channel), method)
                return await call(request, timeout=CALL_SECONDS, metadata=self.replicas.headers)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or not left:
                    raise
                await asyncio.sleep(_AGAIN_SECONDS[0] * random.uniform(0.5, 1.5))
        raise AssertionError
