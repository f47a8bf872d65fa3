"""What happens with devices. The only place that says so; both doors lead here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from peel.safety.v1 import events_pb2 as events
from services.kernel.transaction import Transaction
from services.safety.devices import store
from services.safety.devices.domain.carrying import Device, must_carry, tested
from services.safety.devices.messages import device_message
from services.safety.emergency.carriers import Codes


@dataclass(frozen=True, slots=True)
class KeepTest:
    radio: str
    passed: bool


@dataclass(frozen=True, slots=True)
class SetSafeCodes:
    radio: str
    codes: Codes


@dataclass(frozen=True, slots=True)
class ListDevices:
    """Which, from those after a place in the list."""

    silent_only: bool
    after: Sequence[str]
    limit: int


async def keep_test(command: KeepTest, tx: Transaction) -> Device:
    """A unit is deployable by what its radios' tests came to (R-OS-07): dispatch is told of each."""
    device = await store.device_or_new(tx, tx.caller.force, command.radio)
    device = tested(device, tx.now, passed=command.passed)
    await store.keep_test(tx, device)
    tx.emit(events.DeviceTested(device=device_message(device)), force=device.force, sequence=device.sequence)
    return device


async def set_safe_codes(command: SetSafeCodes, tx: Transaction) -> Device:
    """Of the officer who says them; a supervisor's are of whoever carries the device."""
    device = await store.device_or_new(tx, tx.caller.force, command.radio)
    of_officer = not tx.caller.may("ROLE_SUPERVISOR")
    if of_officer:
        must_carry(device, tx.caller.subject)
    await store.keep_codes(tx, device, command.codes, tx.caller.subject if of_officer else "")
    return replace(device, codes_known=True)


async def list_devices(command: ListDevices, tx: Transaction) -> list[store.Placed]:
    return await store.devices(tx, command.after, command.limit, silent_only=command.silent_only)
