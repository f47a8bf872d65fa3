"""Welfare in the database: who must check in, by when, and what becomes of them (R-OS-08)."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1 import events_pb2 as events
from services.kernel.caller import Caller
from services.kernel.errors import NotFound, Refused
from services.kernel.timers import TimerLoop
from services.safety.devices import (
    handlers_duty,
    handlers_welfare,
    store_welfare,
)
from services.safety.devices.domain.duty import OffDuty
from services.safety.devices.domain.welfare import Welfare
from services.safety.devices.handlers_welfare import CheckIn, StartWelfare
from services.safety.emergency.domain.naming import device_id
from services.safety.worker import reactions
from tests.integration.safety.carrying import (
    DISPATCHER,
    GATEWAY,
    MINUTE,
    OFFICER,
    OTHER,
    RADIO,
    UNIT,
    Order,
    doing,
    on,
    pressed,
    told,
    warned,
    welfare,
)
from tests.integration.safety.ledger import Ledger, ledger
from tests.integration.services.waiting import until
from tests.unit.safety.markers.building import FORCE, NOW

__all__ = ["ledger"]


@pytest.mark.parametrize(("codes", "minutes"), [((), 20), (("VI",), 10), (("?",), 10)])
def test_time_runs_at_a_scene_until_somebody_checks_in(  # R-OS-08
    ledger: Ledger, codes: tuple[str, ...], minutes: int
) -> None:
    told(ledger, (handlers_duty.come_on_duty, on()), (handlers_welfare.note_doing, doing(*codes)))
    (timer,) = welfare(ledger)
    assert (timer["minutes"], timer["unit_id"], timer["device_id"]) == (minutes, UNIT, device_id(FORCE, RADIO))
    ledger.clock.advance(minutes * MINUTE * 0.8 - timedelta(seconds=1))
    ledger.fire()
    assert warned(ledger) == []
    ledger.clock.advance(timedelta(seconds=1))
    ledger.fire()
    (one,) = warned(ledger)
    assert (one.welfare_id, one.unit_id, one.ended) == (str(timer["id"]), str(UNIT), False)
    assert ledger.backlog("safety.welfare-overdue").size == 1
    # Any radio of the unit speaks for it.
    told(ledger, (handlers_duty.come_on_duty, on(NOW, UNIT, "somebody", OTHER)))
    again = ledger.handle(handlers_welfare.check_in, CheckIn(OTHER, finished=False), OFFICER)
    assert again is not None
    assert (again.id, again.started_at) == (timer["id"], ledger.clock.now())
    assert ledger.backlog("safety.welfare-overdue").size == 0
    ledger.clock.advance(minutes * MINUTE - timedelta(seconds=1))
    ledger.fire()
    assert pressed(ledger) == []
    ledger.clock.advance(timedelta(seconds=1))
    ledger.fire()
    (signal,) = pressed(ledger)
    assert (signal.press.trigger, signal.press.radio) == (types.TRIGGER_WELFARE, RADIO)
    assert (signal.carrier.unit_id, signal.by, signal.synthetic) == (str(UNIT), "service:safety", False)
    assert welfare(ledger)[0]["emergency_id"] == UUID(signal.emergency_id)
    with pytest.raises(Refused, match="WELFARE_IS_EMERGENCY"):
        ledger.handle(handlers_welfare.check_in, CheckIn(RADIO, finished=False), OFFICER)
    # It escalates as any other.
    ledger.fire()
    ledger.clock.advance(timedelta(seconds=10))
    ledger.fire()
    kinds = [row["type"].rpartition(".")[2] for row in ledger.rows("select type from outbox order by id")]
    assert kinds[-2:] == ["EmergencyRaised", "EmergencyEscalated"]


def test_leaving_the_scene_or_going_off_duty_ends_it(ledger: Ledger) -> None:  # R-OS-08
    leaving: tuple[Order, ...] = (
        (handlers_welfare.note_doing, doing(at_scene=False)),
        (handlers_duty.go_off_duty, OffDuty(FORCE, UNIT, (RADIO,), NOW + MINUTE)),
    )
    told(ledger, (handlers_duty.come_on_duty, on()))
    for number, leave in enumerate(leaving):
        told(ledger, (handlers_welfare.note_doing, doing(since=NOW + number * MINUTE)), leave)
    assert [one["ended_at"] for one in welfare(ledger)] == [NOW, NOW]
    ledger.clock.advance(60 * MINUTE)
    ledger.fire()
    assert (warned(ledger), pressed(ledger)) == ([], [])


def test_a_hazard_that_is_found_later_shortens_the_time(ledger: Ledger) -> None:  # R-OS-08
    told(ledger, (handlers_duty.come_on_duty, on()), (handlers_welfare.note_doing, doing()))
    ledger.clock.advance(15 * MINUTE)
    told(ledger, (handlers_welfare.note_hazards, doing("FI", radios=(), since=NOW + 14 * MINUTE)))
    (timer,) = welfare(ledger)
    assert (timer["minutes"], timer["due_at"]) == (10, NOW + 24 * MINUTE)
    told(ledger, (handlers_welfare.note_hazards, doing("DR", radios=())))
    assert welfare(ledger)[0]["minutes"] == 10


def test_time_at_a_scene_runs_from_the_status_and_not_from_when_it_was_heard_of(ledger: Ledger) -> None:  # R-OS-08
    """Kafka was away for half an hour: the crew is called, and is an emergency, at once."""
    told(ledger, (handlers_duty.come_on_duty, on()))
    ledger.clock.advance(5 * MINUTE)
    told(ledger, (handlers_welfare.note_doing, doing()))
    (timer,) = welfare(ledger)
    assert (timer["started_at"], timer["due_at"]) == (NOW, NOW + 20 * MINUTE)
    told(ledger, (handlers_welfare.note_doing, doing(at_scene=False)))
    ledger.clock.advance(60 * MINUTE)
    told(ledger, (handlers_welfare.note_doing, doing(since=NOW + 30 * MINUTE)))
    ledger.fire()
    assert (len(warned(ledger)), len(pressed(ledger))) == (1, 1)


def test_that_a_crew_is_where_it_was_is_no_word_from_it(ledger: Ledger) -> None:  # R-OS-08
    """A unit is told again for other reasons, such as an emergency of a colleague."""
    told(ledger, (handlers_duty.come_on_duty, on()), (handlers_welfare.note_doing, doing()))
    ledger.clock.advance(15 * MINUTE)
    told(ledger, (handlers_welfare.note_doing, doing()))
    assert welfare(ledger)[0]["due_at"] == NOW + 20 * MINUTE
    told(ledger, (handlers_welfare.note_doing, doing(since=NOW + 10 * MINUTE)))
    assert welfare(ledger)[0]["due_at"] == NOW + 30 * MINUTE


def test_an_old_status_does_not_begin_again_what_somebody_ended(ledger: Ledger) -> None:  # R-OS-08
    told(ledger, (handlers_duty.come_on_duty, on()), (handlers_welfare.note_doing, doing()))
    ledger.clock.advance(5 * MINUTE)
    assert ledger.handle(handlers_welfare.check_in, CheckIn(RADIO, finished=True), OFFICER) is None
    told(ledger, (handlers_welfare.note_doing, doing()))
    assert [one["ended_at"] for one in welfare(ledger)] == [NOW + 5 * MINUTE]
    # They go there once more.
    ledger.clock.advance(5 * MINUTE)
    told(ledger, (handlers_welfare.note_doing, doing(since=NOW + 9 * MINUTE)))
    assert [one["ended_at"] for one in welfare(ledger)] == [NOW + 5 * MINUTE, None]


def test_a_crew_that_became_an_emergency_is_not_forgotten_after_it(ledger: Ledger) -> None:  # R-OS-08
    told(ledger, (handlers_duty.come_on_duty, on()), (handlers_welfare.note_doing, doing()))
    ledger.clock.advance(20 * MINUTE)
    ledger.fire()
    ledger.clock.advance(5 * MINUTE)
    # The emergency is cleared, and the unit is told again for it.
    told(ledger, (handlers_welfare.note_doing, doing()))
    (_, again) = welfare(ledger)
    assert (again["started_at"], again["ended_at"]) == (NOW + 20 * MINUTE, None)
    assert len(pressed(ledger)) == 1


def test_whoever_was_to_be_called_need_not_be_once_they_are_heard(ledger: Ledger) -> None:  # R-OS-08
    """Dispatch ends its task by this: the next warning is then another one, and not lost behind it."""
    told(ledger, (handlers_duty.come_on_duty, on()))
    start(ledger, 10)
    for _ in range(2):
        ledger.clock.advance(8 * MINUTE)
        ledger.fire()
        ledger.handle(handlers_welfare.check_in, CheckIn(RADIO, finished=False), OFFICER)
    ledger.clock.advance(10 * MINUTE)
    ledger.fire()
    rows = ledger.rows(
        "select type, sequence, payload from outbox where topic = 'safety.welfare.v1' order by id",
    )
    kinds = ["WelfareWarned", "WelfareRenewed", "WelfareWarned", "WelfareRenewed", "WelfareWarned", "WelfareEnded"]
    assert [row["type"].rpartition(".")[2] for row in rows] == kinds
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4, 5, 6]
    messages = [events.WelfareEnded.FromString(row["payload"]).welfare for row in rows]
    assert {one.radio for one in messages} == {RADIO}
    assert [one.emergency_id for one in messages] == ["", "", "", "", "", pressed(ledger)[0].emergency_id]


def start(ledger: Ledger, minutes: int, *roles: str) -> Welfare:
    return ledger.handle(handlers_welfare.start_welfare, StartWelfare(RADIO, minutes), *(roles or (OFFICER,)))


def test_what_somebody_asks_for_stands_in_place_of_what_ran(ledger: Ledger) -> None:  # R-OS-08
    told(ledger, (handlers_duty.come_on_duty, on()), (handlers_welfare.note_doing, doing()))
    asked = start(ledger, 5)
    assert [one["ended_at"] is None for one in welfare(ledger)].count(True) == 1
    # At the scene again: the sooner of the two stays.
    told(ledger, (handlers_welfare.note_doing, doing(since=NOW + MINUTE)))
    (running,) = ledger.rows("select id from welfare where ended_at is null")
    assert running["id"] == asked.id
    start(ledger, 240, DISPATCHER)
    told(ledger, (handlers_welfare.note_doing, doing("FI", since=NOW + MINUTE)))
    (running,) = ledger.rows("select minutes, by_status from welfare where ended_at is null")
    assert (running["minutes"], running["by_status"]) == (10, True)


def test_who_may_check_in_and_when(ledger: Ledger) -> None:  # R-OS-08
    with pytest.raises(NotFound):
        ledger.handle(handlers_welfare.check_in, CheckIn(RADIO, finished=False), OFFICER)
    told(ledger, (handlers_duty.come_on_duty, on(NOW, UNIT, "another")))
    for handler, command in (
        (handlers_welfare.check_in, CheckIn(RADIO, finished=False)),
        (handlers_welfare.start_welfare, StartWelfare(RADIO, 5)),
    ):
        with pytest.raises(Refused, match="NOT_OF_CREW"):
            ledger.handle(handler, command, OFFICER)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="NO_WELFARE_TIMER"):
        ledger.handle(handlers_welfare.check_in, CheckIn(RADIO, finished=False), GATEWAY)
    start(ledger, 5, DISPATCHER)
    assert ledger.handle(handlers_welfare.check_in, CheckIn(RADIO, finished=True), GATEWAY) is None
    ledger.clock.advance(10 * MINUTE)
    ledger.fire()
    assert (warned(ledger), pressed(ledger)) == ([], [])


def test_a_device_has_one_timer_at_a_time(ledger: Ledger) -> None:
    start(ledger, 5)
    again = (
        "insert into welfare select $1, $1, force, device_id, unit_id, by_status, minutes, started_at, warn_at, due_at"
    )
    with pytest.raises(Exception, match="welfare_open"):
        ledger.rows(f"{again} from welfare", uuid4())


def test_somebody_checks_in_while_the_time_runs_out(ledger: Ledger) -> None:  # R-OS-08
    """What fires waits for the check-in, and the check-in not for it: neither is lost."""
    told(ledger, (handlers_duty.come_on_duty, on()))
    start(ledger, 5)
    ledger.clock.advance(5 * MINUTE)
    loop = TimerLoop(ledger.settings, "safety", ledger.clock, ledger.work, reactions.firings, reactions.first_kinds)
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

    async def raced() -> None:
        (due,) = await ledger.pool.fetch("select id from timer where kind = 'WELFARE_DUE'")
        async with ledger.work.begin(Caller("somebody", FORCE, frozenset({OFFICER}))) as tx:
            await store_welfare.of_device(tx, device_id(FORCE, RADIO))
            firing = asyncio.create_task(loop._fire(due["id"]))
            await until(lambda: ledger.pool.fetchval(waiting), bool)
            await handlers_welfare.check_in(CheckIn(RADIO, finished=False), tx)
        assert await firing

    ledger.run(raced())
    assert pressed(ledger) == []
    ledger.clock.advance(5 * MINUTE)
    ledger.fire()
    assert len(pressed(ledger)) == 1
