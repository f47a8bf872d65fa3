"""A synthetic force on duty in the database of dispatch: units with crews, radios and positions, and incidents. All
people are invented."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from deploy.local.platform import Platform
from services.kernel.ids import new_id

FORCE = "west-yorkshire"
# The middle of the force's area, and how far units are from it, in degrees.
_LATITUDE, _LONGITUDE, _SPREAD = 53.75, -1.65, 0.35
_SKILLS = ('{"RESPONSE": null}', '{"RESPONSE": null, "STO": null}', '{"RESPONSE": null, "AFO": null}')


def somewhere() -> tuple[float, float]:
    """Degrees north and east of a place in the force's area."""
    return _LATITUDE + random.uniform(-_SPREAD, _SPREAD), _LONGITUDE + random.uniform(-_SPREAD, _SPREAD)


async def book_on(platform: Platform, count: int) -> list[UUID]:
    """So many units on patrol, tested, each with one officer, one radio and a position; returns their ids."""
    now = datetime.now(UTC)
    ids = [new_id() for _ in range(count)]
    connection = await asyncpg.connect(platform.postgres.dsn("dispatch"), timeout=10)
    try:
        await connection.executemany(
            "insert into unit (id, force, callsign, status, status_since, crew, radios, device_test, shift_ends_at, "
            "sequence) values ($1, $2, $3, 2, $4, $5, $6, 2, $7, 1)",
            [
                (
                    unit_id,
                    FORCE,
                    f"B{number}",
                    now,
                    f'[{{"officer_id": "officer-{number}", "skills": {random.choice(_SKILLS)}}}]',
                    [f"radio-{number}"],
                    now + timedelta(hours=8),
                )
                for number, unit_id in enumerate(ids)
            ],
        )
        await connection.executemany(
            "insert into unit_position (unit_id, force, latitude, longitude, accuracy_metres, at) "
            "values ($1, $2, $3, $4, 5, $5)",
            [(unit_id, FORCE, *somewhere(), now) for unit_id in ids],
        )
        await connection.execute("analyze")
    finally:
        await connection.close()
    return ids


async def grade(platform: Platform, count: int) -> list[UUID]:
    """So many incidents of the most urgent grade that wait; returns their ids."""
    now = datetime.now(UTC)
    ids = [new_id() for _ in range(count)]
    connection = await asyncpg.connect(platform.postgres.dsn("dispatch"), timeout=10)
    try:
        await connection.executemany(
            "insert into incident (id, contact_id, force, grade, urgency, state, first_contact_at, graded_at, "
            "queued_at, latitude, longitude, accuracy_metres, sequence) "
            "values ($1, $2, $3, '1', 1, 1, $4, $4, $4, $5, $6, 5, 1)",
            [(incident_id, new_id(), FORCE, now, *somewhere()) for incident_id in ids],
        )
    finally:
        await connection.close()
    return ids
