"""Timers that have fired or were cancelled are forgotten after some time; what waits is never touched (I2)."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from services.kernel import upkeep
from services.kernel.clock import SystemClock
from services.kernel.database import Connection
from services.kernel.settings import Settings
from services.kernel.upkeep import Upkeep

# Of a rehearsal: far from what the machine's clock says.
NOW = datetime(2018, 7, 31, 12, 0, tzinfo=UTC)
_TIMER = (
    "insert into timer (id, kind, subject, force, due, owner, state, started_at, settled_at) values "
    "(gen_random_uuid(), $1, gen_random_uuid(), 'west-yorkshire', $2, 'nobody', $3, $2, $4)"
)


class Noon(SystemClock):
    def now(self) -> datetime:
        return NOW


def _days(settings: Settings, by: int) -> datetime:
    return NOW - timedelta(days=settings.settled_timer_days + by)


async def _kinds(connection: Connection) -> list[str]:
    return [row["kind"] for row in await connection.fetch("select kind from timer order by kind")]


def test_settled_timers_are_forgotten_after_their_days(settings: Settings, migrated: Callable[[str], None]) -> None:
    migrated("intake")

    async def run() -> None:
        connection: Connection = await asyncpg.connect(settings.database_of("intake"))
        try:
            old, young = _days(settings, 1), _days(settings, -1)
            for state in ("FIRED", "CANCELLED"):
                await connection.execute(_TIMER, f"old {state}", old, state, old)
                await connection.execute(_TIMER, f"young {state}", old, state, young)
            # However long it has been due.
            await connection.execute(_TIMER, "waiting", old, "WAITING", None)
            await Upkeep(settings, "intake", Noon()).round()
            assert await _kinds(connection) == ["waiting", "young CANCELLED", "young FIRED"]
        finally:
            await connection.close()

    asyncio.run(run())


def test_a_timer_that_is_armed_anew_meanwhile_stays(settings: Settings, migrated: Callable[[str], None]) -> None:
    migrated("intake")

    async def run() -> None:
        connection: Connection = await asyncpg.connect(settings.database_of("intake"))
        other: Connection = await asyncpg.connect(settings.database_of("intake"))
        try:
            old = _days(settings, 1)
            await connection.execute(_TIMER, "armed anew", old, "FIRED", old)
            await connection.execute(_TIMER, "old", old, "FIRED", old)
            arming = other.transaction()
            await arming.start()
            await other.execute("update timer set state = 'WAITING', settled_at = null where kind = 'armed anew'")
            await Upkeep(settings, "intake", Noon()).round()
            await arming.commit()
            assert await _kinds(connection) == ["armed anew"]
            await Upkeep(settings, "intake", Noon()).round()
            assert await _kinds(connection) == ["armed anew"]
        finally:
            await connection.close()
            await other.close()

    asyncio.run(run())


def test_a_round_deletes_so_many_and_the_next_goes_on(
    settings: Settings, migrated: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated("intake")
    statement = upkeep._SETTLED_TIMERS.replace("limit 5000", "limit 2")
    assert statement != upkeep._SETTLED_TIMERS
    monkeypatch.setattr(upkeep, "_SETTLED_TIMERS", statement)

    async def run() -> None:
        connection: Connection = await asyncpg.connect(settings.database_of("intake"))
        try:
            for days in (1, 2, 3):
                old = _days(settings, days)
                await connection.execute(_TIMER, f"old by {days}", old, "FIRED", old)
            await Upkeep(settings, "intake", Noon()).round()
            # The oldest first.
            assert await _kinds(connection) == ["old by 1"]
            await Upkeep(settings, "intake", Noon()).round()
            assert await _kinds(connection) == []
        finally:
            await connection.close()

    asyncio.run(run())
