"""The ledger of markers on a real database, with a clock that tests step, and people who work with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar, cast

import pytest
from google.protobuf.message import Message

from deploy.local.postgres import LocalPostgres
from peel.safety.v1 import api_pb2 as api
from peel.safety.v1 import events_pb2 as events
from services.kernel.appender import Appender
from services.kernel.backlog import Level, backlogs_of, measure
from services.kernel.caller import Call, Caller, set_call
from services.kernel.contract import rpc_policy
from services.kernel.database import Row, open_pool
from services.kernel.door import Context
from services.kernel.migrations import migrate
from services.kernel.paging import Pages
from services.kernel.settings import Settings
from services.kernel.timers import TimerLoop
from services.kernel.transaction import Transaction, UnitOfWork
from services.kernel.usecases import UseCases
from services.safety.markers.api import MarkerDoor
from services.safety.worker import reactions
from tests.unit.safety.markers.building import FORCE, NOW

Result = TypeVar("Result")
Command = TypeVar("Command")
Said: TypeAlias = api.ImportCertificateHoldersRequest | Exception | Callable[[], Awaitable[None]]


class SteppedClock:
    """The time of the test."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by

    async def wait_until(self, due: datetime | None, woken: asyncio.Event) -> None:
        """Nobody waits here."""
        raise NotImplementedError


class Ledger:
    """Safety's database, migrated, and its handlers at work on it."""

    def __init__(self, dsn: str) -> None:
        self.settings = Settings(database=dsn)
        self.clock = SteppedClock()
        self._runner = asyncio.Runner()
        self.run(migrate(self.settings, "safety"))
        self.pool = self.run(open_pool(self.settings, "safety"))
        self.work = UnitOfWork(self.pool, self.clock)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(work)

    def handle(
        self,
        handler: Callable[[Command, Transaction], Awaitable[Result]],
        command: Command,
        *roles: str,
        force: str = FORCE,
    ) -> Result:
        """Runs a use case for somebody with these roles."""

        async def within() -> Result:
            async with self.work.begin(Caller("somebody", force, frozenset(roles))) as tx:
                return await handler(command, tx)

        return self.run(within())

    async def importing(self, said: Iterable[Said], force: str = FORCE) -> api.ImportCertificateHoldersResponse:
        """Firearms licensing sends this; the stream breaks off at an error, and waits where something else happens."""

        async def stream() -> AsyncIterator[api.ImportCertificateHoldersRequest]:
            for one in said:
                if isinstance(one, Exception):
                    raise one
                if isinstance(one, api.ImportCertificateHoldersRequest):
                    yield one
                else:
                    await one()

        method = api.DESCRIPTOR.services_by_name["MarkerService"].methods_by_name["ImportCertificateHolders"]
        caller = Caller("licensing", force, frozenset({"ROLE_FIREARMS_LICENSING"}))
        set_call(Call(caller, rpc_policy(method), "W4", frozenset(), frozenset(), None, b""))
        cases = UseCases(self.work, cast(Appender, None), self.clock, cast(Pages, None))
        return await MarkerDoor(cases).ImportCertificateHolders(stream(), cast(Context, None))

    def take(self, *said: Said) -> api.ImportCertificateHoldersResponse:
        """What became of a register."""
        return self.run(self.importing(said))

    def fire(self) -> None:
        """Fires the timers that are due."""
        loop = TimerLoop(self.settings, "safety", self.clock, self.work, reactions.firings, reactions.first_kinds)

        async def due() -> int:
            async with self.pool.acquire() as connection:
                return await loop._fire_due(connection, asyncio.Event())

        assert self.run(due()) == 0

    def rows(self, sql: str, *args: object) -> list[Row]:
        rows: list[Row] = self.run(self.pool.fetch(sql, *args))
        return rows

    def told(self) -> list[Any]:
        """The events of markers, in their order."""
        rows = self.rows("select type, payload from outbox where topic = 'safety.marker.v1' order by id")
        return [
            cast(type[Message], getattr(events, row["type"].rsplit(".", 1)[1])).FromString(row["payload"])
            for row in rows
        ]

    def backlog(self, name: str) -> Level:
        """How full a backlog is."""
        (declared,) = [one for one in backlogs_of("safety") if one.name == name]

        async def look() -> Level:
            async with self.pool.acquire() as connection:
                return await measure(connection, declared, self.clock)

        return self.run(look())

    def close(self) -> None:
        self.run(self.pool.close())
        self._runner.close()


@pytest.fixture
def ledger(postgres: LocalPostgres, unique: str) -> Iterator[Ledger]:
    postgres.create_database(unique)
    ledger = Ledger(postgres.dsn(unique))
    try:
        yield ledger
    finally:
        ledger.close()
