"""Devices in the database: who carries them by dispatch's events in any order, and who was heard."""

from datetime import timedelta
from uuid import UUID

import pytest

from peel.safety.v1 import events_pb2 as events
from services.kernel.errors import Refused
from services.safety.devices import (
    handlers,
    handlers_duty,
    store_heartbeats,
)
from services.safety.devices.domain.duty import Freed, OffDuty
from services.safety.devices.domain.heartbeats import Beat, Tally
from services.safety.emergency.carriers import Codes
from services.safety.emergency.domain.naming import device_id
from services.safety.emergency.domain.signals import Duty
from tests.integration.safety.carrying import (
    GATEWAY,
    HERE,
    INCIDENT,
    MINUTE,
    OFFICER,
    OTHER,
    RADIO,
    THERE,
    UNIT,
    beats,
    carrier,
    look,
    on,
    sent,
    told,
)
from tests.integration.safety.ledger import Ledger, ledger
from tests.unit.safety.markers.building import FORCE, NOW

__all__ = ["ledger"]


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
