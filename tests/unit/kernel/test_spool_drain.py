"""The replay: everything reaches the store, in order, once in effect, whatever the store does meanwhile (I4, I5)."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from services.kernel.spool import Record, Spool, drain
from services.kernel.telemetry.metrics import REGISTRY
from tests.unit.kernel.spooling import DEADLINE_SECONDS, aside, bodies, number, run, spooling


class Refused(Exception):
    """The store's word that it will never take this."""


class Store:
    """Takes each id once, as a table with a primary key does, and can be away, refuse or stumble."""

    def __init__(self) -> None:
        self.rows: dict[UUID, bytes] = {}
        self.asked: list[bytes] = []
        self.away: BaseException | None = None
        self.faults: dict[bytes, BaseException] = {}
        self.hangs_at: bytes | None = None

    async def apply(self, record: Record) -> None:
        self.asked.append(record.body)
        if record.body == self.hangs_at:
            await asyncio.Event().wait()
        if self.away:
            raise self.away
        if fault := self.faults.get(record.body):
            raise fault
        self.rows.setdefault(record.id, record.body)


class Replay:
    """A drain at work."""

    def __init__(self, spool: Spool, store: Store) -> None:
        self.back, self._stop = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(drain(spool, store.apply, (Refused,), back=self.back, stop=self._stop))

    async def end(self) -> None:
        self._stop.set()
        await self.task


@asynccontextmanager
async def replaying(spool: Spool, store: Store) -> AsyncIterator[Replay]:
    replay = Replay(spool, store)
    try:
        yield replay
    finally:
        await replay.end()


async def until(condition: Callable[[], bool]) -> None:
    """Returns once it is so, within the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drain that would not try again by itself within the test."""
    monkeypatch.setattr("services.kernel.spool.replay._RETRY_SECONDS", (3600.0, 3600.0))


def test_all_of_it_reaches_the_store_in_its_order(folder: Path) -> None:
    async def work() -> None:
        store = Store()
        async with spooling(folder) as spool:
            for value in range(200):
                await spool.add(number(value), b"%d" % value)
            async with replaying(spool, store):
                await until(lambda: spool.size == 0)
        assert store.asked == list(store.rows.values()) == [b"%d" % value for value in range(200)]

    run(work())


def test_an_addition_is_replayed_at_once(folder: Path) -> None:
    async def work() -> None:
        store = Store()
        async with spooling(folder) as spool, replaying(spool, store):
            for value in range(20):
                await spool.add(number(value), b"%d" % value)
                # No clock is involved: a replay that slept would run into the test's deadline.
                await until(lambda value=value: number(value) in store.rows)  # type: ignore[misc]

    run(work())


def test_additions_during_a_replay_are_replayed_as_well(folder: Path) -> None:
    async def work() -> None:
        store = Store()
        async with spooling(folder) as spool, replaying(spool, store):
            await asyncio.gather(*(spool.add(number(value), b"%d" % value) for value in range(300)))
            await until(lambda: spool.size == 0)
        assert len(store.rows) == 300

    run(work())


@pytest.mark.parametrize("away", [ConnectionRefusedError(), TimeoutError()])
def test_a_store_that_is_away_is_asked_again_until_it_is_back(folder: Path, away: Exception) -> None:
    async def work() -> None:
        store = Store()
        store.away = away
        async with spooling(folder) as spool:
            for value in range(3):
                await spool.add(number(value), b"%d" % value)
            async with replaying(spool, store):
                await until(lambda: len(store.asked) >= 3)
                # Always the first: the order is kept.
                assert set(store.asked) == {b"0"}
                assert spool.size == 3
                store.away = None
                await until(lambda: spool.size == 0)
        assert list(store.rows.values()) == [b"0", b"1", b"2"]

    run(work())


@pytest.mark.usefixtures("patient")
def test_it_waits_for_the_store_but_not_once_it_is_told_that_it_is_back(folder: Path) -> None:
    async def work() -> None:
        store = Store()
        store.away = ConnectionRefusedError()
        async with spooling(folder) as spool, replaying(spool, store) as replay:
            await spool.add(number(1), b"one")
            await until(lambda: store.asked == [b"one"])
            # Every press would ask a store that is known to be away.
            await spool.add(number(2), b"two")
            for _ in range(100):
                await asyncio.sleep(0)
            assert store.asked == [b"one"]
            store.away = None
            replay.back.set()
            await until(lambda: spool.size == 0)

    run(work())


@pytest.mark.usefixtures("patient")
def test_it_ends_when_told_to_whatever_it_waits_for(folder: Path) -> None:
    async def work() -> None:
        store = Store()
        async with spooling(folder) as spool:
            async with replaying(spool, store):
                await until(lambda: not spool.grew.is_set())
            store.away = ConnectionRefusedError()
            await spool.add(number(1), b"one")
            async with replaying(spool, store):
                await until(lambda: store.asked == [b"one"])

    run(work())


def test_a_store_that_hangs_is_given_up_after_a_while(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kernel.spool.replay._APPLY_SECONDS", 0.01)

    async def work() -> None:
        store = Store()
        store.hangs_at = b"one"
        async with spooling(folder) as spool:
            await spool.add(number(1), b"one")
            async with replaying(spool, store):
                await until(lambda: len(store.asked) >= 2)
                store.hangs_at = None
                await until(lambda: spool.size == 0)
        assert store.rows == {number(1): b"one"}

    run(work())


def test_what_the_store_refuses_is_set_aside_and_holds_up_nobody(folder: Path) -> None:
    before = REGISTRY.get_sample_value("peel_spool_refused_total") or 0.0

    async def work() -> None:
        store = Store()
        store.faults = {b"3": Refused(), b"7": Refused()}
        async with spooling(folder) as spool:
            for value in range(10):
                await spool.add(number(value), b"%d" % value)
            async with replaying(spool, store):
                await until(lambda: spool.size == 0)
            assert spool.set_aside == 2
        assert store.asked == [b"%d" % value for value in range(10)]

    async def again() -> None:
        store = Store()
        async with spooling(folder) as spool, replaying(spool, store):
            assert (spool.pending(), spool.set_aside) == ((), 2)

    run(work())
    run(again())
    assert [file.read_bytes() for file in aside(folder, "refused")] == [b"3", b"7"]
    assert str(number(3)) in aside(folder, "refused")[0].name
    assert REGISTRY.get_sample_value("peel_spool_refused_total") == before + 2


@pytest.mark.usefixtures("patient")
def test_a_record_that_we_stumble_over_waits_on_and_holds_up_nobody(folder: Path) -> None:
    async def work() -> None:
        store = Store()
        store.faults = {b"1": KeyError("a fault of ours")}
        async with spooling(folder) as spool:
            for value in range(4):
                await spool.add(number(value), b"%d" % value)
            async with replaying(spool, store) as replay:
                await until(lambda: bodies(spool.pending()) == [b"1"])
                assert spool.set_aside == 0
                store.faults.clear()
                replay.back.set()
                await until(lambda: spool.size == 0)

    run(work())


def test_what_was_taken_before_the_store_went_away_is_not_sent_again(folder: Path) -> None:
    async def work() -> None:
        store = Store()
        store.faults = {b"2": ConnectionResetError()}
        async with spooling(folder) as spool:
            for value in range(4):
                await spool.add(number(value), b"%d" % value)
            async with replaying(spool, store):
                await until(lambda: bodies(spool.pending()) == [b"2", b"3"])
                store.faults.clear()
                await until(lambda: spool.size == 0)
        assert [store.asked.count(b"%d" % value) for value in (0, 1, 3)] == [1, 1, 1]

    run(work())


def test_two_replays_of_one_spool_lose_nothing_and_double_nothing(folder: Path) -> None:
    async def work() -> None:
        store = Store()
        async with spooling(folder) as spool:
            for value in range(100):
                await spool.add(number(value), b"%d" % value)
            async with replaying(spool, store), replaying(spool, store):
                await asyncio.gather(*(spool.add(number(value), b"%d" % value) for value in range(100, 150)))
                await until(lambda: spool.size == 0)
        assert store.rows == {number(value): b"%d" % value for value in range(150)}

    run(work())


def test_a_drain_that_is_cancelled_marks_what_the_store_took(folder: Path) -> None:
    async def work() -> None:
        store = Store()
        async with spooling(folder) as spool:
            for value in range(5):
                await spool.add(number(value), b"%d" % value)
            store.hangs_at = b"3"
            replay = Replay(spool, store)
            await until(lambda: len(store.asked) == 4)
            replay.task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await replay.task
            assert bodies(spool.pending()) == [b"3", b"4"]

    run(work())
