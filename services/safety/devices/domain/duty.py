"""What dispatch does with the units that carry devices."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OnDuty:
    force: str
    unit_id: UUID
    callsign: str
    crew: tuple[str, ...]
    radios: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class OffDuty:
    force: str
    unit_id: UUID
    radios: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    force: str
    unit_id: UUID
    callsign: str
    radios: tuple[str, ...]
    incident_id: UUID
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Freed:
    force: str
    radios: tuple[str, ...]
    incident_id: UUID


@dataclass(frozen=True, slots=True)
class Doing:
    """What a unit does, and since when, or since when that is known of where it does it.

    `codes` are those of the hazards that are known at its incident.
    """

    force: str
    unit_id: UUID
    radios: tuple[str, ...]
    at_scene: bool
    since: datetime
    grade: str = ""
    codes: frozenset[str] = frozenset()
