"""The only source of time: the system's, or a rehearsal's that every process sees step at once."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.kernel.clock import Clock, RehearsalClock, SystemClock, open_clock, set_rehearsal_clock
from tests.unit.kernel.calls import settings

JULY = datetime(2018, 7, 1, 0, 0, 0, 123456, tzinfo=UTC)
DEADLINE_SECONDS = 5.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    set_rehearsal_clock(path, JULY)
    return path


def run(work: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await work

    asyncio.run(bounded())


def test_the_system_clock_tells_utc() -> None:
    before, told, after = datetime.now(UTC), SystemClock().now(), datetime.now(UTC)
    assert before <= told <= after
    assert told.utcoffset() == timedelta(0)


def test_the_rehearsal_clock_tells_what_the_file_says(file: Path) -> None:
    assert RehearsalClock(file).now() == JULY


@pytest.mark.parametrize("at", [datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, 23, 59, 59, 999999, UTC)])
def test_any_moment_can_be_set(file: Path, at: datetime) -> None:
    set_rehearsal_clock(file, at)
    assert RehearsalClock(file).now() == at


def test_a_step_is_seen_by_whoever_has_the_clock_open(file: Path) -> None:
    clocks = [RehearsalClock(file), RehearsalClock(file)]
    set_rehearsal_clock(file, JULY + timedelta(hours=1))
    assert [clock.now() for clock in clocks] == [JULY + timedelta(hours=1)] * 2


def test_a_moment_in_no_time_zone_is_refused(file: Path) -> None:
    with pytest.raises(TypeError):
        set_rehearsal_clock(file, datetime(2018, 7, 1))  # noqa: DTZ001
    assert RehearsalClock(file).now() == JULY


def test_a_rehearsal_clock_is_refused_outside_a_rehearsal(file: Path) -> None:
    with pytest.raises(ValueError, match="PEEL_REHEARSAL"):
        open_clock(settings(clock_file=file))


def test_the_clock_that_the_settings_ask_for(file: Path) -> None:
    assert isinstance(open_clock(settings()), SystemClock)
    assert isinstance(open_clock(settings(rehearsal=True)), SystemClock)
    assert open_clock(settings(rehearsal=True, clock_file=file)).now() == JULY


@pytest.mark.parametrize("kind", ["system", "rehearsal"])
def test_waiting_ends_when_woken(file: Path, kind: str) -> None:
    clock: Clock = SystemClock() if kind == "system" else RehearsalClock(file)

    async def work() -> None:
        for due in (None, clock.now() + timedelta(days=1)):
            woken = asyncio.Event()
            waiting = asyncio.create_task(clock.wait_until(due, woken))
            await asyncio.sleep(0)
            assert not waiting.done()
            woken.set()
            await waiting

    run(work())


@pytest.mark.parametrize("kind", ["system", "rehearsal"])
def test_what_is_due_already_is_not_waited_for(file: Path, kind: str) -> None:
    clock: Clock = SystemClock() if kind == "system" else RehearsalClock(file)
    run(clock.wait_until(clock.now() - timedelta(days=1), asyncio.Event()))
    run(clock.wait_until(clock.now(), asyncio.Event()))


def test_the_system_clock_waits_no_shorter_than_until_due() -> None:
    clock = SystemClock()
    due = clock.now() + timedelta(milliseconds=30)
    run(clock.wait_until(due, asyncio.Event()))
    # The loop's own clock may be a little ahead of the calendar's.
    assert clock.now() >= due - timedelta(milliseconds=5)


def test_a_step_past_the_due_time_ends_the_wait(file: Path) -> None:
    clock = RehearsalClock(file)

    async def work() -> None:
        waiting = asyncio.create_task(clock.wait_until(JULY + timedelta(hours=2), asyncio.Event()))
        set_rehearsal_clock(file, JULY + timedelta(hours=1))
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
        set_rehearsal_clock(file, JULY + timedelta(hours=2))
        await waiting

    run(work())
