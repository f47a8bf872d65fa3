"""Streams of services that are not Peel's own: the health watch and reflection, which anybody may open without a token.

They have a small cap of their own: however many are left open, calls and streams of Peel's own keep all of their room.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import grpc

from services.kernel.errors import Busy
from services.kernel.replies import Context, Handler, write_all
from services.kernel.status import abort
from services.kernel.telemetry.metrics import STANDING

_Serve = Callable[[Any, Context], AsyncGenerator[Any, None] | Awaitable[None]]


class Guests:
    """How many of them are open, of so many at the most."""

    def __init__(self, most: int, domain: str) -> None:
        self._open, self._most, self._domain = 0, most, domain

    def bounded(self, method: str, handler: Any) -> Handler:
        """The handler of a method that replies as a stream, for as many callers as there is room for.

        One more is told RESOURCE_EXHAUSTED (WATCHES_FULL).
        """
        serve: _Serve = handler.stream_stream if handler.request_streaming else handler.unary_stream
        kind = (
            grpc.stream_stream_rpc_method_handler if handler.request_streaming else grpc.unary_stream_rpc_method_handler
        )
        open_now = STANDING.labels(method.removeprefix("/").replace("/", "."))

        async def call(asked: Any, context: Context) -> None:
            if self._open >= self._most:
                busy = Busy("WATCHES_FULL", rule="as many health watches and reflections are open as there is room for")
                await abort(context, busy, self._domain)
            self._open += 1
            open_now.inc()
            try:
                # Either writes by itself or yields what is to be written.
                replies = serve(asked, context)
                if isinstance(replies, AsyncGenerator):
                    await write_all(replies, context)
                else:
                    await replies
            finally:
                self._open -= 1
                open_now.dec()

        return kind(call, handler.request_deserializer, handler.response_serializer)
