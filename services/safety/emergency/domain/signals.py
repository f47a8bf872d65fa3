"""What can happen in an emergency. Enum members carry the numbers of the contract."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID


class Trigger(IntEnum):
    """What set it off (R-OS-10)."""

    UNSPECIFIED = 0
    BUTTON = 1
    MAN_DOWN = 2
    VEHICLE_IMPACT = 3
    TASER = 4
    BODY_WORN_VIDEO = 5
    WELFARE = 6
    SYNTHETIC = 7


class Durability(IntEnum):
    """How safe a signal is."""

    UNSPECIFIED = 0
    COMMITTED = 1
    LOCAL = 2
    NOT_DURABLE = 3

    @property
    def lasting(self) -> bool:
        """Whether it survives a crash."""
        return self in (Durability.COMMITTED, Durability.LOCAL)


class SignalKind(IntEnum):
    UNSPECIFIED = 0
    PRESSED = 1
    SHOWN = 2
    ACKNOWLEDGED = 3
    ESCALATED = 4
    SAFE_CODE = 5
    DURESS_CODE = 6
    CLEARED = 7
    CODE_WRONG = 8


# What somebody has to take: a duress code is as much of an alarm as a press.
ALARMS = frozenset({SignalKind.PRESSED, SignalKind.DURESS_CODE})


class EscalationLevel(IntEnum):
    """Who is to see it by now (R-OS-03)."""

    UNSPECIFIED = 0
    SUPERVISOR = 1
    ALL_POSITIONS = 2
    UNITS_NEARBY = 3
    NEIGHBOURING_FORCE = 4


class Duty(IntEnum):
    UNSPECIFIED = 0
    ON = 1
    OFF = 2
    UNKNOWN_DEVICE = 3


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees WGS84, accuracy in metres; 0 where the source gives none."""

    latitude: float
    longitude: float
    accuracy_metres: float = 0.0


@dataclass(frozen=True, slots=True)
class Press:
    """One press, as it arrived. `radio` is empty where it could not be read; `site` is of a synthetic press only."""

    radio: str
    press_id: str
    trigger: Trigger = Trigger.BUTTON
    point: Point | None = None
    position_at: datetime | None = None
    pressed_at: datetime | None = None
    salvaged: bool = False
    token_expired: bool = False
    site: str = ""

    @property
    def synthetic(self) -> bool:
        """Made by the platform to prove the path (R-OS-07)."""
        return self.trigger is Trigger.SYNTHETIC


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who carries a device, and what they were doing."""

    device_id: UUID
    duty: Duty = Duty.UNKNOWN_DEVICE
    unit_id: UUID | None = None
    callsign: str = ""
    crew: tuple[str, ...] = ()
    incident_id: UUID | None = None
    incident_address: str = ""
    last_point: Point | None = None
    last_point_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that happened. `covers` are the alarms it is about, as far as whoever sent it had seen them."""

    id: UUID
    emergency_id: UUID
    force: str
    kind: SignalKind
    at: datetime
    by: str
    press: Press | None = None
    carrier: Carrier | None = None
    console: str = ""
    level: EscalationLevel = EscalationLevel.UNSPECIFIED
    explanation: str = ""
    covers: frozenset[UUID] = frozenset()
    synthetic: bool = False
