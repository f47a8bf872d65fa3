"""Who the other replicas are, as names are looked up anew (R-OS-09)."""

import asyncio
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from services.kernel.settings import Settings
from services.safety.emergency import peers as module
from services.safety.emergency.domain.signals import Durability
from services.safety.emergency.held import Held
from services.safety.emergency.peers import Peers
from tests.unit.safety.boards import a_board
from tests.unit.safety.pressing import pressed

REPLICAS = "emergency.safety.svc:7105"


class FakePeer:
    """Remembers what it has to be told, and talks to nobody."""

    made: ClassVar[list["FakePeer"]] = []

    def __init__(self, address: str, name: str, *_: object) -> None:
        self.address, self.name = address, name
        self.marks: list[object] = []
        self.gone = False
        FakePeer.made.append(self)

    def mark(self, signal_id: object) -> None:
        self.marks.append(signal_id)

    def left(self) -> None:
        self.gone = True

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    FakePeer.made = []
    monkeypatch.setattr(module, "Peer", FakePeer)


class Names:
    """Looks up names as the test says."""

    def __init__(self, *addresses: str) -> None:
        self.addresses, self.fails = list(addresses), False

    async def getaddrinfo(self, host: str, port: int, **_: object) -> list[Any]:
        if self.fails:
            raise OSError("no such name")
        found = self.addresses if host == "emergency.safety.svc" else [host]
        return [(None, None, None, "", (ip, port)) for ip in found]


def settings(peers: str) -> Settings:
    return Settings.model_validate({"page_key": SecretStr("0123456789abcdef"), "peers": peers})


async def looked(peers: Peers, names: Names, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Its peers after another look."""
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo, raising=False)
    peers._meet(await peers._addresses(), asyncio.Event())
    return set(peers._peers)


def test_a_name_stands_for_all_its_addresses_as_they_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        board, _ = a_board()
        peers, names = Peers(settings(REPLICAS), board, "me"), Names("10.0.0.1", "10.0.0.2")
        assert await looked(peers, names, monkeypatch) == {"10.0.0.1:7105", "10.0.0.2:7105"}
        names.addresses = ["10.0.0.2", "fd00::3"]
        assert await looked(peers, names, monkeypatch) == {"10.0.0.2:7105", "[fd00::3]:7105"}
        assert [peer.gone for peer in FakePeer.made if peer.address == "10.0.0.1:7105"] == [True]
        # The certificate bears the name, not the address.
        assert {peer.name for peer in FakePeer.made} == {"emergency.safety.svc"}
        names.fails = True
        assert await looked(peers, names, monkeypatch) == {"10.0.0.2:7105", "[fd00::3]:7105"}
        peers._meet({}, asyncio.Event())
        assert all(peer.gone for peer in FakePeer.made)

    # A loop whose methods can be replaced.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(work())


def test_addresses_are_listed_one_by_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        board, _ = a_board()
        peers = Peers(settings(" 10.0.0.1:7105, 10.0.0.2:7106,,nonsense"), board, "me")
        assert await looked(peers, Names(), monkeypatch) == {"10.0.0.1:7105", "10.0.0.2:7106"}
        assert await looked(Peers(settings(""), board, "me"), Names(), monkeypatch) == set()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(work())


def test_each_is_told_of_what_the_database_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        board, _ = a_board()
        peers = Peers(settings(REPLICAS), board, "me")
        await looked(peers, Names("10.0.0.1", "10.0.0.2"), monkeypatch)
        press = pressed()
        for durability in (Durability.UNSPECIFIED, Durability.LOCAL, Durability.COMMITTED):
            board.add(Held(press, durability))
        board.add(Held(pressed("2341002"), Durability.COMMITTED))
        assert [peer.marks for peer in FakePeer.made] == [[press.id] * 2] * 2

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(work())
