"""A synthetic force on duty in the database of dispatch: units with crews, radios and positions, and incidents. All
people are invented."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from deploy.local.platform import Platform
from peel.dispatch.v1 import types_pb2 as types
from services.kernel.ids import new_id

# The middle of the force's area, and how far units are from it, in degrees.
_LATITUDE, _LONGITUDE, _SPREAD = 53.75, -1.65, 0.35
_SKILLS = ('{"RESPONSE": null}', '{"RESPONSE": null, "STO": null}', '{"RESPONSE": null, "AFO": null}')


def somewhere() -> tuple[float, float]:
    """Degrees north and east of a place in the force's area."""
    return _LATITUDE + random.uniform(-_SPREAD, _SPREAD), _LONGITUDE + random.uniform(-_SPREAD, _SPREAD)


@asynccontextmanager
async def on_duty(platform: Platform, force: str, count: int) -> AsyncIterator[list[UUID]]:
    """So many units on patrol, tested, each with one officer, one radio and a position, until the block ends."""
    ids = [new_id() for _ in range(count)]
    await _run(platform, lambda connection: _book_on(connection, force, ids))
    try:
        yield ids
    finally:
        await _run(platform, lambda connection: _forget(connection, ids))


async def _run(platform: Platform, work: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
    connection = await asyncpg.connect(platform.postgres.dsn("dispatch"), timeout=10)
    try:
        async with connection.transaction():
            await work(connection)
    finally:
        await connection.close()


async def _book_on(connection: asyncpg.Connection, force: str, ids: list[UUID]) -> None:
    now = datetime.now(UTC)
    ends = now + timedelta(hours=8)
    await connection.executemany(
        "insert into unit (id, force, callsign, status, status_since, crew, radios, device_test, shift_ends_at, "
        "sequence) values ($1, $2, $3, 2, $4, $5, $6, 2, $7, 1)",
        [
            (
                unit_id,
                force,
                f"B{unit_id.hex[-12:]}",
                now,
                f'[{{"officer_id": "officer-{unit_id.hex}", "skills": {random.choice(_SKILLS)}}}]',
                [f"radio-{unit_id.hex}"],
                ends,
            )
            for unit_id in ids
        ],
    )
    await connection.executemany(
        "insert into unit_position (unit_id, force, latitude, longitude, accuracy_metres, at) "
        "values ($1, $2, $3, $4, 5, $5)",
        [(unit_id, force, *somewhere(), now) for unit_id in ids],
    )
    # So that a process that knows the force already hears of them.
    await connection.executemany(
        "insert into board_change (force, at, kind, unit_id, body) values ($1, $2, 'unit', $3, $4)",
        [(force, now, one, types.BoardChange(unit=types.Unit(unit_id=str(one))).SerializeToString()) for one in ids],
    )


async def _forget(connection: asyncpg.Connection, ids: list[UUID]) -> None:
    for table in ("unit_position", "board_change"):
        await connection.execute(f"delete from {table} where unit_id = any($1)", ids)
    await connection.execute("delete from unit where id = any($1)", ids)


async def grade(platform: Platform, force: str, count: int) -> list[UUID]:
    """So many incidents of the most urgent grade that wait; returns their ids."""
    now = datetime.now(UTC)
    ids = [new_id() for _ in range(count)]
    rows = [(incident_id, new_id(), force, now, *somewhere()) for incident_id in ids]
    await _run(
        platform,
        lambda connection: connection.executemany(
            "insert into incident (id, contact_id, force, grade, urgency, state, first_contact_at, graded_at, "
            "queued_at, latitude, longitude, accuracy_metres, sequence) "
            "values ($1, $2, $3, '1', 1, 1, $4, $4, $4, $5, $6, 5, 1)",
            rows,
        ),
    )
    return ids
