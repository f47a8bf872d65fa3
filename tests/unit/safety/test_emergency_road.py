"""How a signal is made to last, and what a press waits for (I4, R-OS-09)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import asyncpg
import pytest
from google.protobuf.message import Message

from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.appender import Append, Appender
from services.kernel.breaker import Breaker
from services.kernel.bulk import AUDIT, TIMER
from services.kernel.caller import Call
from services.kernel.database import Table
from services.kernel.errors import Busy, Unavailable
from services.safety.emergency.again import Again
from services.safety.emergency.disk import Disk
from services.safety.emergency.domain.signals import Durability, EscalationLevel, SignalKind, Trigger
from services.safety.emergency.held import Held
from services.safety.emergency.origins import audit_of, call_of
from services.safety.emergency.road import BUDGET_SECONDS, Road, Store
from services.safety.emergency.rows import HAPPENED, level_kind, rows_of
from services.safety.emergency.spool_levels import IN_MEMORY, IN_MEMORY_OLDEST_SECONDS, Levels
from services.safety.emergency.store import ALARM, SIGNAL
from tests.unit.kernel.virtual_time import now, run
from tests.unit.safety.boards import a_board
from tests.unit.safety.pressing import at, pressed, taken

COMMITTED, LOCAL, NOT_DURABLE = Durability.COMMITTED, Durability.LOCAL, Durability.NOT_DURABLE


@dataclass
class Database:
    """Takes what is appended after so many seconds, or says something else."""

    seconds: float = 0.001
    error: Exception | None = None
    asked: int = 0
    stored: list[tuple[Call, Append[Any]]] = field(default_factory=list)

    async def append(self, call: Call, append: Append[Message]) -> Message:
        self.asked += 1
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.stored.append((call, append))
        return append.reply


@dataclass
class LocalDisk:
    """Keeps signals, or not."""

    works: bool = True
    kept: list[Held] = field(default_factory=list)

    async def keep(self, held: Held) -> bool:
        if self.works:
            self.kept.append(held)
        return self.works

    def level(self) -> None:
        return None

    def holds(self, signal_id: object) -> bool:
        return any(held.signal.id == signal_id for held in self.kept)


def held(**parts: object) -> Held:
    origin = types.Origin(
        subject="gateway-1", roles=["ROLE_RADIO_GATEWAY"], force="west-yorkshire", action="COLLECTION"
    )
    origin.rpc = "peel.safety.v1.EmergencyService.PressEmergency"
    origin.at.FromDatetime(at(0))
    return Held(pressed(**parts), origin=origin)  # type: ignore[arg-type]


@dataclass
class Path:
    """A road with what it leads to."""

    database: Database = field(default_factory=Database)
    disk: LocalDisk = field(default_factory=LocalDisk)
    settled: list[Durability] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.breaker = Breaker("test-emergency", budget_seconds=BUDGET_SECONDS)
        self.store = Store(cast(Appender, self.database), self.breaker)
        note: Callable[[Held, Durability], None] = lambda _, durability: self.settled.append(durability)  # noqa: E731
        self.road = Road(self.store, self.breaker, cast(Disk, self.disk), note)


def test_the_database_takes_it() -> None:
    path = Path()
    assert run(path.road.keep(held())) is COMMITTED
    assert not path.disk.kept


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("X", rule="away"),
        Busy("X", rule="full"),
        asyncpg.UndefinedTableError("signal"),
        OSError(),
        RuntimeError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_the_database_says_it_goes_on_to_the_disk(error: Exception) -> None:
    path = Path(Database(error=error))
    assert run(path.road.keep(held())) is LOCAL
    assert len(path.disk.kept) == 1


def test_a_press_waits_for_the_budget_once_and_then_for_nothing() -> None:
    async def work() -> None:
        path = Path(Database(seconds=3600))
        assert await path.road.keep(held()) is LOCAL
        assert now() == pytest.approx(BUDGET_SECONDS)
        for number in range(2, 40):
            assert await path.road.keep(held(press_id=str(number))) is LOCAL
            assert now() == pytest.approx(BUDGET_SECONDS)

    run(work())


def test_no_press_waits_to_find_out_whether_the_database_is_back() -> None:
    async def work() -> None:
        path = Path(Database(seconds=3600))
        await path.road.keep(held())
        for number in range(2, 20):
            await asyncio.sleep(1)
            began = now()
            assert await path.road.keep(held(press_id=str(number))) is LOCAL
            assert now() == began
        await asyncio.sleep(1)
        path.database.seconds = 0.01
        assert await path.road.keep(held(press_id="20")) is LOCAL
        await asyncio.sleep(0.1)
        # One of them found out, and is committed besides.
        assert await path.road.keep(held(press_id="21")) is COMMITTED
        assert path.settled[-1] is COMMITTED

    run(work())


def test_what_the_database_takes_late_is_known_to_be_there() -> None:
    async def work() -> None:
        path = Path(Database(seconds=1.0))
        assert await path.road.keep(held()) is LOCAL
        assert not path.settled
        await asyncio.sleep(1)
        assert path.settled == [COMMITTED]
        assert not path.breaker.open

    run(work())


def test_where_neither_takes_it_that_is_said() -> None:
    path = Path(Database(error=OSError()), LocalDisk(works=False))
    assert run(path.road.keep(held())) is NOT_DURABLE


def test_a_signal_that_is_there_already_is_there() -> None:
    """Its request may be forgotten by then; the signal is not."""
    path = Path(Database(error=asyncpg.UniqueViolationError("signal_pkey")))
    assert run(path.road.keep(held())) is COMMITTED


def test_it_is_stored_under_the_call_that_it_came_with() -> None:  # I6
    path, one = Path(), held()
    run(path.road.keep(one))
    ((call, append),) = path.database.stored
    assert (call.request_id, call.caller.subject) == (one.signal.id, "gateway-1")
    assert append.audit is not None
    assert dict(zip([name for name, _ in AUDIT.columns], append.audit, strict=True))["at"] == at(0)
    assert one.origin is not None
    assert append.audit == audit_of(one.origin)
    # Whoever stores it, it is the same request.
    assert (call.request_id, call.digest) == (call_of(one.origin, one.signal.id).request_id, one.signal.id.bytes)


def tables(*rows: tuple[Table, tuple[object, ...]]) -> list[tuple[str, object]]:
    kinds = {TIMER: 1, SIGNAL: 3, ALARM: 0}
    return [(table.name, row[kinds[table]]) for table, row in rows]


def test_what_a_press_adds() -> None:  # R-OS-03
    signal = pressed()
    levels = [level_kind(level) for level in list(EscalationLevel)[1:]]
    assert tables(*rows_of(signal)) == [
        ("signal", SignalKind.PRESSED),
        ("alarm", signal.id),
        ("timer", HAPPENED),
        *(("timer", kind) for kind in levels),
    ]
    due = [row[4] for table, row in rows_of(signal) if table is TIMER]
    assert due == [at(0), at(10), at(20), at(30), at(60)]
    assert {row[2] for table, row in rows_of(signal) if table is TIMER} == {signal.id}


def test_what_others_add() -> None:
    press, ack = taken(pressed())
    assert tables(*rows_of(ack)) == [("signal", SignalKind.ACKNOWLEDGED), ("timer", HAPPENED)]
    probe = pressed(trigger=Trigger.SYNTHETIC, site="leeds")
    assert [name for name, _ in tables(*rows_of(probe))] == ["signal", "alarm", "timer"]
    assert press.emergency_id == ack.emergency_id


def test_what_is_not_safe_is_tried_again() -> None:
    async def work() -> None:
        database, disk = Database(error=OSError()), LocalDisk(works=False)
        board, _ = a_board()
        store = Store(cast(Appender, database), Breaker("test-again"))
        again = Again(board, store, cast(Disk, disk))
        one = held()
        board.add(one)
        await again.round()
        # Whoever took it is at it.
        assert database.asked == 0
        board._safety._unsafe[one.signal.id] -= 3
        await again.round()
        known = board.held(one.signal.id)
        assert known is not None
        assert (database.asked, known.durability) == (1, Durability.UNSPECIFIED)
        disk.works = True
        await again.round()
        assert known != (known := board.held(one.signal.id))
        assert known is not None
        assert known.durability is LOCAL
        # It is on this disk, and goes its way from there.
        asked = database.asked
        await again.round()
        assert database.asked == asked

    run(work())


def test_what_is_in_memory_alone_has_a_size_and_an_age() -> None:  # I8
    board, _ = a_board()
    levels = Levels(cast(Disk, LocalDisk()), board)
    lost, spooled, fresh = held(), held(radio="2341002"), held(radio="2341003")
    board.add(Held(lost.signal, NOT_DURABLE, lost.origin))
    board.add(Held(spooled.signal, LOCAL, spooled.origin))
    board.add(fresh)
    for one in (lost, spooled):
        board._safety._unsafe[one.signal.id] -= 100
    *_, size, since = levels.measure()
    assert since is not None
    assert (size, IN_MEMORY._value.get()) == (1, 1)
    assert IN_MEMORY_OLDEST_SECONDS._value.get() == pytest.approx(100, abs=5)
    # The same moment whenever it is asked: what did not change need not be stored again.
    assert levels.measure()[-1] == since
    board.settle(lost, COMMITTED)
    assert levels.measure()[-2:] == (0, None)
    assert IN_MEMORY_OLDEST_SECONDS._value.get() == 0


def test_what_another_replica_has_on_its_disk_is_stored_if_it_does_not_do_so_itself() -> None:
    async def work() -> None:
        database, disk = Database(), LocalDisk()
        board, _ = a_board()
        again = Again(board, Store(cast(Appender, database), Breaker("test-elsewhere")), cast(Disk, disk))
        one = held()
        board.add(Held(one.signal, LOCAL, one.origin))
        board._safety._unsafe[one.signal.id] -= 5
        await again.round()
        assert database.asked == 0
        board._safety._unsafe[one.signal.id] -= 6
        await again.round()
        known = board.held(one.signal.id)
        assert known is not None
        assert known.durability is COMMITTED

    run(work())
