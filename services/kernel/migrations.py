"""Plain SQL migrations: `pre` before the new code starts, `post` once the old is gone.

Files are NNNN_pre_name.sql or NNNN_post_name.sql; the kernel's run before the service's own.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import asyncpg

from services.kernel.settings import Settings

_NAME = re.compile(r"(?P<number>\d{4})_(?P<phase>pre|post)_\w+\.sql")
_LOCK = 7_003_517


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `kernel/0001_pre_kernel.sql`."""

    name: str
    phase: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_of(service: str) -> tuple[Migration, ...]:
    """All migrations of a service's database, in order. Raises ValueError for a file with another kind of name."""
    return (*_read("kernel"), *_read(service))


def _read(owner: str) -> list[Migration]:
    folder: Traversable = files(f"services.{owner}") / "migrations"
    found = []
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".sql"):
            continue
        match = _NAME.fullmatch(file.name)
        if match is None:
            raise ValueError(f"{owner}/{file.name}: not NNNN_pre_name.sql or NNNN_post_name.sql")
        found.append(Migration(f"{owner}/{file.name}", match["phase"], file.read_text(encoding="utf-8")))
    return found


async def migrate(settings: Settings, service: str, phases: tuple[str, ...] = ("pre", "post")) -> list[str]:
    """Applies what is missing, each file in a transaction of its own; two at once wait for each other.

    Returns the names applied. Raises RuntimeError where a file was changed after it was applied.
    """
    connection = await asyncpg.connect(settings.database_of(service), timeout=10)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "create table if not exists migration "
            "(name text primary key, digest text not null, at timestamptz not null default clock_timestamp())"
        )
        done = {row["name"]: row["digest"] for row in await connection.fetch("select name, digest from migration")}
        due = outstanding(migrations_of(service), done, phases)
        for migration in due:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into migration (name, digest) values ($1, $2)", migration.name, migration.digest
                )
        return [migration.name for migration in due]
    finally:
        await connection.close()


def outstanding(migrations: Sequence[Migration], done: Mapping[str, str], phases: Sequence[str]) -> list[Migration]:
    """The migrations of these phases that are not done yet; `done` has the digests of those that are, by name.

    Raises RuntimeError where a file was changed after it was applied.
    """
    for migration in migrations:
        if done.get(migration.name, migration.digest) != migration.digest:
            raise RuntimeError(f"{migration.name} was changed after it was applied; write a new file")
    return [migration for migration in migrations if migration.name not in done and migration.phase in phases]


async def missing(connection: asyncpg.Connection, service: str) -> list[str]:
    """The `pre` migrations that this code needs and the database has not."""
    if await connection.fetchval("select to_regclass('migration')") is None:
        return list(_needed(service))
    done = {row["name"] for row in await connection.fetch("select name from migration")}
    return [name for name in _needed(service) if name not in done]


# Asked for every second, and the files of a process that runs do not change.
@cache
def _needed(service: str) -> tuple[str, ...]:
    return tuple(migration.name for migration in migrations_of(service) if migration.phase == "pre")
