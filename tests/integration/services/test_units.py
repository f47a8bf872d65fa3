"""Units through the public API: registered, on duty, by their statuses, off duty (domain facts 4.1)."""

from datetime import timedelta

import grpc
import pytest

from peel.dispatch.v1 import api_pb2 as board
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api
from services.kernel.wire import stamp
from tests.integration.services.running import Running
from tests.integration.services.units import (
    booking_on,
    on_patrol,
    overriding,
    radio,
    registered,
    registering,
    request_id,
    status,
)

REFUSED = grpc.StatusCode.FAILED_PRECONDITION


def test_a_unit_comes_on_duty_works_and_goes_off_duty(running: Running, force: str) -> None:
    officer = running.person("officer", force=force)
    unit_id = registered(running, force)
    carried = radio()
    unit = officer.ask(running.units.BookOn, booking_on(running, unit_id, radios=(carried,))).unit
    assert (unit.status, unit.device_test) == (types.UNIT_STATUS_ON_DUTY, types.DEVICE_TEST_WAITING)
    assert list(unit.radios) == [carried]
    unit = officer.ask(running.units.SetUnitStatus, status(unit_id, 2)).unit
    assert unit.status == types.UNIT_STATUS_ON_PATROL
    unit = officer.ask(running.units.SetUnitStatus, status(unit_id, 13)).unit
    assert (unit.status, unit.last_message) == (types.UNIT_STATUS_ON_PATROL, types.UNIT_STATUS_CALL_BACK)
    assert officer.ask(running.units.GetUnit, api.GetUnitRequest(unit_id=unit_id)).unit == unit
    unit = officer.ask(running.units.BookOff, api.BookOffRequest(request_id=request_id(), unit_id=unit_id)).unit
    assert (unit.status, list(unit.radios), list(unit.crew)) == (types.UNIT_STATUS_OFF_DUTY, [], [])
    rows = running.rows("dispatch", "select type, sequence from outbox where subject = $1 order by id", unit_id)
    told = [(row["sequence"], row["type"].rpartition(".")[2]) for row in rows]
    assert told == [(1, "UnitBookedOn"), (2, "UnitStatusChanged"), (3, "UnitBookedOff")]


def test_an_illegal_status_names_the_codes(running: Running, force: str) -> None:
    unit = on_patrol(running, force)
    refusal = running.person("officer", force=force).refused(running.units.SetUnitStatus, status(unit.unit_id, 5))
    assert refusal.told == (REFUSED, "STATUS_ILLEGAL")
    assert refusal.metadata == {"from": "2", "to": "5"}


def test_a_status_of_the_future_or_before_the_last_is_refused(running: Running, force: str) -> None:
    unit = on_patrol(running, force)
    officer = running.person("officer", force=force)
    late = status(unit.unit_id, 3)
    late.at.CopyFrom(stamp(running.now + timedelta(minutes=1)))
    assert officer.refused(running.units.SetUnitStatus, late).fields.keys() == {"at"}
    early = status(unit.unit_id, 3)
    early.at.CopyFrom(stamp(running.now - timedelta(minutes=1)))
    assert officer.refused(running.units.SetUnitStatus, early).told == (REFUSED, "STATUS_OUTDATED")


def test_an_officer_acts_for_the_unit_of_their_crew_only(running: Running, force: str) -> None:
    unit_id = registered(running, force)
    officer, dispatcher = running.person("officer", force=force), running.person("dispatcher", force=force)
    others = booking_on(running, unit_id, officer="somebody-else")
    refusal = officer.refused(running.units.BookOn, others)
    assert refusal.told == (grpc.StatusCode.PERMISSION_DENIED, "NOT_OF_THE_CREW")
    dispatcher.ask(running.units.BookOn, others)
    assert officer.refused(running.units.SetUnitStatus, status(unit_id, 2)).reason == "NOT_OF_THE_CREW"
    off = api.BookOffRequest(request_id=request_id(), unit_id=unit_id)
    assert officer.refused(running.units.BookOff, off).reason == "NOT_OF_THE_CREW"
    dispatcher.ask(running.units.SetUnitStatus, status(unit_id, 2))


def test_a_radio_is_carried_by_one_unit(running: Running, force: str) -> None:
    one, two, carried = registered(running, force), registered(running, force), radio()
    officer = running.person("officer", force=force)
    officer.ask(running.units.BookOn, booking_on(running, one, radios=(carried,)))
    taken = booking_on(running, two, radios=(radio(), carried))
    assert officer.refused(running.units.BookOn, taken).told == (REFUSED, "RADIO_IN_USE")
    officer.ask(running.units.BookOff, api.BookOffRequest(request_id=request_id(), unit_id=one))
    officer.ask(running.units.BookOn, taken)


def test_a_callsign_names_one_unit_of_a_force(running: Running, force: str) -> None:
    supervisor, wanted = running.person("supervisor", force=force), registering(force)
    supervisor.ask(running.units.RegisterUnit, wanted)
    again = api.RegisterUnitRequest(request_id=request_id(), force=force, callsign=wanted.callsign)
    refusal = supervisor.refused(running.units.RegisterUnit, again)
    assert refusal.told == (grpc.StatusCode.ALREADY_EXISTS, "CALLSIGN_TAKEN")


def test_an_override_is_on_record_with_its_reason(running: Running, force: str) -> None:  # R-OS-07
    unit_id = registered(running, force)
    running.person("officer", force=force).ask(running.units.BookOn, booking_on(running, unit_id))
    asked = overriding(unit_id)
    unit = running.person("supervisor", force=force).ask(running.units.OverrideDeviceTest, asked).unit
    assert unit.device_test == types.DEVICE_TEST_OVERRIDDEN
    (row,) = running.rows("dispatch", "select by, explanation from test_override where unit_id = $1", unit_id)
    assert (row["by"], row["explanation"]) == ("test-supervisor", asked.explanation)


def test_skills_that_hold_today_are_shown(running: Running, force: str) -> None:  # domain facts 4.2
    today = running.now.date()
    holds = types.Skill(code="STO", expires_on=today.isoformat())
    expired = types.Skill(code="AFO", expires_on=(today - timedelta(days=1)).isoformat())
    assert list(on_patrol(running, force, holds, expired, types.Skill(code="DOG")).skills) == ["DOG", "STO"]


def test_another_forces_unit_does_not_exist(running: Running, force: str) -> None:
    unit = on_patrol(running, running.invented_force())
    stranger = running.person("dispatcher", force=force)
    refusal = stranger.refused(running.units.GetUnit, api.GetUnitRequest(unit_id=unit.unit_id))
    assert refusal.told == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    assert stranger.refused(running.units.SetUnitStatus, status(unit.unit_id, 3)).reason == "NOT_FOUND"
    assert list(stranger.ask(running.dispatch.GetBoard, board.GetBoardRequest(force=force)).units) == []


def test_the_board_shows_every_unit(running: Running, force: str) -> None:
    units = [on_patrol(running, force) for _ in range(2)]
    shown = running.person("auditor", force=force).ask(running.dispatch.GetBoard, board.GetBoardRequest(force=force))
    assert sorted(unit.unit_id for unit in shown.units) == sorted(unit.unit_id for unit in units)
    assert shown.sequence == 8


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda r: r.ClearField("crew"), "crew"),
        (lambda r: r.crew.extend([r.crew[0]] * 2), "crew"),
        (lambda r: r.crew[0].skills.add(code="JUGGLING"), "crew[0].skills[0].code"),
        (lambda r: r.crew[0].skills.add(code="STO", expires_on="tomorrow"), "crew[0].skills[0].expires_on"),
        (lambda r: r.ClearField("radios"), "radios"),
        (lambda r: r.radios.append(r.radios[0]), "radios"),
        (lambda r: r.ClearField("shift_ends_at"), "shift_ends_at"),
        (lambda r: r.shift_ends_at.FromSeconds(0), "shift_ends_at"),
    ],
)
def test_a_faulty_booking_names_the_field(running: Running, spoil: object, field: str) -> None:
    force = "west-yorkshire"
    request = booking_on(running, registered(running, force))
    spoil(request)  # type: ignore[operator]
    refusal = running.person("officer", force=force).refused(running.units.BookOn, request)
    assert refusal.fields.keys() == {field}


@pytest.mark.parametrize("bad", ["", "X", "NW 12", "NW12\u00e9", "NW" * 13])
def test_a_callsign_is_letters_and_digits(running: Running, bad: str) -> None:
    request = api.RegisterUnitRequest(request_id=request_id(), force="west-yorkshire", callsign=bad)
    refusal = running.person("supervisor").refused(running.units.RegisterUnit, request)
    assert refusal.fields.keys() == {"callsign"}
