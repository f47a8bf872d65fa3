"""What a stream of replies goes through on its way to the caller."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


async def write_all(replies: AsyncGenerator[Any, None], context: Context) -> None:
    """Sends the replies. They end at once where the caller goes away, and not when memory is next tidied."""
    async with aclosing(replies):
        async for reply in replies:
            await context.write(reply)
