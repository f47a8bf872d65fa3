"""A local disk that hangs: no press waits for it, and what it takes late is known to be there (I4, R-OS-09)."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.kernel.health import Health
from services.kernel.spool.log import Log
from services.safety.emergency import disk as disk_module
from services.safety.emergency.board import Board
from services.safety.emergency.disk import Disk
from services.safety.emergency.domain.signals import Durability
from services.safety.emergency.held import Held
from tests.unit.safety.boards import a_board
from tests.unit.safety.pressing import pressed

ANSWER_SECONDS = 0.1


@contextmanager
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever the disk is asked in here it answers afterwards."""
    answers = threading.Event()
    with monkeypatch.context() as patch:
        for name in ("append", "check"):
            real = getattr(Log, name)
            patch.setattr(Log, name, lambda *parts, real=real: answers.wait(30) and real(*parts))
        try:
            yield
        finally:
            answers.set()


@pytest.fixture
def board() -> Board:
    return a_board()[0]


@pytest.fixture
def health() -> Health:
    return Health(rehearsal=False)


@pytest.fixture
def disk(tmp_path: Path, board: Board, health: Health, monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(disk_module, "_ANSWER_SECONDS", ANSWER_SECONDS)

    async def nowhere(_: Held) -> None:
        raise ConnectionError

    return Disk(tmp_path / "spool", board, health, nowhere)


async def until(such: Callable[[], bool]) -> None:
    """As soon as it is so; for what threads do, of which no event tells."""
    deadline = time.monotonic() + 10
    while not such():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def durability(board: Board, held: Held) -> Durability:
    known = board.held(held.signal.id)
    assert known is not None
    return known.durability


def test_no_press_waits_for_a_disk_that_hangs(disk: Disk, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    presses = [Held(pressed(f"234100{number}")) for number in range(20)]

    async def work() -> None:
        with hanging(monkeypatch):
            began = time.monotonic()
            for held in presses:
                board.add(held)
                assert not await disk.keep(held)
            # The first of them finds out; the others do not wait at all.
            assert ANSWER_SECONDS <= time.monotonic() - began < 5 * ANSWER_SECONDS
            # Tried again meanwhile, it is not given to the disk twice.
            assert not await disk.keep(presses[0])
        for held in presses:
            await until(lambda held=held: durability(board, held) is Durability.LOCAL)  # type: ignore[misc]
            assert disk.holds(held.signal.id)
        level = disk.level()
        assert level is not None
        assert level[0] == len(presses)
        assert await disk.keep(Held(pressed("2342001")))

    asyncio.run(work())


def test_what_is_committed_meanwhile_is_not_taken_for_local(
    disk: Disk, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(pressed())

    async def work() -> None:
        with hanging(monkeypatch):
            board.add(held)
            assert not await disk.keep(held)
            board.settle(held, Durability.COMMITTED)
        await until(lambda: not disk._overdue)
        assert durability(board, held) is Durability.COMMITTED
        assert not disk.holds(held.signal.id)

    asyncio.run(work())


def test_a_disk_that_hangs_is_found_out_before_a_press_comes(
    disk: Disk, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_module, "_LOOK_SECONDS", 0.01)

    async def work() -> None:
        stop = asyncio.Event()
        with hanging(monkeypatch):
            running = asyncio.create_task(disk.run(asyncio.Event(), stop))
            await until(lambda: health.report()["degraded"] != {})
        await until(lambda: health.report()["degraded"] == {})
        stop.set()
        await running

    asyncio.run(work())
