"""What officer safety tells of radios and of those who carry them: tested, silent, not checked in."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.terms import TaskKind
from services.dispatch.radios import store
from services.dispatch.tasks import tray
from services.dispatch.tasks.tray import About
from services.dispatch.units import store as unit_store
from services.dispatch.units.domain.units import note_test
from services.dispatch.units.keeping import keep
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RadioTest:
    force: str
    radio: str
    passed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class WelfareTime:
    """Within which somebody has to check in. `unit_id` is None where officer safety knows none: a lone worker's.

    `emergency`: nobody had, and it is one now.
    """

    id: UUID
    force: str
    unit_id: UUID | None
    radio: str = field(repr=False)
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class RadioPath:
    """The way from a force's radios to officer safety."""

    id: UUID
    force: str
    silent: bool


async def radio_tested(command: RadioTest, tx: Transaction) -> None:
    """A radio was tested. Whoever carries it on duty may be sent once all of theirs passed (R-OS-07).

    A test before the crew has booked on is remembered for its booking.
    """
    carried_by = await store.carrier(tx, command.force, command.radio)
    before = None if carried_by is None else await unit_store.known_unit(tx, carried_by)
    await store.keep_test(tx, command.force, command.radio, passed=command.passed, at=command.at)
    if before is None:
        return
    unit = note_test(before, await store.passed_of(tx, before.id), failed=not command.passed)
    if unit != before:
        await keep(tx, unit)


async def radio_silent(force: str, radio: str, *, silent: bool, tx: Transaction) -> None:
    """A radio on duty is not heard any more, or is heard again: somebody calls its unit until all of theirs are."""
    carried_by = await store.carrier(tx, force, radio)
    if carried_by is None:
        return
    await store.keep_silence(tx, force, radio, tx.now if silent else None)
    if silent:
        await tray.raise_task(tx, TaskKind.DEVICE_SILENT, tray.DISPATCHER, force, unit_id=carried_by)
    elif not await store.any_silent(tx, carried_by):
        await tray.settle(tx, [TaskKind.DEVICE_SILENT], "its radios are heard again", unit_id=carried_by)


async def path_changed(path: RadioPath, tx: Transaction) -> None:
    """None of a force's radios is heard, or some are again: somebody sees to the way from them (R-OS-07)."""
    if path.silent:
        await tray.raise_task(tx, TaskKind.RADIO_PATH_SILENT, tray.SUPERVISOR, path.force, about=About(path.id))
    else:
        await tray.settle(tx, [TaskKind.RADIO_PATH_SILENT], "radios are heard again", about_id=path.id)


async def welfare_warned(time: WelfareTime, tx: Transaction) -> None:
    """Four fifths of somebody's welfare time are over: they are called before it is an emergency (R-OS-08)."""
    about = About(time.id, time.radio)
    await tray.raise_task(tx, TaskKind.WELFARE_CALL, tray.DISPATCHER, time.force, unit_id=time.unit_id, about=about)


async def welfare_settled(time: WelfareTime, note: str, tx: Transaction) -> None:
    """They are heard of, need not be, or are an emergency now: the next warning is another call."""
    await tray.settle(tx, [TaskKind.WELFARE_CALL], note, about_id=time.id)
