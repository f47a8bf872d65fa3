"""Nobody at a scene is forgotten: who does not check in is called, and is then an emergency (R-OS-08)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from peel.safety.v1 import events_pb2 as events
from services.kernel.errors import NotFound, Refused
from services.kernel.ids import new_id
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction
from services.safety.devices import store, store_welfare
from services.safety.devices.domain import welfare as rules
from services.safety.devices.domain.carrying import Device, must_carry
from services.safety.devices.domain.duty import Doing
from services.safety.devices.domain.welfare import Welfare
from services.safety.devices.messages_welfare import welfare_message
from services.safety.emergency import following
from services.safety.emergency.domain.signals import Press, Trigger
from services.safety.reference.devices import welfare_rules

WARN, DUE = "WELFARE_WARN", "WELFARE_DUE"
_WARNED, _OWNER = "dispatcher", "control room supervisor"
# Whoever holds one of these speaks for any device; an officer, for what their own crew carries.
_FOR_ANY_DEVICE = ("ROLE_DISPATCHER", "ROLE_SUPERVISOR", "ROLE_RADIO_GATEWAY")


@dataclass(frozen=True, slots=True)
class StartWelfare:
    radio: str
    minutes: int


@dataclass(frozen=True, slots=True)
class CheckIn:
    radio: str
    finished: bool


async def start_welfare(command: StartWelfare, tx: Transaction) -> Welfare:
    """A person's word stands in place of whatever ran for the device."""
    device = await store.device_or_new(tx, tx.caller.force, command.radio)
    _must_speak_for(device, tx)
    before = await store_welfare.of_device(tx, device.carrier.device_id)
    if before is not None:
        await _end(before, tx)
    return _begin(device, command.minutes, tx.now, tx, by_status=False)


async def check_in(command: CheckIn, tx: Transaction) -> Welfare | None:
    """Somebody is well: the timers that their word is for begin again, or end. Returns the one that runs now."""
    device = await store.device(tx, tx.caller.force, command.radio)
    if device is None:
        raise NotFound("device")
    _must_speak_for(device, tx)
    found = await store_welfare.of_crew(tx, device)
    if not found:
        raise _nothing_runs(await store_welfare.last_of_device(tx, device))
    await store.hear(tx, device)
    if command.finished:
        for one in found:
            await _end(one, tx)
        return None
    first, *others = found
    for one in others:
        await _again(one, one.minutes, tx.now, tx)
    return await _again(first, first.minutes, tx.now, tx)


async def note_doing(told: Doing, tx: Transaction) -> None:
    """A unit says what it does. At a scene its time runs, by the grade and by what is known of the place: from when it
    got there, however late that is heard of."""
    before = await store_welfare.of_unit(tx, told.unit_id, by_status=True)
    if not told.at_scene:
        for one in before:
            await _end(one, tx)
        return
    minutes = _minutes(told, tx)
    if before:
        since = min(told.since, tx.now)
        for one in before:
            # That the unit is where it was is no word that its people are well.
            if since > one.started_at or minutes < one.minutes:
                await _again(one, minutes, max(since, one.started_at), tx)
    elif told.radios:
        await _begin_at_scene(told, minutes, tx)


async def note_hazards(told: Doing, tx: Transaction) -> None:
    """More is known of the place where a unit is: where that shortens its time, the shorter time begins then."""
    minutes = _minutes(told, tx)
    for one in await store_welfare.of_unit(tx, told.unit_id, by_status=True):
        if minutes < one.minutes:
            await _again(one, minutes, max(one.started_at, min(told.since, tx.now)), tx)


async def end_of_unit(unit_id: UUID, tx: Transaction) -> None:
    """The crew has gone off duty: nobody has to check in."""
    for one in await store_welfare.of_unit(tx, unit_id, by_status=False):
        await _end(one, tx)


async def warn(clock: UUID, tx: Transaction) -> None:
    """Four fifths of the time are over."""
    found = await store_welfare.of_clock(tx, clock)
    if found is None:
        return
    told = rules.warned(found)
    await store_welfare.keep(tx, told)
    tx.emit(events.WelfareWarned(welfare=welfare_message(told)), force=told.force, sequence=told.sequence)


async def fall_due(clock: UUID, tx: Transaction) -> None:
    """Nobody has checked in: that is a press, shown at every console, and escalates as one."""
    found = await store_welfare.of_clock(tx, clock)
    if found is None:
        return
    device = await store.device_named(tx, found.device_id)
    press = Press(device.radio, f"welfare/{found.id}", Trigger.WELFARE)
    signal = await following.press_for(press, device.carrier, found.force, tx)
    await _ended(found, tx, signal.emergency_id)


def _minutes(told: Doing, tx: Transaction) -> int:
    return rules.minutes_at_scene(welfare_rules(told.force, local_date(tx.now)), told.grade, told.codes)


async def _begin_at_scene(told: Doing, minutes: int, tx: Transaction) -> None:
    """One timer for the unit, on the first of its radios. What somebody asked for there stays, if it is due sooner."""
    begins = rules.begins_at(told.since, await store_welfare.last_at_scene(tx, told.unit_id), tx.now)
    if begins is None:
        return
    device = await store.device_or_new(tx, told.force, min(told.radios))
    device = replace(device, carrier=replace(device.carrier, unit_id=told.unit_id))
    asked_for = await store_welfare.of_device(tx, device.carrier.device_id)
    if asked_for is not None:
        if asked_for.due_at <= begins + timedelta(minutes=minutes):
            return
        await _end(asked_for, tx)
    _begin(device, minutes, begins, tx, by_status=True)


def _begin(device: Device, minutes: int, at: datetime, tx: Transaction, *, by_status: bool) -> Welfare:
    begun = Welfare(
        id=new_id(),
        clock=new_id(),
        force=device.force,
        device_id=device.carrier.device_id,
        radio=device.radio,
        unit_id=device.carrier.unit_id,
        by_status=by_status,
        minutes=minutes,
        started_at=at,
    )
    tx.add(store_welfare.WELFARE, store_welfare.welfare_row(begun))
    _start_timers(begun, tx)
    return begun


async def _again(welfare: Welfare, minutes: int, at: datetime, tx: Transaction) -> Welfare:
    _cancel_timers(welfare, tx)
    again = rules.begun_again(welfare, at, new_id(), minutes)
    await store_welfare.keep(tx, again)
    _start_timers(again, tx)
    tx.emit(events.WelfareRenewed(welfare=welfare_message(again)), force=again.force, sequence=again.sequence)
    return again


async def _end(welfare: Welfare, tx: Transaction) -> None:
    await _ended(welfare, tx)
    _cancel_timers(welfare, tx)


async def _ended(welfare: Welfare, tx: Transaction, emergency_id: UUID | None = None) -> None:
    over = rules.ended(welfare, tx.now, emergency_id)
    await store_welfare.keep(tx, over)
    tx.emit(events.WelfareEnded(welfare=welfare_message(over)), force=over.force, sequence=over.sequence)


def _start_timers(welfare: Welfare, tx: Transaction) -> None:
    tx.start_timer(WARN, welfare.clock, due=welfare.warn_at, owner=_WARNED, force=welfare.force)
    tx.start_timer(DUE, welfare.clock, due=welfare.due_at, owner=_OWNER, force=welfare.force)


def _cancel_timers(welfare: Welfare, tx: Transaction) -> None:
    tx.cancel_timer(WARN, welfare.clock)
    tx.cancel_timer(DUE, welfare.clock)


def _must_speak_for(device: Device, tx: Transaction) -> None:
    if not tx.caller.may(*_FOR_ANY_DEVICE):
        must_carry(device, tx.caller.subject)


def _nothing_runs(last: Welfare | None) -> Refused:
    if last is not None and last.emergency_id is not None:
        return Refused(
            "WELFARE_IS_EMERGENCY", rule="the time ran out: it is an emergency now, which a person clears as any other"
        )
    return Refused("NO_WELFARE_TIMER", rule="no welfare timer runs for the device")
