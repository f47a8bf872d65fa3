"""Several addresses of one service, as a client sees them: any of them will do, and one that fails is left."""

from collections.abc import Sequence
from pathlib import Path

import grpc

from services.kernel.tls import client_channel

Metadata = tuple[tuple[str, str], ...]


class Replicas:
    """A channel to each, and whose turn it is."""

    def __init__(self, addresses: Sequence[str], authority: Path | None, token: str, *, first: int = 0) -> None:
        """`first` says which replica to begin with."""
        self.headers: Metadata = (("authorization", f"Bearer {token}"),)
        # Times a replica was left because no answer came.
        self.left = 0
        self._addresses = tuple(addresses)
        self._channels = [client_channel(address, authority) for address in addresses]
        self._at = first % len(self._channels)

    @property
    def address(self) -> str:
        return self._addresses[self._at]

    @property
    def channel(self) -> grpc.aio.Channel:
        return self._channels[self._at]

    def leave(self) -> None:
        """Goes to the next replica."""
        self._at = (self._at + 1) % len(self._channels)
        self.left += 1

    async def close(self) -> None:
        """Closes every channel."""
        for channel in self._channels:
            await channel.close(None)
