"""The other replicas of the emergency path: who they are now, and what each has yet to be told."""

import asyncio
import socket
from collections.abc import Mapping

from services.kernel.pause import pause
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.safety.emergency.board import Board, Change
from services.safety.emergency.domain.signals import Durability
from services.safety.emergency.peer import Peer

_LOG = logger(__name__)
_RESOLVE_SECONDS = 3.0


class Peers:
    """Every replica that PEEL_PEERS stands for, looked up anew every few seconds: they come and go."""

    def __init__(self, settings: Settings, board: Board, replica: str) -> None:
        """`replica` is this one's own name: it may find itself among its peers."""
        self._settings, self._board, self._replica = settings, board, replica
        self._peers: dict[str, Peer] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        board.listen(self._changed)

    def _changed(self, change: Change) -> None:
        # What is committed, the database tells everybody.
        if change.held is not None and change.held.durability is not Durability.COMMITTED:
            for peer in self._peers.values():
                peer.mark(change.held.signal.id)

    async def run(self, stop: asyncio.Event) -> None:
        """Keeps talking to each of them until `stop` is set."""
        try:
            while not stop.is_set():
                self._meet(await self._addresses(), stop)
                await pause(_RESOLVE_SECONDS, stop)
        finally:
            self._meet({}, stop)

    def _meet(self, addresses: Mapping[str, str], stop: asyncio.Event) -> None:
        for address in self._peers.keys() - addresses.keys():
            self._tasks.pop(address).cancel()
            self._peers.pop(address).left()
        for address in addresses.keys() - self._peers.keys():
            peer = self._peers[address] = Peer(address, addresses[address], self._settings, self._board, self._replica)
            self._tasks[address] = asyncio.create_task(peer.run(stop), name=f"peer {address}")

    async def _addresses(self) -> dict[str, str]:
        """Where each peer is, and the name that its certificate has to bear."""
        found: dict[str, str] = {}
        for named in filter(None, (part.strip() for part in self._settings.peers.split(","))):
            host, _, port = named.rpartition(":")
            try:
                infos = await asyncio.get_running_loop().getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
            except (OSError, ValueError) as error:
                _LOG.warning("peers cannot be looked up", error=type(error).__name__)
                # Those that were there may well be there still.
                found |= {address: name for address, name in self._known().items() if name == host}
                continue
            for *_, place in infos:
                ip = str(place[0])
                found[f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"] = host
        return found

    def _known(self) -> dict[str, str]:
        return {address: peer.name for address, peer in self._peers.items()}
