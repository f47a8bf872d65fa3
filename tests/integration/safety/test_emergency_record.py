"""What follows from signals once they are in the database: standing, events in order, levels on record, each once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest

from peel.safety.v1 import events_pb2 as events
from services.kernel.caller import service_itself
from services.kernel.database import open_pool
from services.kernel.migrations import migrate
from services.kernel.settings import Settings
from services.kernel.transaction import Transaction, UnitOfWork
from services.safety.backlogs import BACKLOGS
from services.safety.emergency import following
from services.safety.emergency.disk import Disk
from services.safety.emergency.domain.answering import Code
from services.safety.emergency.domain.folding import Gravity, fold
from services.safety.emergency.domain.naming import device_id
from services.safety.emergency.domain.signals import Carrier, Durability, EscalationLevel, Point, Press, Signal, Trigger
from services.safety.emergency.held import Held
from services.safety.emergency.spool_levels import Levels
from tests.integration.services.running import query
from tests.unit.safety.boards import StoodClock, a_board
from tests.unit.safety.pressing import FORCE, at, cleared, pressed, safe, taken

SUPERVISOR = {"roles": frozenset({"ROLE_SUPERVISOR"}), "by": "supervisor-1"}


class Record:
    """A database of its own, and the worker's use cases on it."""

    def __init__(self, dsn: str) -> None:
        self.dsn, self.clock = dsn, StoodClock()
        asyncio.run(migrate(Settings(database=dsn), "safety"))

    def run(self, *uses: Callable[[Transaction], Awaitable[Any]]) -> Any:
        """Each in a transaction of its own; returns what the last one does."""

        async def work() -> Any:
            pool = await open_pool(Settings(database=self.dsn), "safety")
            result = None
            try:
                for use in uses:
                    async with UnitOfWork(pool, self.clock).begin(service_itself("safety")) as tx:
                        result = await use(tx)
            finally:
                await pool.close()
            return result

        return asyncio.run(work())

    def store(self, *signals: Signal) -> None:
        """Signals are committed, and nothing has followed yet."""

        async def use(tx: Transaction) -> None:
            for signal in signals:
                following.add(signal, tx)

        self.run(use)

    def follow(self, *signals: Signal) -> None:
        self.run(*(lambda tx, one=one: following.follow(one.id, tx) for one in signals))

    def reach(self, alarm: UUID, level: int, due: float) -> None:
        command = following.ReachLevel(alarm, EscalationLevel(level), at(due))
        self.run(lambda tx: following.reach_level(command, tx))

    def rows(self, sql: str, *args: object) -> list[asyncpg.Record]:
        return asyncio.run(query(self.dsn, sql, *args))

    def told(self) -> list[tuple[int, str]]:
        """Number and kind of each event."""
        rows = self.rows("select sequence, type from outbox order by id")
        return [(row["sequence"], row["type"].rsplit(".", 1)[1].removeprefix("Emergency")) for row in rows]

    def standing(self) -> tuple[int, int, int]:
        (row,) = self.rows("select state, alarms, sequence from emergency")
        return row["state"], row["alarms"], row["sequence"]

    def backlog(self, name: str) -> int:
        sql = next(one.sql for one in BACKLOGS if one.name == name)
        return int(self.rows(sql)[0]["size"])


@pytest.fixture
def record(fresh_database: Callable[[], str]) -> Record:
    return Record(fresh_database())


def test_from_press_to_clear(record: Record) -> None:
    signals = cleared(*safe(*taken(pressed())))
    for signal in signals:
        record.store(signal)
        record.follow(signal)
    assert record.told() == [(1, "Raised"), (2, "Acknowledged"), (3, "Cleared")]
    assert record.standing() == (3, 1, 3)
    (alarm,) = record.rows("select taken, cleared from alarm")
    assert tuple(alarm) == (True, True)
    (row,) = record.rows("select payload from outbox where sequence = 3")
    ended = events.EmergencyCleared.FromString(row["payload"]).emergency
    assert (ended.cleared_by, ended.clear_explanation) == ("dispatcher-1", "seen well")


def test_nothing_follows_twice(record: Record) -> None:  # I5
    signals = taken(pressed())
    record.store(*signals)
    record.follow(*signals, *signals)
    assert record.told() == [(1, "Raised"), (2, "Acknowledged")]


def test_a_further_press_is_told_as_a_beginning(record: Record) -> None:
    signals = taken(pressed())
    second = pressed(press_id="2", known=[fold(signals)], seconds=60)
    record.store(*signals)
    record.follow(*signals)
    record.store(second)
    record.follow(second)
    assert record.told() == [(1, "Raised"), (2, "Acknowledged"), (3, "Raised")]
    assert record.standing() == (1, 2, 3)
    assert record.backlog("safety.emergencies-unacknowledged") == 1


def test_a_duress_code_is_told_as_a_beginning(record: Record) -> None:  # R-OS-06
    signals = safe(*taken(pressed()), code=Code.DURESS)
    for signal in signals:
        record.store(signal)
        record.follow(signal)
    assert record.told()[-1] == (3, "Raised")
    (row,) = record.rows("select payload from outbox where sequence = 3")
    assert events.EmergencyRaised.FromString(row["payload"]).emergency.gravity == 3


def test_a_second_officer_nearby_is_told_in_the_event(record: Record) -> None:  # R-OS-05
    here, close, far = Point(53.8008, -1.5491), Point(53.8026, -1.5520), Point(53.8008, -1.5591)
    incident = uuid4()
    carried = Carrier(device_id(FORCE, "9"), incident_id=incident)
    one = pressed(point=here, carrier=carried)
    others = {
        "close": pressed("2341002", point=close, seconds=60),
        "far": pressed("2341003", point=far, seconds=60),
        "late": pressed("2341004", point=close, seconds=601),
        "same incident": pressed("2341005", carrier=carried, seconds=60),
        "nowhere": pressed("2341006", seconds=60),
        "ended": pressed("2341007", point=here),
    }
    ended = cleared(*safe(*taken(others["ended"])))
    record.store(one, *(press for name, press in others.items() if name != "ended"), *ended)
    record.follow(*ended, one)
    (row,) = record.rows("select payload from outbox where subject = $1", str(one.emergency_id))
    emergency = events.EmergencyRaised.FromString(row["payload"]).emergency
    near = {name for name, press in others.items() if str(press.emergency_id) in emergency.nearby_emergency_ids}
    assert near == {"close", "same incident"}
    assert int(emergency.gravity) == Gravity.SEVERAL_OFFICERS


def test_what_comes_before_its_press_waits_for_it(record: Record) -> None:
    """As from the spool of another replica."""
    press, ack = taken(pressed())
    record.store(ack)
    record.follow(ack)
    assert record.told() == []
    record.store(press)
    assert record.backlog("safety.emergencies-unacknowledged") == 1
    record.follow(press)
    assert record.told() == [(1, "Raised"), (2, "Acknowledged")]
    assert record.backlog("safety.emergencies-unacknowledged") == 0


def test_levels_are_on_record_at_the_moment_they_were_due(record: Record) -> None:  # R-OS-03
    press = pressed()
    record.store(press)
    record.follow(press)
    for level, due in ((1, 10), (2, 20)):
        # The timer fires late.
        record.clock.at = at(due + 5)
        record.reach(press.id, level, due)
    _, ack = taken(press, seconds=25)
    record.store(ack)
    record.reach(press.id, 3, 30)
    assert record.told() == [(1, "Raised"), (2, "Escalated"), (3, "Escalated"), (4, "Acknowledged")]
    escalated = record.rows("select at from signal where kind = 4 order by at")
    assert [row["at"] for row in escalated] == [at(10), at(20)]


def test_a_level_that_fires_before_its_press_was_followed_loses_nothing(record: Record) -> None:
    press = pressed()
    record.store(press)
    record.clock.at = at(11)
    record.reach(press.id, 1, 10)
    record.follow(press)
    assert record.told() == [(1, "Raised"), (2, "Escalated")]


def test_after_an_outage_every_level_that_was_reached_is_on_record(record: Record) -> None:  # R-OS-03
    """Press and acknowledgement come from a spool, an hour later."""
    press, ack = taken(pressed(), seconds=35)
    record.clock.at = at(3600)
    record.store(press, ack)
    for level, due in ((1, 10), (2, 20), (3, 30), (4, 60)):
        record.reach(press.id, level, due)
    assert [row["at"] for row in record.rows("select at from signal where kind = 4 order by at")] == [
        at(10),
        at(20),
        at(30),
    ]


def test_a_press_that_the_service_makes_joins_the_radios_emergency(record: Record) -> None:  # R-OS-08
    first = pressed()
    record.store(first)
    record.clock.at = at(60)
    carrier = Carrier(device_id(FORCE, "2341001"))
    made = Press("2341001", "welfare-1", Trigger.WELFARE)
    again = [
        record.run(lambda tx: following.press_for(made, carrier, FORCE, tx)),
        record.run(lambda tx: following.press_for(made, carrier, FORCE, tx)),
    ]
    assert again[0] == again[1]
    assert again[0].emergency_id == first.emergency_id
    assert len(record.rows("select from signal")) == 2
    assert len(record.rows("select from timer where subject = $1", again[0].id)) == 5


def test_signals_are_never_changed_and_only_synthetic_ones_deleted(record: Record) -> None:
    press = pressed()
    probe = pressed(trigger=Trigger.SYNTHETIC, site="leeds")
    record.store(press, probe)
    record.follow(press, probe)
    for change in ("update signal set at = at", "delete from signal"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            record.rows(change)
    assert record.told() == [(1, "Raised")]
    assert len(record.rows("select from emergency")) == 2
    record.run(following.forget_synthetic)
    assert len(record.rows("select from signal")) == 2
    record.clock.at = at(0) + timedelta(days=2)
    record.run(following.forget_synthetic)
    (left,) = record.rows("select id from signal")
    assert left["id"] == press.id
    assert len(record.rows("select from emergency")) == len(record.rows("select from alarm")) == 1


class Once:
    """A replica's disk that is looked at once."""

    def __init__(self, level: tuple[int, datetime | None, int] | None, stop: asyncio.Event) -> None:
        self._level, self._stop = level, stop

    def level(self) -> tuple[int, datetime | None, int] | None:
        self._stop.set()
        return self._level


def test_what_waits_on_replicas_disks_is_in_the_catalogue(record: Record) -> None:  # I8
    board, _ = a_board()

    def said(replica: str, level: tuple[int, datetime | None, int] | None) -> None:
        async def work() -> None:
            stop, pool = asyncio.Event(), await open_pool(Settings(database=record.dsn), "safety")
            await Levels(cast(Disk, Once(level, stop)), board).say(pool, replica, stop)
            await pool.close()

        asyncio.run(work())

    def catalogue() -> list[tuple[int, datetime | None]]:
        sqls = [one.sql for one in BACKLOGS if one.name in ("safety.spool", "safety.spool-set-aside")]
        return [(row["size"], row["oldest"]) for sql in sqls for row in record.rows(sql)]

    (in_memory,) = [one.sql for one in BACKLOGS if one.name == "safety.emergencies-in-memory"]
    assert catalogue() == [(0, None), (0, None)]
    said("safety-emergency-1", (3, at(5), 0))
    said("safety-emergency-2", (2, at(1), 1))
    (spooled, oldest), (aside, since) = catalogue()
    assert (spooled, oldest, aside) == (5, at(1), 1)
    assert since is not None
    # One that cannot look into its folder takes nothing back; one whose folder is empty does.
    said("safety-emergency-1", None)
    said("safety-emergency-2", (0, None, 0))
    assert catalogue() == [(3, at(5)), (0, None)]
    # Also where there is no disk to speak of, what is in memory alone is told.
    assert record.rows(in_memory)[0]["size"] == 0
    for number in range(2):
        held = Held(pressed(f"234100{number}"), Durability.NOT_DURABLE)
        board.add(held)
        board._safety._unsafe[held.signal.id] -= 60
    said("safety-emergency-1", None)
    (row,) = record.rows(in_memory)
    assert row["size"] == 2
    assert 60 <= (datetime.now(UTC) - row["oldest"]).total_seconds() < 90
    assert catalogue() == [(3, at(5)), (0, None)]
