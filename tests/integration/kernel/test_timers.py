"""Durable timers against the real Postgres: fired once, however many loops run, die or fail; and on time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from services.kernel.caller import service_itself
from services.kernel.clock import Clock, RehearsalClock, SystemClock, set_rehearsal_clock
from services.kernel.database import open_pool
from services.kernel.ids import new_id
from services.kernel.migrations import migrate
from services.kernel.reactions import Firing
from services.kernel.settings import Settings
from services.kernel.timers import Timer, TimerLoop
from services.kernel.transaction import Transaction, UnitOfWork
from tests.integration.services.waiting import until

# The loop's net, which looks by itself however many notifications get lost, is wider than this.
PROMPT_SECONDS = 3.0
KIND, FAILING = "KIND", "FAILING"


async def note(timer: Timer, tx: Transaction) -> None:
    """The effect: a row."""
    await tx.execute("insert into effect (subject) values ($1)", timer.subject)


@dataclass(frozen=True)
class Bench:
    """A database with timers in it."""

    settings: Settings
    work: UnitOfWork
    clock: Clock

    async def start(self, *subjects: UUID, due: datetime | None = None, kind: str = KIND) -> None:
        """Timers that are due now, or then."""
        async with self.work.begin(service_itself("intake")) as tx:
            for subject in subjects:
                tx.start_timer(kind, subject, due=due or self.clock.now(), owner="nobody", force="north-force")

    @asynccontextmanager
    async def looping(self, **firings: Firing) -> AsyncIterator["asyncio.Task[None]"]:
        """A loop with a pool of its own, from start to clean stop."""
        pool = await open_pool(self.settings, "intake", size=2)
        stop = asyncio.Event()
        loop = TimerLoop(self.settings, "intake", self.clock, UnitOfWork(pool, self.clock), {KIND: note, **firings})
        task = asyncio.create_task(loop.run(stop))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.gather(task, return_exceptions=True)
            await pool.close()

    async def effects(self) -> list[UUID]:
        async with self.work.begin(service_itself("intake")) as tx:
            return [row["subject"] for row in await tx.all("select subject from effect")]

    async def until_effects(self, number: int, seconds: float = 10.0) -> list[UUID]:
        """The effects, once there are so many."""
        return await until(self.effects, lambda effects: len(effects) >= number, seconds)

    async def due(self, subject: UUID) -> datetime:
        async with self.work.begin(service_itself("intake")) as tx:
            (row,) = await tx.all("select due from timer where subject = $1", subject)
            return cast(datetime, row["due"])

    async def states(self) -> dict[UUID, str]:
        async with self.work.begin(service_itself("intake")) as tx:
            return {row["subject"]: row["state"] for row in await tx.all("select subject, state from timer")}


Test = Callable[[Bench], Awaitable[None]]
Run = Callable[[Test], None]


@pytest.fixture
def on_the_bench(fresh_database: Callable[[], str]) -> Callable[..., None]:
    """Runs a test on a database of its own."""

    async def run(test: Test, clock: Clock) -> None:
        settings = Settings(database=fresh_database())
        await migrate(settings, "intake")
        pool = await open_pool(settings, "bench")
        await pool.execute("create table effect (subject uuid not null)")
        try:
            await test(Bench(settings, UnitOfWork(pool, clock), clock))
        finally:
            await pool.close()

    return lambda test, clock=None: asyncio.run(run(test, clock or SystemClock()))


def test_a_first_kind_waits_for_no_other(on_the_bench: Run) -> None:  # R-OS-09
    async def test(bench: Bench) -> None:
        order: list[str] = []

        async def noted(timer: Timer, _tx: Transaction) -> None:
            order.append(timer.kind)
            if order == [KIND]:
                # Due last, and written while hundreds of others are in hand.
                await bench.start(new_id(), kind="FIRST")

        hundreds = [new_id() for _ in range(350)]
        await bench.start(*hundreds, due=bench.clock.now() - timedelta(hours=1))
        stop = asyncio.Event()
        firings = {KIND: noted, "FIRST": noted}
        loop = TimerLoop(bench.settings, "intake", bench.clock, bench.work, firings, ("FIRST",))
        task = asyncio.create_task(loop.run(stop))

        async def fired() -> int:
            return len(order)

        await until(fired, lambda count: count > len(hundreds))
        stop.set()
        await task
        # One batch of others at the most.
        assert order.index("FIRST") <= 100

    on_the_bench(test)


def test_two_loops_fire_each_timer_once(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        subjects = [new_id() for _ in range(150)]
        await bench.start(*subjects[:100])
        async with bench.looping(), bench.looping():
            await bench.start(*subjects[100:])
            await bench.until_effects(len(subjects))
            # Due after them all: once it has fired, a second shot of any of them would have too.
            last = new_id()
            await bench.start(last)
            effects = await bench.until_effects(len(subjects) + 1)
        assert sorted(effects) == sorted([*subjects, last])
        assert set((await bench.states()).values()) == {"FIRED"}

    on_the_bench(test)


def test_a_loop_that_dies_between_due_and_done_leaves_the_timer_to_the_next(on_the_bench: Run) -> None:
    """Killed in its reaction, after the effect and before the commit."""

    async def test(bench: Bench) -> None:
        reached = asyncio.Event()

        async def stall(timer: Timer, tx: Transaction) -> None:
            await note(timer, tx)
            reached.set()
            await asyncio.Event().wait()

        subject = new_id()
        await bench.start(subject)
        async with bench.looping(**{KIND: stall}) as doomed:
            await asyncio.wait_for(reached.wait(), 5)
            doomed.cancel()
        assert await bench.effects() == []
        assert await bench.states() == {subject: "WAITING"}
        async with bench.looping():
            assert await bench.until_effects(1) == [subject]
        assert await bench.states() == {subject: "FIRED"}

    on_the_bench(test)


def test_its_sessions_cut_off_in_a_reaction(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        cuts: list[UUID] = []

        async def cut_once(timer: Timer, tx: Transaction) -> None:
            await note(timer, tx)
            if not cuts:
                cuts.append(timer.id)
                await tx.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and application_name <> 'peel-bench'"
                )

        subject = new_id()
        await bench.start(subject)
        async with bench.looping(**{KIND: cut_once}) as loop:
            assert await bench.until_effects(1) == [subject]
            assert not loop.done()
        assert len(cuts) == 1

    on_the_bench(test)


@pytest.mark.parametrize(
    "fault",
    [
        "select 1 / 0",
        # As where the database gives up on a statement or on a lock: passing errors, which may pass or not.
        "do $$ begin raise exception 'no' using errcode = 'query_canceled'; end $$",
        "do $$ begin raise exception 'no' using errcode = 'deadlock_detected'; end $$",
    ],
)
def test_a_failing_reaction_holds_up_no_other_timer_and_is_tried_again(on_the_bench: Run, fault: str) -> None:
    async def test(bench: Bench) -> None:
        mended = False
        tries = []

        async def fail(timer: Timer, tx: Transaction) -> None:
            tries.append(timer.subject)
            if not mended:
                await tx.execute(fault)
            await note(timer, tx)

        bad, good = [new_id() for _ in range(3)], [new_id() for _ in range(3)]
        await bench.start(*bad, kind=FAILING)
        await bench.start(*good)
        async with bench.looping(**{FAILING: fail}):
            assert set(await bench.until_effects(3)) == set(good)
            assert set(tries) == set(bad)
            states = await bench.states()
            assert {states[subject] for subject in bad} == {"WAITING"}
            mended = True
            assert set(await bench.until_effects(6)) == {*good, *bad}

    on_the_bench(test)


def test_a_kind_that_nobody_knows_waits_for_who_does(on_the_bench: Run) -> None:
    """As during a rollout: an old worker leaves a new one's timer alone."""

    async def test(bench: Bench) -> None:
        unknown, known = new_id(), new_id()
        await bench.start(unknown, kind="OF_TOMORROW")
        await bench.start(known)
        async with bench.looping():
            await bench.until_effects(1)
        async with bench.looping(OF_TOMORROW=note):
            assert await bench.until_effects(2) == [known, unknown]

    on_the_bench(test)


def test_an_earlier_timer_wakes_the_loop(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        await bench.start(new_id(), due=datetime.now(UTC) + timedelta(hours=1))
        async with bench.looping():
            # The loop waits for the far one as soon as it has fired this.
            await bench.start(new_id())
            await bench.until_effects(1)
            took = []
            for number in range(2, 7):
                began = time.monotonic()
                await bench.start(new_id())
                await bench.until_effects(number)
                took.append(time.monotonic() - began)
        # By its net alone the loop would take five seconds for one of them.
        assert sum(took) < PROMPT_SECONDS

    on_the_bench(test)


def test_a_timer_of_the_near_future_fires_at_its_time_and_not_before(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        due = datetime.now(UTC) + timedelta(seconds=0.5)
        fired_at = []

        async def look(timer: Timer, tx: Transaction) -> None:
            fired_at.append(tx.now)
            await note(timer, tx)

        await bench.start(new_id(), due=due)
        async with bench.looping(**{KIND: look}):
            await bench.until_effects(1)
        assert timedelta(0) <= fired_at[0] - due < timedelta(seconds=PROMPT_SECONDS)

    on_the_bench(test)


def test_a_rehearsal_steps_to_it(on_the_bench: Callable[..., None], tmp_path: Path) -> None:
    noon = datetime(2018, 7, 4, 12, tzinfo=UTC)
    set_rehearsal_clock(tmp_path / "clock", noon)

    async def test(bench: Bench) -> None:
        near, far = new_id(), new_id()
        await bench.start(near, due=noon + timedelta(hours=24))
        await bench.start(far, due=noon + timedelta(hours=25))
        async with bench.looping():
            set_rehearsal_clock(tmp_path / "clock", noon + timedelta(hours=24))
            began = time.monotonic()
            assert await bench.until_effects(1) == [near]
            assert time.monotonic() - began < PROMPT_SECONDS
            assert (await bench.states())[far] == "WAITING"

    on_the_bench(test, RehearsalClock(tmp_path / "clock"))


def test_a_cancelled_timer_does_not_fire(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        cancelled, other = new_id(), new_id()
        due = datetime.now(UTC) + timedelta(seconds=0.2)
        await bench.start(cancelled, due=due)
        async with bench.work.begin(service_itself("intake")) as tx:
            tx.cancel_timer(KIND, cancelled)
        await bench.start(other, due=due)
        async with bench.looping():
            assert await bench.until_effects(1) == [other]
        assert await bench.states() == {cancelled: "CANCELLED", other: "FIRED"}

    on_the_bench(test)


def test_a_timer_that_waits_is_not_moved_and_one_that_has_settled_is_armed_anew(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        subject, far = new_id(), datetime.now(UTC) + timedelta(hours=9)
        await bench.start(subject, due=far)
        await bench.start(subject)
        assert await bench.due(subject) == far
        async with bench.work.begin(service_itself("intake")) as tx:
            # Cancelled and started in one transaction: that moves it. Started twice: the first counts.
            tx.cancel_timer(KIND, subject)
            tx.start_timer(KIND, subject, due=bench.clock.now(), owner="nobody", force="north-force")
            tx.start_timer(KIND, subject, due=far, owner="nobody", force="north-force")
        async with bench.looping():
            assert await bench.until_effects(1) == [subject]
            await bench.start(subject)
            assert await bench.until_effects(2) == [subject, subject]
        async with bench.work.begin(service_itself("intake")) as tx:
            tx.start_timer(KIND, subject, due=far, owner="nobody", force="north-force")
            # What was only about to be started is taken back as well.
            tx.cancel_timer(KIND, subject)
        assert await bench.states() == {subject: "FIRED"}

    on_the_bench(test)


def test_a_timer_can_arm_itself_anew_as_it_fires(on_the_bench: Run) -> None:
    async def test(bench: Bench) -> None:
        async def again(timer: Timer, tx: Transaction) -> None:
            await note(timer, tx)
            tx.start_timer(KIND, timer.subject, due=tx.now, owner=timer.owner, force=timer.force)

        subject = new_id()
        await bench.start(subject)
        async with bench.looping(**{KIND: again}), bench.looping(**{KIND: again}):
            assert set(await bench.until_effects(20)) == {subject}
        assert await bench.states() == {subject: "WAITING"}

    on_the_bench(test)
