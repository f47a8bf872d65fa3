"""Streams that stand open, read as far as a test wants."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import grpc

from tests.integration.services.calling import Person

Request = TypeVar("Request")
Reply = TypeVar("Reply")
_SECONDS = 30.0


class Watched(Generic[Reply]):
    """A stream and what it has said so far."""

    def __init__(self, stream: "grpc.CallIterator[Reply]") -> None:
        self._stream = stream

    def until(self, such: Callable[[Reply], bool]) -> list[Reply]:
        """The replies up to the first that is such. Fails where the stream ends or times out before."""
        replies = []
        for reply in self._stream:
            replies.append(reply)
            if such(reply):
                return replies
        raise AssertionError("the stream ended")

    def error(self) -> grpc.StatusCode:
        """How the stream ends, which it is about to."""
        try:
            for _ in self._stream:
                pass
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK


@contextmanager
def watching(
    person: Person, method: "grpc.UnaryStreamMultiCallable[Request, Reply]", request: Request, seconds: float = _SECONDS
) -> Iterator[Watched[Reply]]:
    """A stream that is open until the block ends."""
    stream = method(request, timeout=seconds, metadata=person.headers)
    try:
        yield Watched(stream)
    finally:
        stream.cancel()  # type: ignore[no-untyped-call]  # its stubs lack the type
