"""A device, who carries it, and who may speak for it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.kernel.errors import Refused
from services.safety.emergency.domain.signals import Carrier, Durability, Duty


class Fault(StrEnum):
    """Why a device did not pass its test."""

    NONE = ""
    # Neither the database nor the local disk took the press.
    NOT_DURABLE = "NOT_DURABLE"
    # No watcher of the replica had it in time.
    NOT_SHOWN = "NOT_SHOWN"


@dataclass(frozen=True, slots=True)
class Device:
    """A radio or terminal. `duty_since`: when who carries it now booked on. `sequence` counts its events."""

    force: str
    radio: str
    carrier: Carrier
    duty_since: datetime | None = None
    heard_at: datetime | None = None
    silent_since: datetime | None = None
    tested_at: datetime | None = None
    test_passed: bool = False
    codes_known: bool = False
    sequence: int = 0

    @property
    def silent(self) -> bool:
        """On duty, and not heard for longer than its force allows."""
        return self.silent_since is not None

    @property
    def unheard_since(self) -> datetime | None:
        """Its last sign of life. Coming on duty is one: a device that was never heard counts from there (R-OS-07)."""
        return max((moment for moment in (self.heard_at, self.duty_since) if moment), default=None)


def fallen_silent(device: Device) -> Device:
    """A device on duty that was not heard for longer than its force allows."""
    return replace(device, silent_since=device.unheard_since, sequence=device.sequence + 1)


def heard_again(device: Device) -> Device:
    """A silent device that was heard, or is not on duty any more."""
    return replace(device, silent_since=None, sequence=device.sequence + 1)


def fault_of(durability: Durability, *, shown: bool) -> Fault:
    """What was wrong with a test press: a real one has to be lasting and on a screen (R-OS-01, R-OS-07)."""
    if not durability.lasting:
        return Fault.NOT_DURABLE
    return Fault.NONE if shown else Fault.NOT_SHOWN


def tested(device: Device, at: datetime, *, passed: bool) -> Device:
    """The device after a test. Whatever it came to, the device was heard."""
    heard = max(at, device.heard_at) if device.heard_at else at
    return replace(device, tested_at=at, test_passed=passed, heard_at=heard, sequence=device.sequence + 1)


def must_carry(device: Device, subject: str) -> None:
    """Raises Refused where somebody else carries the device. One that nobody has booked on with is anybody's."""
    if device.carrier.duty is Duty.ON and subject not in device.carrier.crew:
        raise Refused("NOT_OF_CREW", rule="the device is carried by a crew that the caller is not of", permission=True)
