"""What follows from what officer safety tells: tests, silence, welfare, emergencies (R-OS-03, R-OS-07, R-OS-08)."""

from datetime import timedelta
from uuid import UUID

import pytest

from peel.safety.v1 import emergency_types_pb2 as safety
from peel.safety.v1 import events_pb2 as safety_events
from peel.type.v1.place_pb2 import Point
from services.dispatch.domain.records import CrewMember, Unit
from services.dispatch.domain.terms import DeviceTest, TaskKind, UnitStatus
from services.dispatch.duty import handlers as duty_handlers
from services.dispatch.units import store as unit_store
from services.dispatch.units.domain.units import register
from services.kernel.errors import Refused
from services.kernel.ids import new_id
from services.kernel.transaction import Transaction
from services.kernel.wire import stamp
from tests.integration.dispatch.desk import OFFICER, Desk
from tests.stateful.ledgers import FORCE

LEEDS = Point(latitude=53.7997, longitude=-1.5492)
UNITS_NEARBY = safety.ESCALATION_LEVEL_UNITS_NEARBY


def booked(desk: Desk, callsign: str, *radios: str) -> UUID:
    """A unit whose crew has just booked on with these radios."""

    async def make(unit: Unit, tx: Transaction) -> None:
        await unit_store.add_unit(tx, unit)

    unit = register(new_id(), FORCE, callsign, desk.clock.now())
    desk.handle(make, unit)
    crew = (CrewMember(f"officer-{callsign}"),)
    ends = desk.clock.now() + timedelta(hours=8)
    desk.handle(duty_handlers.book_unit_on, duty_handlers.BookOn(unit.id, crew, radios, ends))
    return unit.id


def unit_of(desk: Desk, unit_id: UUID) -> Unit:
    return desk.handle(lambda one, tx: unit_store.unit(tx, one), unit_id)


def place(desk: Desk, unit_id: UUID, north_metres: float) -> None:
    """The unit is so far north of the middle of Leeds."""
    desk.rows(
        "insert into unit_position (unit_id, force, latitude, longitude, accuracy_metres, at) "
        "values ($1, $2, $3, $4, 5, $5) returning 1",
        unit_id,
        FORCE,
        LEEDS.latitude + north_metres / 111_195,
        LEEDS.longitude,
        desk.clock.now(),
    )


def radio_test(desk: Desk, radio: str, *, passed: bool) -> None:
    device = safety.Device(force=FORCE, radio=radio, device_id=str(new_id()), test_passed=passed)
    device.tested_at.CopyFrom(stamp(desk.clock.now()))
    desk.deliver(safety_events.DeviceTested(device=device))


def heard(desk: Desk, radio: str, *, silent: bool) -> None:
    device = safety.Device(force=FORCE, radio=radio, device_id=str(new_id()), silent=silent)
    desk.deliver(safety_events.DeviceSilenceChanged(device=device))


def emergency(desk: Desk, *radios: str, unit_id: UUID | None = None, level: int = 0) -> safety.Emergency:
    """An emergency that somebody with such radios raised, or somebody of that unit."""
    return safety.Emergency(
        emergency_id=str(new_id()),
        force=FORCE,
        raised_at=stamp(desk.clock.now()),
        presses=[safety.Press(radio=radio, press_id="1") for radio in radios],
        carrier=safety.Carrier(unit_id="" if unit_id is None else str(unit_id)),
        level=safety.EscalationLevel.ValueType(level),
    )


def open_kinds(desk: Desk) -> list[TaskKind]:
    return [task.kind for task in desk.tasks()]


def test_a_unit_may_be_sent_once_all_its_radios_passed(desk: Desk) -> None:  # R-OS-07
    unit_id, incident_id = booked(desk, "NW12", "r1", "r2"), desk.grade()
    radio_test(desk, "r1", passed=True)
    with pytest.raises(Refused, match="UNIT_UNTESTED"):
        desk.assign(incident_id, unit_id)
    radio_test(desk, "r2", passed=False)
    assert unit_of(desk, unit_id).device_test is DeviceTest.FAILED
    radio_test(desk, "r2", passed=True)
    assert unit_of(desk, unit_id).device_test is DeviceTest.PASSED
    assert desk.assign(incident_id, unit_id).unit_id == unit_id
    assert [change.unit.device_test for change in desk.shown("unit")][:3] == [1, 3, 2]


def test_a_test_before_booking_on_counts_for_half_an_hour(desk: Desk) -> None:  # R-OS-07
    radio_test(desk, "r1", passed=True)
    desk.later(minutes=20)
    radio_test(desk, "r2", passed=True)
    desk.later(minutes=11)
    assert unit_of(desk, booked(desk, "NW12", "r1")).device_test is DeviceTest.WAITING
    assert unit_of(desk, booked(desk, "NW13", "r2")).device_test is DeviceTest.PASSED


def test_a_test_of_a_crew_before_does_not_count_for_the_next(desk: Desk) -> None:  # R-OS-07
    unit_id = booked(desk, "NW12", "r1")
    radio_test(desk, "r1", passed=True)
    desk.later(hours=8)
    desk.handle(duty_handlers.book_unit_off, unit_id)
    assert unit_of(desk, booked(desk, "NW13", "r1")).device_test is DeviceTest.WAITING


def test_a_silent_radio_is_asked_after_until_all_are_heard(desk: Desk) -> None:  # R-OS-07
    unit_id = booked(desk, "NW12", "r1", "r2")
    for radio in ("r1", "r2"):
        heard(desk, radio, silent=True)
    (task,) = desk.tasks()
    assert (task.kind, task.unit_id, task.owner) == (TaskKind.DEVICE_SILENT, unit_id, "dispatcher")
    heard(desk, "r1", silent=False)
    assert open_kinds(desk) == [TaskKind.DEVICE_SILENT]
    heard(desk, "r2", silent=False)
    assert open_kinds(desk) == []
    heard(desk, "of nobody on duty", silent=True)
    assert open_kinds(desk) == []


def a_welfare_time(unit_id: UUID | None, radio: str) -> safety.Welfare:
    unit = "" if unit_id is None else str(unit_id)
    return safety.Welfare(welfare_id=str(new_id()), force=FORCE, unit_id=unit, radio=radio)


def test_somebody_who_does_not_check_in_is_called(desk: Desk) -> None:  # R-OS-08
    unit_id = booked(desk, "NW12", "r1")
    time = a_welfare_time(unit_id, "r1")
    for _ in range(2):
        desk.deliver(safety_events.WelfareWarned(welfare=time))
    (task,) = desk.tasks()
    assert (task.kind, task.unit_id, task.radio) == (TaskKind.WELFARE_CALL, unit_id, "r1")
    assert [change.task.radio for change in desk.shown("task")] == ["r1"]


def test_a_call_is_settled_by_a_check_in_and_the_next_warning_is_another(desk: Desk) -> None:  # R-OS-08
    time = a_welfare_time(booked(desk, "NW12", "r1"), "r1")
    for _ in range(2):
        desk.deliver(safety_events.WelfareWarned(welfare=time))
        assert open_kinds(desk) == [TaskKind.WELFARE_CALL]
        desk.deliver(safety_events.WelfareRenewed(welfare=time))
        assert open_kinds(desk) == []
    desk.deliver(safety_events.WelfareWarned(welfare=time))
    time.emergency_id = str(new_id())
    desk.deliver(safety_events.WelfareEnded(welfare=time))
    assert open_kinds(desk) == []
    assert [task.note for task in desk.tasks(done=True)][-1] == "it is an emergency now"


def test_two_lone_workers_are_two_calls_that_say_whom_to_call(desk: Desk) -> None:  # R-OS-08
    first, second = a_welfare_time(None, "lone-1"), a_welfare_time(None, "lone-2")
    for time in (first, second):
        desk.deliver(safety_events.WelfareWarned(welfare=time))
    assert {(task.unit_id, task.radio) for task in desk.tasks()} == {(None, "lone-1"), (None, "lone-2")}
    desk.deliver(safety_events.WelfareEnded(welfare=first))
    assert [task.radio for task in desk.tasks()] == ["lone-2"]


def test_where_no_radio_is_heard_a_supervisor_sees_to_the_path(desk: Desk) -> None:  # R-OS-07
    path = safety.RadioPath(path_id=str(new_id()), force=FORCE, silent=True, radios=40)
    for _ in range(2):
        desk.deliver(safety_events.RadioPathChanged(path=path))
    (task,) = desk.tasks()
    assert (task.kind, task.owner) == (TaskKind.RADIO_PATH_SILENT, "control room supervisor")
    path.silent = False
    desk.deliver(safety_events.RadioPathChanged(path=path))
    assert desk.tasks() == []


def test_two_emergencies_of_nobody_known_are_two_tasks(desk: Desk) -> None:  # R-OS-03
    both = [emergency(desk, radio, level=UNITS_NEARBY) for radio in ("x1", "x2")]
    for one in both:
        desk.deliver(safety_events.EmergencyEscalated(emergency=one))
    assert {task.radio for task in desk.tasks()} == {"x1", "x2"}
    desk.deliver(safety_events.EmergencyCleared(emergency=both[0]))
    assert [task.radio for task in desk.tasks()] == ["x2"]


def test_an_officer_under_duress_goes_off_duty_as_if_all_were_over(desk: Desk) -> None:  # R-OS-06
    unit_id = booked(desk, "NW12", "r1")
    raised = emergency(desk, "r1", unit_id=unit_id)
    desk.deliver(safety_events.EmergencyRaised(emergency=raised))
    with pytest.raises(Refused, match="UNIT_IN_EMERGENCY"):
        desk.handle(duty_handlers.book_unit_off, unit_id, OFFICER, subject="officer-NW12")
    raised.gravity = safety.GRAVITY_DURESS
    for _ in range(2):
        desk.deliver(safety_events.EmergencyRaised(emergency=raised))
    unit = unit_of(desk, unit_id)
    assert unit.emergencies == unit.duress == (UUID(raised.emergency_id),)
    assert [change.unit.duress for change in desk.shown("unit")][-2:] == [False, True]
    with pytest.raises(Refused, match="UNIT_IN_EMERGENCY"):
        desk.handle(duty_handlers.book_unit_off, unit_id)
    # The officer is told nothing else than after a clear; the emergency stays.
    off = desk.handle(duty_handlers.book_unit_off, unit_id, OFFICER, subject="officer-NW12")
    assert (off.status, off.emergencies) == (UnitStatus.OFF_DUTY, unit.emergencies)
    desk.deliver(safety_events.EmergencyCleared(emergency=raised))
    assert (unit_of(desk, unit_id).emergencies, unit_of(desk, unit_id).duress) == ((), ())


@pytest.mark.parametrize("known", [True, False])
def test_an_emergency_lies_over_the_unit_until_it_is_cleared(desk: Desk, *, known: bool) -> None:  # domain facts 4.1
    unit_id = booked(desk, "NW12", "r1")
    raised = emergency(desk, "r1", unit_id=unit_id if known else None)
    for _ in range(2):
        desk.deliver(safety_events.EmergencyRaised(emergency=raised))
    unit = unit_of(desk, unit_id)
    assert (unit.status, unit.emergencies) == (UnitStatus.ON_DUTY, (UUID(raised.emergency_id),))
    with pytest.raises(Refused, match="UNIT_IN_EMERGENCY"):
        desk.handle(duty_handlers.book_unit_off, unit_id)
    command = duty_handlers.SetUnitStatus(unit_id, UnitStatus.AT_STATION, desk.clock.now(), None)
    assert desk.handle(duty_handlers.set_unit_status, command).emergencies == unit.emergencies
    desk.deliver(safety_events.EmergencyCleared(emergency=raised))
    unit = unit_of(desk, unit_id)
    assert (unit.status, unit.emergencies) == (UnitStatus.AT_STATION, ())
    emergencies = [event.unit.emergency for event in desk.events("UnitStatusChanged")]
    assert emergencies == [True, True, False]


def test_an_emergency_to_prove_the_path_is_nobodys(desk: Desk) -> None:  # R-OS-07
    unit_id = booked(desk, "NW12", "r1")
    raised = emergency(desk, "r1", unit_id=unit_id, level=UNITS_NEARBY)
    raised.synthetic = True
    raised.point.CopyFrom(LEEDS)
    desk.deliver(safety_events.EmergencyRaised(emergency=raised))
    desk.deliver(safety_events.EmergencyEscalated(emergency=raised))
    assert unit_of(desk, unit_id).emergencies == ()
    assert desk.tasks() == []
    assert desk.shown("emergency") == []


def test_units_nearby_are_told_of_what_nobody_has_taken(desk: Desk) -> None:  # R-OS-03
    need, near, nearer, far = (booked(desk, f"NW{n}", f"r{n}") for n in range(4))
    for unit_id, metres in ((need, 0), (near, 3_000), (nearer, 800), (far, 9_000)):
        place(desk, unit_id, metres)
    raised = emergency(desk, unit_id=need)
    raised.point.CopyFrom(LEEDS)
    desk.deliver(safety_events.EmergencyRaised(emergency=raised))
    raised.level = safety.ESCALATION_LEVEL_ALL_POSITIONS
    desk.deliver(safety_events.EmergencyEscalated(emergency=raised))
    assert desk.shown("emergency") == []
    raised.level = UNITS_NEARBY
    for _ in range(2):
        desk.deliver(safety_events.EmergencyEscalated(emergency=raised))
    told = [change.emergency_nearby for change in desk.shown("emergency")]
    assert {UUID(one.unit_id): round(one.distance_metres, -2) for one in told} == {near: 3_000, nearer: 800}
    assert {(one.callsign, one.over) for one in told} == {("NW0", False)}
    (task,) = desk.tasks()
    assert (task.kind, task.unit_id) == (TaskKind.EMERGENCY_NEARBY, need)
    rows = desk.rows("select unit_id from board_change where kind = 'emergency'")
    assert {row["unit_id"] for row in rows} == {near, nearer}

    desk.deliver(safety_events.EmergencyCleared(emergency=raised))
    over = [change.emergency_nearby for change in desk.shown("emergency")][2:]
    assert {UUID(one.unit_id) for one in over} == {near, nearer}
    assert all(one.over for one in over)
    assert desk.tasks() == []


def test_without_a_place_of_its_own_the_units_last_position_counts(desk: Desk) -> None:  # R-OS-03, R-OS-04
    need, near = booked(desk, "NW1", "r1"), booked(desk, "NW2", "r2")
    for unit_id in (need, near):
        place(desk, unit_id, 100)
    desk.deliver(safety_events.EmergencyEscalated(emergency=emergency(desk, "r1", level=UNITS_NEARBY)))
    (change,) = desk.shown("emergency")
    assert change.emergency_nearby.unit_id == str(near)
    assert open_kinds(desk) == [TaskKind.EMERGENCY_NEARBY]
