"""What crews do: they come on duty, say what they do, and go off duty."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from peel.dispatch.v1 import events_pb2 as events
from services.dispatch.assignments import sending
from services.dispatch.assignments import store as assignment_store
from services.dispatch.domain.records import Assignment, CrewMember, Unit
from services.dispatch.domain.terms import TaskKind, UnitStatus
from services.dispatch.messages import unit_message
from services.dispatch.radios import store as radio_store
from services.dispatch.reference.units import duty_rules, status_rules
from services.dispatch.tasks import tray
from services.dispatch.units import store as unit_store
from services.dispatch.units.domain.status import Follows, Transition, transit
from services.dispatch.units.domain.units import (
    book_off,
    book_on,
    for_any_unit,
    looks_cleared,
    must_be_crew,
    override_test,
)
from services.dispatch.units.keeping import keep, keep_status, start_overdue, told_status, unwatch
from services.kernel.errors import Refused
from services.kernel.ids import new_id
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction

_OFF_DUTY = "the crew went off duty"


@dataclass(frozen=True, slots=True)
class BookOn:
    unit_id: UUID
    crew: tuple[CrewMember, ...]
    radios: tuple[str, ...]
    shift_ends_at: datetime


@dataclass(frozen=True, slots=True)
class OverrideDeviceTest:
    unit_id: UUID
    explanation: str


@dataclass(frozen=True, slots=True)
class SetUnitStatus:
    """`upon`: the incident that a unit came upon which nobody had sent there."""

    unit_id: UUID
    status: UnitStatus
    at: datetime
    upon: UUID | None


async def book_unit_on(command: BookOn, tx: Transaction) -> Unit:
    unit = await unit_store.unit(tx, command.unit_id, lock=True)
    since = tx.now - duty_rules(unit.force, local_date(tx.now)).device_test
    passed = await radio_store.passed_since(tx, unit.force, command.radios, since)
    unit = book_on(unit, command.crew, command.radios, passed, command.shift_ends_at, tx.now)
    if not for_any_unit(tx.caller.roles):
        must_be_crew(unit, tx.caller.subject)
    if not await radio_store.take(tx, unit, passed):
        raise Refused("RADIO_IN_USE", rule="a radio is carried by one unit at a time")
    await keep(tx, unit)
    booked = events.UnitBookedOn(unit=unit_message(unit, local_date(tx.now)))
    tx.emit(booked, force=unit.force, sequence=unit.sequence)
    return unit


async def book_unit_off(unit_id: UUID, tx: Transaction) -> Unit:
    before = await _own_unit(tx, unit_id)
    unit = book_off(before, tx.now, looks_cleared=looks_cleared(before.officers, tx.caller.subject, tx.caller.roles))
    await radio_store.give_back(tx, unit.id)
    await unwatch(tx, unit, _OFF_DUTY)
    await tray.settle(tx, (TaskKind.DEVICE_SILENT, TaskKind.WELFARE_CALL), _OFF_DUTY, unit_id=unit.id)
    await keep(tx, unit)
    booked = events.UnitBookedOff(unit=unit_message(unit, local_date(tx.now)), radios=before.radios)
    tx.emit(booked, force=unit.force, sequence=unit.sequence)
    return unit


async def override_device_test(command: OverrideDeviceTest, tx: Transaction) -> Unit:
    unit = override_test(await unit_store.unit(tx, command.unit_id, lock=True))
    override = unit_store.override_row(new_id(), unit, tx.now, tx.caller.subject, command.explanation)
    tx.add(unit_store.TEST_OVERRIDE, override)
    return await keep(tx, unit)


async def set_unit_status(command: SetUnitStatus, tx: Transaction) -> Unit:
    """A unit says what it does, and its assignment follows."""
    before = await _own_unit(tx, command.unit_id)
    rules = status_rules(before.force, local_date(tx.now))
    done = transit(before, command.status, command.at, rules, self_attach=command.upon is not None)
    if done.follows is Follows.ATTACHES and command.upon is not None:
        assignment = await sending.attach(tx, done.unit, command.upon, command.at)
        unit = await unit_store.unit(tx, before.id)
        await told_status(tx, unit, assignment)
        return unit
    if done.follows is Follows.LEFT:
        unit = await sending.left(tx, done.unit)
        await told_status(tx, unit)
        return unit
    return await (_moved(command, done, tx) if done.moved else _message(done, tx))


async def _moved(command: SetUnitStatus, done: Transition, tx: Transaction) -> Unit:
    if done.follows is Follows.ARRIVED:
        await sending.arrived(tx, done.unit, command.at)
    return await keep_status(tx, done.unit, await _assignment(done.unit, tx))


async def _message(done: Transition, tx: Transaction) -> Unit:
    if done.follows is Follows.RECEIVED and (assignment := await _assignment(done.unit, tx)) is not None:
        await sending.received(tx, assignment)
    return await keep(tx, done.unit)


async def _assignment(unit: Unit, tx: Transaction) -> Assignment | None:
    return None if unit.assignment_id is None else await assignment_store.of_unit(tx, unit.id)


async def tell_overdue(unit_id: UUID, force: str, tx: Transaction) -> None:
    """A unit has been in its status for longer than it should: somebody asks (domain facts 4.1).

    The unit is locked: whoever changes its status then waits, and settles the task. Where somebody is changing it just
    now, the clock strikes again at once: it must not wait for them, as they may wait for it. By then it may be the
    clock of the status before: the unit's row says when, if ever, somebody has to ask.
    """
    found = await unit_store.overdue_at_hand(tx, unit_id, force)
    if found is None:
        start_overdue(tx, unit_id, force, tx.now)
        return
    due = found["overdue_at"]
    if due is None:
        return
    if due > tx.now:
        start_overdue(tx, unit_id, force, due)
        return
    await tray.raise_task(tx, TaskKind.STATUS_OVERDUE, tray.DISPATCHER, force, unit_id=unit_id)


async def _own_unit(tx: Transaction, unit_id: UUID) -> Unit:
    """The unit, locked, where the caller may act for it."""
    unit = await unit_store.unit(tx, unit_id, lock=True)
    if not for_any_unit(tx.caller.roles):
        must_be_crew(unit, tx.caller.subject)
    return unit
