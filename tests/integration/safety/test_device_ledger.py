"""Devices in the database: who carries them by dispatch's events in any order, who was heard, who must check in."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import pytest

from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1 import events_pb2 as events
from services.kernel.caller import Caller
from services.kernel.errors import NotFound, Refused
from services.kernel.timers import TimerLoop
from services.kernel.transaction import Transaction
from services.safety.devices import (
    handlers,
    handlers_duty,
    handlers_heartbeats,
    handlers_welfare,
    store_heartbeats,
    store_welfare,
)
from services.safety.devices.domain.duty import Doing, Freed, OffDuty, OnDuty, Sent
from services.safety.devices.domain.heartbeats import Beat, Beats, Tally
from services.safety.devices.domain.welfare import Welfare
from services.safety.devices.handlers_welfare import CheckIn, StartWelfare
from services.safety.emergency.carriers import Carriers, Codes
from services.safety.emergency.domain.naming import device_id
from services.safety.emergency.domain.signals import Carrier, Duty, Point
from services.safety.worker import reactions
from tests.integration.safety.ledger import Ledger, ledger
from tests.integration.services.waiting import until
from tests.unit.safety.markers.building import FORCE, NOW

__all__ = ["ledger"]

RADIO, OTHER = "2341001", "2341002"
UNIT, INCIDENT = UUID(int=1), UUID(int=2)
OFFICER, GATEWAY, DISPATCHER = "ROLE_OFFICER", "ROLE_RADIO_GATEWAY", "ROLE_DISPATCHER"
HERE, THERE = Point(53.8, -1.5, 5), Point(53.9, -1.6, 7)
MINUTE = timedelta(minutes=1)
Order: TypeAlias = tuple[Callable[[Any, Transaction], Awaitable[None]], Any]


def on(since: datetime = NOW, unit_id: UUID = UNIT, crew: str = "somebody", *radios: str) -> OnDuty:
    return OnDuty(FORCE, unit_id, f"W{unit_id.int % 100}", (crew,), radios or (RADIO,), since)


def sent(at: datetime, incident_id: UUID = INCIDENT) -> Sent:
    return Sent(FORCE, UNIT, "W1", (RADIO,), incident_id, "14 Nowhere Crescent", at)


def doing(
    *codes: str, at_scene: bool = True, grade: str = "2", radios: tuple[str, ...] = (RADIO,), since: datetime = NOW
) -> Doing:
    return Doing(FORCE, UNIT, radios, at_scene, since, grade, frozenset(codes))


def told(ledger: Ledger, *orders: Order) -> None:
    for handler, command in orders:
        ledger.handle(handler, command)


def carrier(ledger: Ledger, radio: str = RADIO) -> Carrier:
    """As a replica reads it."""
    carriers = Carriers()

    async def read() -> None:
        async with ledger.pool.acquire() as connection:
            known, _ = await store_heartbeats.devices_changed(connection, 0)
        carriers.learn(known)

    ledger.run(read())
    return carriers.carrier(FORCE, radio)


def beats(ledger: Ledger, *said: Beat) -> Tally:
    return ledger.handle(handlers_heartbeats.take_heartbeats, [Beats(said)], GATEWAY)


def look(ledger: Ledger) -> list[tuple[str, bool, int]]:
    """One turn of the worker; returns every change of silence so far."""

    async def turn(_: None, tx: Transaction) -> None:
        await handlers_heartbeats.note_silence(tx)

    ledger.handle(turn, None)
    rows = ledger.rows("select payload, sequence from outbox where type like '%DeviceSilenceChanged' order by id")
    found = [(events.DeviceSilenceChanged.FromString(row["payload"]).device, row["sequence"]) for row in rows]
    return [(device.radio, device.silent, sequence) for device, sequence in found]


def welfare(ledger: Ledger) -> list[Any]:
    return ledger.rows("select * from welfare order by started_at, id")


def warned(ledger: Ledger) -> list[types.Welfare]:
    rows = ledger.rows("select payload from outbox where type like '%WelfareWarned' order by id")
    return [events.WelfareWarned.FromString(row["payload"]).welfare for row in rows]


def pressed(ledger: Ledger) -> list[types.Signal]:
    return [types.Signal.FromString(row["body"]) for row in ledger.rows("select body from signal order by at")]


def test_who_carries_what_and_where_they_were_sent(ledger: Ledger) -> None:  # R-OS-04
    told(ledger, (handlers_duty.come_on_duty, on()), (handlers_duty.be_sent, sent(NOW + MINUTE)))
    found = carrier(ledger)
    assert (found.duty, found.unit_id, found.crew, found.callsign) == (Duty.ON, UNIT, ("somebody",), "W1")
    assert (found.incident_id, found.incident_address) == (INCIDENT, "14 Nowhere Crescent")
    told(ledger, (handlers_duty.be_freed, Freed(FORCE, (RADIO,), INCIDENT)))
    assert carrier(ledger).incident_id is None
    told(ledger, (handlers_duty.go_off_duty, OffDuty(FORCE, UNIT, (RADIO,), NOW + 2 * MINUTE)))
    found = carrier(ledger)
    # Shown as off duty; whose it was last is still worth knowing.
    assert (found.duty, found.unit_id, found.crew) == (Duty.OFF, None, ("somebody",))


def test_an_assignment_that_is_heard_of_before_the_booking_on(ledger: Ledger) -> None:
    told(ledger, (handlers_duty.be_sent, sent(NOW + MINUTE)))
    assert carrier(ledger).duty is Duty.UNKNOWN_DEVICE
    told(ledger, (handlers_duty.come_on_duty, on()))
    found = carrier(ledger)
    assert (found.duty, found.incident_id) == (Duty.ON, INCIDENT)


def test_an_old_assignment_ends_after_the_next_began(ledger: Ledger) -> None:
    told(
        ledger,
        (handlers_duty.come_on_duty, on()),
        (handlers_duty.be_sent, sent(NOW + 2 * MINUTE, UUID(int=3))),
        (handlers_duty.be_sent, sent(NOW + MINUTE)),
        (handlers_duty.be_freed, Freed(FORCE, (RADIO,), INCIDENT)),
    )
    assert carrier(ledger).incident_id == UUID(int=3)


def test_a_radio_passes_to_another_unit(ledger: Ledger) -> None:
    told(
        ledger,
        (handlers_duty.come_on_duty, on()),
        (handlers_duty.be_sent, sent(NOW + MINUTE)),
        (handlers_duty.come_on_duty, on(NOW + 3 * MINUTE, UUID(int=9), "another")),
        # Late: of another unit, so from another partition.
        (handlers_duty.go_off_duty, OffDuty(FORCE, UNIT, (RADIO,), NOW + 2 * MINUTE)),
        (handlers_duty.come_on_duty, on()),
    )
    found = carrier(ledger)
    assert (found.duty, found.unit_id, found.crew) == (Duty.ON, UUID(int=9), ("another",))
    assert found.incident_id is None


def test_codes_lapse_with_another_crew(ledger: Ledger) -> None:  # R-OS-06
    codes = handlers.SetSafeCodes(RADIO, Codes.of("4711", "9999"))
    known = "select salt is not null as known from device"
    ledger.handle(handlers.set_safe_codes, codes, OFFICER)
    told(ledger, (handlers_duty.come_on_duty, on()))
    assert ledger.rows(known)[0]["known"]
    told(ledger, (handlers_duty.come_on_duty, on(NOW + MINUTE, UNIT, "another")))
    assert not ledger.rows(known)[0]["known"]
    with pytest.raises(Refused, match="NOT_OF_CREW"):
        ledger.handle(handlers.set_safe_codes, codes, OFFICER)
    ledger.handle(handlers.set_safe_codes, codes, "ROLE_SUPERVISOR")
    told(ledger, (handlers_duty.come_on_duty, on(NOW + 2 * MINUTE, UNIT, "a third")))
    assert ledger.rows(known)[0]["known"]


def test_heartbeats_say_where_a_radio_is(ledger: Ledger) -> None:  # R-OS-04
    told(ledger, (handlers_duty.come_on_duty, on()))
    assert beats(ledger, Beat(RADIO, NOW, HERE), Beat(OTHER, NOW - MINUTE)) == Tally(2, 0)
    assert beats(ledger, Beat(RADIO, NOW - MINUTE, THERE), Beat(OTHER, NOW + MINUTE)) == Tally(2, 2)
    found = carrier(ledger)
    assert (found.last_point, found.last_point_at, found.duty) == (HERE, NOW, Duty.ON)
    ledger.clock.advance(MINUTE)
    assert beats(ledger, Beat(RADIO, NOW + MINUTE)) == Tally(1, 0)
    assert carrier(ledger).last_point == HERE
    assert carrier(ledger, OTHER).duty is Duty.UNKNOWN_DEVICE


def test_a_replica_reads_what_changed_since(ledger: Ledger) -> None:
    beats(ledger, Beat(RADIO, NOW, HERE))

    async def changed(since: int) -> tuple[list[str], int]:
        async with ledger.pool.acquire() as connection:
            known, following = await store_heartbeats.devices_changed(connection, since)
        return [one.radio for one in known], following

    first, following = ledger.run(changed(0))
    assert first == [RADIO]
    assert ledger.run(changed(following))[0] == []
    beats(ledger, Beat(OTHER, NOW, THERE))
    assert ledger.run(changed(following))[0] == [OTHER]


def test_what_a_transaction_changes_that_ends_late_is_not_missed(ledger: Ledger) -> None:
    async def raced() -> list[str]:
        async with ledger.pool.acquire() as slow, ledger.pool.acquire() as reader, ledger.pool.acquire() as quick:
            late = slow.transaction()
            await late.start()
            insert = (
                "insert into device (device_id, force, radio, duty, changed) "
                "values ($1, $2, $3, 3, pg_current_xact_id()::text::bigint)"
            )
            await slow.execute(insert, device_id(FORCE, RADIO), FORCE, RADIO)
            await quick.execute(insert, device_id(FORCE, OTHER), FORCE, OTHER)
            seen, following = await store_heartbeats.devices_changed(reader, 0)
            await late.commit()
            more, _ = await store_heartbeats.devices_changed(reader, following)
            assert [one.radio for one in seen] == [OTHER]
            return [one.radio for one in more]

    assert RADIO in ledger.run(raced())


def test_a_radio_on_duty_that_is_not_heard_is_silent(ledger: Ledger) -> None:  # R-OS-07
    told(ledger, (handlers_duty.come_on_duty, on(NOW, UNIT, "somebody", RADIO, OTHER)))
    beats(ledger, Beat("not on duty", NOW))
    ledger.clock.advance(2 * MINUTE)
    beats(ledger, Beat(OTHER, NOW + 2 * MINUTE))
    ledger.clock.advance(MINUTE)
    assert look(ledger) == []
    ledger.clock.advance(timedelta(seconds=1))
    assert look(ledger) == [(RADIO, True, 1)]
    assert look(ledger) == [(RADIO, True, 1)]
    level = ledger.backlog("safety.devices-silent")
    assert (level.size, level.oldest_seconds) == (1, 181)
    beats(ledger, Beat(RADIO, NOW + 3 * MINUTE))
    assert look(ledger) == [(RADIO, True, 1), (RADIO, False, 2)]
    assert ledger.backlog("safety.devices-silent").size == 0


def paths_told(ledger: Ledger) -> list[tuple[bool, int]]:
    rows = ledger.rows("select payload from outbox where type like '%RadioPathChanged' order by id")
    told_of = [events.RadioPathChanged.FromString(row["payload"]).path for row in rows]
    assert {path.force for path in told_of} <= {FORCE}
    return [(path.silent, path.radios) for path in told_of]


def test_where_no_radio_of_a_force_is_heard_that_is_one_alarm(ledger: Ledger) -> None:  # R-OS-07
    """Its gateway was away for four minutes: no crew is called for it, then or while heartbeats return."""
    radios = (RADIO, OTHER, "2341003")
    told(ledger, (handlers_duty.come_on_duty, on(NOW, UNIT, "somebody", *radios)))
    beats(ledger, *(Beat(radio, NOW) for radio in radios))
    assert look(ledger) == []
    ledger.clock.advance(4 * MINUTE)
    assert look(ledger) == look(ledger) == []
    assert paths_told(ledger) == [(True, 3)]
    assert ledger.backlog("safety.radio-paths-silent").size == 1
    beats(ledger, Beat(OTHER, ledger.clock.now()))
    assert look(ledger) == []
    assert paths_told(ledger) == [(True, 3), (False, 3)]
    assert ledger.backlog("safety.radio-paths-silent").size == 0
    # Those that do not come back are silent once they have had their whole time.
    for _ in range(3):
        ledger.clock.advance(MINUTE)
        beats(ledger, Beat(OTHER, ledger.clock.now()))
        assert look(ledger) == []
    ledger.clock.advance(timedelta(seconds=1))
    assert {(radio, silent) for radio, silent, _ in look(ledger)} == {(RADIO, True), ("2341003", True)}


def test_radios_are_not_blamed_for_what_the_database_missed(ledger: Ledger) -> None:  # R-OS-07
    told(ledger, (handlers_duty.come_on_duty, on(NOW, UNIT, "somebody", RADIO, OTHER)))
    beats(ledger, Beat(RADIO, NOW), Beat(OTHER, NOW))
    look(ledger)
    ledger.rows("update radio_path set looked_at = looked_at - interval '31 seconds'")
    ledger.clock.advance(10 * MINUTE)
    assert look(ledger) == []
    beats(ledger, Beat(OTHER, ledger.clock.now()))
    ledger.clock.advance(timedelta(seconds=2))
    assert look(ledger) == []
    assert paths_told(ledger) == []


def test_a_radio_that_is_put_away_is_silent_no_more(ledger: Ledger) -> None:
    told(ledger, (handlers_duty.come_on_duty, on()))
    ledger.clock.advance(4 * MINUTE)
    assert look(ledger) == [(RADIO, True, 1)]
    told(ledger, (handlers_duty.go_off_duty, OffDuty(FORCE, UNIT, (RADIO,), NOW + 4 * MINUTE)))
    assert look(ledger) == [(RADIO, True, 1), (RADIO, False, 2)]


def test_a_list_begins_with_those_that_are_silent_for_longest(ledger: Ledger) -> None:
    late = on(NOW + MINUTE, UUID(int=9), "another", "2341003")
    first = on(NOW, UNIT, "somebody", RADIO, "2341004")
    told(ledger, (handlers_duty.come_on_duty, first), (handlers_duty.come_on_duty, late))
    ledger.clock.advance(5 * MINUTE)
    beats(ledger, Beat("2341004", NOW + 5 * MINUTE), Beat("2341005", NOW + 5 * MINUTE))
    look(ledger)
    listed: list[str] = []
    place: list[str] = []
    for _ in range(4):
        (one,) = ledger.handle(handlers.list_devices, handlers.ListDevices(silent_only=False, after=place, limit=1))
        listed.append(one.device.radio)
        place = one.place
    assert listed[:2] == [RADIO, "2341003"]
    assert set(listed[2:]) == {"2341004", "2341005"}
    silent = ledger.handle(handlers.list_devices, handlers.ListDevices(silent_only=True, after=[], limit=9))
    assert [one.device.radio for one in silent] == [RADIO, "2341003"]


def test_untested_radios_on_duty_are_a_backlog(ledger: Ledger) -> None:  # R-OS-07
    told(ledger, (handlers_duty.come_on_duty, on()))
    assert ledger.backlog("safety.devices-untested").size == 1
    ledger.handle(handlers.keep_test, handlers.KeepTest(RADIO, passed=False), GATEWAY)
    assert ledger.backlog("safety.devices-untested").size == 1
    ledger.handle(handlers.keep_test, handlers.KeepTest(RADIO, passed=True), GATEWAY)
    assert ledger.backlog("safety.devices-untested").size == 0
    told(ledger, (handlers_duty.come_on_duty, on(NOW + 60 * MINUTE)))
    assert ledger.backlog("safety.devices-untested").size == 1


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
