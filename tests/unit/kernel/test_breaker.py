"""A store within its budget, or the other way at once: nobody waits for a store that is known to be away (I4)."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.breaker import Away, Breaker
from services.kernel.errors import Busy, Conflict, PeelError, Unavailable
from services.kernel.telemetry.metrics import REGISTRY
from tests.unit.kernel.virtual_time import now, run

BUDGET, PROBE = 0.15, 0.5


@dataclass
class Store:
    """Answers after so many seconds, or with an error; remembers when it was asked."""

    seconds: float = 0.0
    error: Exception | None = None
    asked: list[float] = field(default_factory=list)
    cancelled: int = 0

    async def take(self, value: int = 0) -> int:
        self.asked.append(now())
        error = self.error
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if error is not None:
            raise error
        return value


async def seconds_until_away(breaker: Breaker, store: Store) -> float:
    """How long a caller waited before it was sent the other way."""
    began = now()
    with pytest.raises(Away):
        await breaker.call(store.take)
    return now() - began


def metric(name: str, breaker: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"breaker": breaker})


def test_an_answer_within_the_budget_is_the_callers() -> None:
    async def work() -> None:
        breaker, store = Breaker("test"), Store(seconds=BUDGET * 0.9)
        assert await asyncio.gather(*(breaker.call(partial(store.take, value)) for value in range(20))) == list(
            range(20)
        )
        assert not breaker.open

    run(work())


def test_a_spent_budget_opens_it_and_the_next_wait_no_more() -> None:
    async def work() -> None:
        breaker, store = Breaker("test"), Store(seconds=3600)
        assert await seconds_until_away(breaker, store) == pytest.approx(BUDGET)
        assert breaker.open
        for _ in range(100):
            assert await seconds_until_away(breaker, store) == 0
        assert len(store.asked) == 1
        assert store.cancelled == 1

    run(work())


def test_concurrent_callers_wait_for_no_more_than_their_own_budget() -> None:
    async def work() -> None:
        breaker, store = Breaker("test"), Store(seconds=3600)
        waited = await asyncio.gather(*(seconds_until_away(breaker, store) for _ in range(50)))
        assert max(waited) == pytest.approx(BUDGET)

    run(work())


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        asyncpg.CannotConnectNowError(),
        Unavailable("STORE_UNAVAILABLE", rule="it does not answer"),
        Busy("OVERLOADED", rule="too many wait"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_store_that_says_it_is_away_opens_it_at_once(error: Exception) -> None:
    async def work() -> None:
        breaker, store = Breaker("test"), Store(error=error)
        assert await seconds_until_away(breaker, store) == 0
        assert breaker.open

    run(work())


@pytest.mark.parametrize("error", [Conflict("REUSED", rule="once"), asyncpg.UniqueViolationError(), KeyError("ours")])
def test_any_other_error_is_an_answer_and_the_callers(error: Exception) -> None:
    async def work() -> None:
        breaker, store = Breaker("test"), Store(error=ConnectionRefusedError())
        await seconds_until_away(breaker, store)
        store.error = error
        await asyncio.sleep(PROBE * 1.2)
        with pytest.raises(type(error)):
            await breaker.call(store.take)
        assert not breaker.open

    run(work())


def test_one_caller_at_a_time_probes_and_its_success_closes_it() -> None:
    async def work() -> None:
        breaker, store = Breaker("test"), Store(seconds=3600)
        await seconds_until_away(breaker, store)
        await asyncio.sleep(PROBE * 1.2)
        waited = await asyncio.gather(*(seconds_until_away(breaker, store) for _ in range(20)))
        assert sorted(waited) == [0.0] * 19 + [pytest.approx(BUDGET)]
        await asyncio.sleep(PROBE * 1.2)
        store.seconds = 0.01
        assert await breaker.call(partial(store.take, 7)) == 7
        assert not breaker.open
        assert await asyncio.gather(*(breaker.call(store.take) for _ in range(5))) == [0] * 5

    run(work())


def test_probes_are_spread_so_that_replicas_do_not_come_together() -> None:
    async def work() -> None:
        spans = set()
        for _ in range(20):
            breaker, store = Breaker("test"), Store(error=ConnectionRefusedError())
            await seconds_until_away(breaker, store)
            while len(store.asked) < 2:
                await asyncio.sleep(0.001)
                await seconds_until_away(breaker, store)
            spans.add(round(store.asked[1] - store.asked[0], 3))
        assert len(spans) > 5
        assert PROBE * 0.8 <= min(spans) <= max(spans) <= PROBE * 1.2 + 0.002

    run(work())


def test_a_probe_whose_caller_gave_up_gives_its_turn_back() -> None:
    async def work() -> None:
        breaker, store = Breaker("test"), Store(seconds=3600)
        await seconds_until_away(breaker, store)
        await asyncio.sleep(PROBE * 1.2)
        probing = asyncio.create_task(breaker.call(store.take))
        await asyncio.sleep(BUDGET / 2)
        probing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probing
        assert breaker.open
        store.seconds = 0
        assert await breaker.call(store.take) == 0

    run(work())


def test_an_attempt_goes_on_where_its_outcome_matters_and_a_late_answer_closes_it() -> None:
    async def work() -> None:
        told: list[int] = []
        breaker, store = Breaker("test"), Store(seconds=BUDGET * 2)
        began = now()
        with pytest.raises(Away):
            await breaker.call(partial(store.take, 7), late=told.append)
        assert now() - began == pytest.approx(BUDGET)
        assert (breaker.open, told) == (True, [])
        await asyncio.sleep(BUDGET * 1.1)
        assert (breaker.open, told, store.cancelled) == (False, [7], 0)

    run(work())


def test_an_answer_in_time_is_the_callers_alone() -> None:
    async def work() -> None:
        told: list[int] = []
        breaker, store = Breaker("test"), Store(seconds=BUDGET / 2)
        assert await breaker.call(partial(store.take, 7), late=told.append) == 7
        await asyncio.sleep(1)
        assert told == []

    run(work())


def test_an_attempt_whose_outcome_matters_outlives_its_caller() -> None:
    async def work() -> None:
        told: list[int] = []
        breaker, store = Breaker("test"), Store(seconds=BUDGET / 2)
        calling = asyncio.create_task(breaker.call(partial(store.take, 7), late=told.append))
        await asyncio.sleep(BUDGET / 4)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await asyncio.sleep(BUDGET)
        assert (told, store.cancelled) == ([7], 0)

    run(work())


@pytest.mark.parametrize("error", [ConnectionResetError(), KeyError("ours")], ids=["away", "answer"])
def test_a_late_error_is_told_to_nobody_and_closes_it_where_it_is_an_answer(error: Exception) -> None:
    async def work() -> None:
        told: list[int] = []
        breaker, store = Breaker("test"), Store(seconds=1.0, error=error)
        with pytest.raises(Away):
            await breaker.call(store.take, late=told.append)
        await asyncio.sleep(1.0)
        assert (breaker.open, told) == (isinstance(error, OSError), [])

    run(work())


def test_a_late_error_opens_nothing_again() -> None:
    async def work() -> None:
        breaker, store = Breaker("test"), Store(seconds=PROBE * 2, error=ConnectionResetError())
        with pytest.raises(Away):
            await breaker.call(store.take, late=lambda _: None)
        store.seconds, store.error = 0, None
        await asyncio.sleep(PROBE * 1.2)
        await breaker.call(store.take)
        await asyncio.sleep(PROBE * 2)
        assert not breaker.open

    run(work())


def test_an_attempt_that_the_process_takes_down_with_it_is_told_to_nobody() -> None:
    async def work() -> None:
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        breaker, store = Breaker("test"), Store(seconds=3600)
        with pytest.raises(Away):
            await breaker.call(store.take, late=told.append)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(1)
        assert (store.cancelled, told) == (1, [])

    run(work())


def test_state_and_openings_are_on_the_metrics_page() -> None:
    async def work() -> None:
        breaker, store = Breaker("counted", budget_seconds=1.0, probe_seconds=2.0), Store(seconds=3600)
        assert metric("peel_breaker_open", "counted") == 0
        assert await seconds_until_away(breaker, store) == pytest.approx(1.0)
        await seconds_until_away(breaker, store)
        assert metric("peel_breaker_open", "counted") == 1
        assert metric("peel_breaker_openings_total", "counted") == 1
        store.seconds = 0
        await asyncio.sleep(2.4)
        await breaker.call(store.take)
        assert metric("peel_breaker_open", "counted") == 0

    run(work())


def test_what_it_raises_names_no_more_than_a_reason() -> None:
    error = Away()
    assert isinstance(error, PeelError)
    assert error.reason == "STORE_AWAY"


class Outages:
    """A store that is there, frozen or refusing by turns, and callers that come when they like."""

    def __init__(self, turns: list[tuple[float, str]], pauses: list[float], *, late: bool) -> None:
        self.breaker = Breaker("test")
        self.turns, self.pauses = turns, pauses
        self.late = (lambda _: None) if late else None
        self.state = "there"
        # Attempts that began while it was open: when each began and ended.
        self.probes: list[tuple[float, float]] = []

    async def weather(self) -> None:
        for seconds, state in self.turns:
            self.state = state
            await asyncio.sleep(seconds)
        self.state = "there"

    async def attempt(self) -> str:
        if self.state == "frozen":
            await asyncio.sleep(3)
        elif self.state == "refusing":
            raise ConnectionRefusedError
        else:
            await asyncio.sleep(0.002)
        return "stored"

    async def caller(self) -> None:
        was_open, began, state = self.breaker.open, now(), self.state
        asked = False

        async def attempt() -> str:
            nonlocal asked
            asked = True
            return await self.attempt()

        try:
            assert await self.breaker.call(attempt, late=self.late) == "stored"
        except Away:
            assert was_open or state != "there"
        assert now() - began <= BUDGET + 1e-6
        if was_open and asked:
            self.probes.append((began, now()))

    async def run(self) -> None:
        weather = asyncio.create_task(self.weather())
        callers = []
        for pause in self.pauses:
            await asyncio.sleep(pause)
            callers.append(asyncio.create_task(self.caller()))
        await asyncio.gather(weather, *callers)
        # It closes again by itself as long as somebody calls.
        deadline = now() + PROBE * 1.2 + BUDGET
        while self.breaker.open:
            assert now() <= deadline
            await asyncio.sleep(0.01)
            await self.caller()

    def gaps(self) -> Iterator[float]:
        for (_, ended), (began, _) in zip(self.probes, self.probes[1:], strict=False):
            yield began - ended


turns = st.lists(st.tuples(st.floats(0.01, 2), st.sampled_from(("there", "frozen", "refusing"))), max_size=6)
pauses = st.lists(st.floats(0, 0.4), min_size=1, max_size=60)


@given(turns, pauses, st.booleans())
def test_through_any_outage_nobody_waits_longer_than_the_budget(
    turns: list[tuple[float, str]], pauses: list[float], late: bool
) -> None:
    outages = Outages(turns, pauses, late=late)
    run(outages.run())
    # Never two at once. A late answer or a success between two probes may have begun a new outage in between.
    assert all(gap >= 0 for gap in outages.gaps())


@given(st.lists(st.floats(0, 0.1), min_size=20, max_size=200))
def test_through_a_long_outage_probes_keep_their_distance(pauses: list[float]) -> None:
    outages = Outages([(3600, "frozen")], pauses, late=False)
    run(outages.run())
    assert all(gap >= PROBE * 0.8 for gap in outages.gaps())
