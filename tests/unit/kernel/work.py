"""A unit of work without a database: what it was told to add, and whether it answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from services.kernel.bulk import AUDIT
from services.kernel.caller import Caller
from services.kernel.database import Table

NOON = datetime(2018, 7, 2, 12, tzinfo=UTC)


class Tx:
    """A transaction that holds what it is given."""

    now = NOON

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.rows: list[tuple[Table, tuple[object, ...]]] = []

    def add(self, table: Table, row: tuple[object, ...]) -> None:
        self.rows.append((table, row))


class Work:
    """Commits what a transaction holds when its block ends. `fault` is raised instead."""

    def __init__(self) -> None:
        self.stored: list[tuple[Table, tuple[object, ...]]] = []
        self.commits = 0
        self.fault: Exception | None = None

    @asynccontextmanager
    async def begin(self, caller: Caller) -> AsyncIterator[Any]:
        if self.fault is not None:
            raise self.fault
        tx = Tx(caller)
        yield tx
        self.stored += tx.rows
        self.commits += 1

    @property
    def audited(self) -> list[tuple[object, ...]]:
        return [row for table, row in self.stored if table is AUDIT]
