"""The clock that asks after a status strikes in the very moment in which the status ends (domain facts 4.1)."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.dispatch.domain.terms import UnitStatus
from services.dispatch.duty import handlers as duty_handlers
from services.dispatch.units import store as unit_store
from services.dispatch.units.keeping import STATUS_OVERDUE as OVERDUE
from tests.integration.dispatch.sides import DISPATCHER, FORCE, WORKER, Side, Two, strike

REFRESHED, LEFT = UnitStatus.REFRESHMENTS, UnitStatus.ON_PATROL
LIMIT = timedelta(minutes=45)
FIRE = "update timer set state = 'FIRED', settled_at = now() where kind = $1 and subject = $2"


async def _set(side: Side, unit_id: UUID, status: UnitStatus, ago: timedelta = timedelta(0)) -> None:
    async with side.work.begin(DISPATCHER) as tx:
        await duty_handlers.set_unit_status(duty_handlers.SetUnitStatus(unit_id, status, tx.now - ago, None), tx)


async def _overdue(side: Side) -> UUID:
    """A unit that has been at refreshments for longer than it should, and whose clock has yet to strike."""
    unit_id = await side.unit()
    async with side.work.begin(DISPATCHER) as tx:
        # Its duty began long ago.
        await tx.execute("update unit set status_since = status_since - interval '3 hours' where id = $1", unit_id)
    await _set(side, unit_id, REFRESHED, 2 * LIMIT)
    return unit_id


async def _asked(side: Side, unit_id: UUID) -> list[str]:
    """Who has settled each question about a unit; "" where it waits for an answer."""
    async with side.work.begin(DISPATCHER) as tx:
        tasks = await tx.all("select done_by from task where unit_id = $1 order by id", unit_id)
    return [task["done_by"] or "" for task in tasks]


async def _clock_of(side: Side, unit_id: UUID) -> tuple[str, datetime]:
    async with side.work.begin(DISPATCHER) as tx:
        (timer,) = await tx.all("select state, due from timer where kind = $1 and subject = $2", OVERDUE, unit_id)
    return timer["state"], timer["due"]


@pytest.mark.parametrize("statuses", [(LEFT,), (LEFT, REFRESHED)], ids=["unwatched", "watched"])
def test_a_status_that_ends_while_its_clock_strikes_leaves_no_task(two: Two, statuses: tuple[UnitStatus, ...]) -> None:
    """The clock waits for nobody and strikes once more; by then it is of no status that the unit has."""

    async def test(api: Side, worker: Side) -> None:
        unit_id = await _overdue(api)
        async with api.work.begin(DISPATCHER) as tx:
            await unit_store.unit(tx, unit_id, lock=True)
            await asyncio.wait_for(strike(worker, OVERDUE, unit_id, duty_handlers.tell_overdue), 2)
            for status in statuses:
                await duty_handlers.set_unit_status(duty_handlers.SetUnitStatus(unit_id, status, tx.now, None), tx)
        await strike(worker, OVERDUE, unit_id, duty_handlers.tell_overdue)
        state, due = await _clock_of(api, unit_id)
        assert await _asked(api, unit_id) == []
        # The next status is asked after, and not before its own time.
        assert state == ("WAITING" if REFRESHED in statuses else "FIRED")
        assert REFRESHED not in statuses or LIMIT - timedelta(minutes=1) < due - datetime.now(UTC) <= LIMIT

    two(test)


@pytest.mark.parametrize("statuses", [(LEFT,), (LEFT, REFRESHED)], ids=["unwatched", "watched"])
def test_a_clock_that_holds_its_row_is_not_taken_for_the_next_statuss(
    two: Two, statuses: tuple[UnitStatus, ...]
) -> None:
    """It has fired and found the unit being changed; the change waits for it, and commits after it."""

    async def test(api: Side, worker: Side) -> None:
        unit_id = await _overdue(api)
        struck, found = asyncio.Event(), asyncio.Event()

        async def firing() -> None:
            async with worker.work.begin(WORKER) as tx:
                await tx.execute(FIRE, OVERDUE, unit_id)
                struck.set()
                await found.wait()
                await duty_handlers.tell_overdue(unit_id, FORCE, tx)

        async def changing() -> None:
            async with api.work.begin(DISPATCHER) as tx:
                await unit_store.unit(tx, unit_id, lock=True)
                found.set()
                for status in statuses:
                    await duty_handlers.set_unit_status(duty_handlers.SetUnitStatus(unit_id, status, tx.now, None), tx)

        strikes = asyncio.create_task(firing())
        await struck.wait()
        await asyncio.wait_for(asyncio.gather(strikes, changing()), 10)
        await strike(worker, OVERDUE, unit_id, duty_handlers.tell_overdue)
        state, due = await _clock_of(api, unit_id)
        assert await _asked(api, unit_id) == []
        assert REFRESHED not in statuses or (state == "WAITING" and due > datetime.now(UTC))

    two(test)


def test_a_status_whose_clock_has_struck_and_not_committed_takes_its_task_with_it(two: Two) -> None:
    async def test(api: Side, worker: Side) -> None:
        unit_id = await _overdue(api)
        async with worker.work.begin(WORKER) as tx:
            await tx.execute(FIRE, OVERDUE, unit_id)
            await duty_handlers.tell_overdue(unit_id, FORCE, tx)
            await tx.flush()
            leaving = asyncio.create_task(_set(api, unit_id, LEFT))
            await asyncio.wait({leaving}, timeout=0.3)
        await leaving
        assert await _asked(api, unit_id) == ["dispatcher-1"]
        assert (await _clock_of(api, unit_id))[0] == "FIRED"

    two(test)


def test_a_message_of_an_overdue_unit_does_not_stop_its_clock(two: Two) -> None:
    async def test(api: Side, worker: Side) -> None:
        unit_id = await _overdue(api)
        async with api.work.begin(DISPATCHER) as tx:
            await unit_store.unit(tx, unit_id, lock=True)
            await asyncio.wait_for(strike(worker, OVERDUE, unit_id, duty_handlers.tell_overdue), 2)
        assert (await _clock_of(api, unit_id))[0] == "WAITING"
        await strike(worker, OVERDUE, unit_id, duty_handlers.tell_overdue)
        assert await _asked(api, unit_id) == [""]

    two(test)
