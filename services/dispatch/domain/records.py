"""What dispatch keeps: units, incidents, assignments with their hazard answer, and tasks.

`sequence` counts 1, 2, 3 … within the record: the events that are told of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.dispatch.domain.terms import (
    AssignmentState,
    Certainty,
    DeviceTest,
    DispatchState,
    EndReason,
    HazardOutcome,
    HazardSeverity,
    MatchedBy,
    NotCheckedReason,
    TaskKind,
    UnitStatus,
)


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees north and east (WGS84), and the radius in metres within which the true place lies, 0 where unknown."""

    latitude: float
    longitude: float
    accuracy_metres: float = 0.0


@dataclass(frozen=True, slots=True)
class Position:
    """Where something was at a moment."""

    point: Point
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is, as far as known; what is not known is empty."""

    point: Point | None = None
    address: str = ""
    uprn: str = ""
    lsoa: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the contact named them. `date_of_birth` is an ISO date, `phone` E.164."""

    given_name: str = ""
    family_name: str = ""
    date_of_birth: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Skill:
    """A qualification, and the last day on which it holds; None where it does not expire."""

    code: str
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class CrewMember:
    """Somebody of a unit's crew: the subject of their token, and what they are qualified for."""

    officer_id: str
    skills: tuple[Skill, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A crew with a vehicle or on foot.

    `emergencies` are the open ones of its crew: while there is one, status 0 lies over `status` and leaves it as it is.
    `last_message` is UNSPECIFIED or one of 12 to 16.
    """

    id: UUID
    force: str
    callsign: str
    status: UnitStatus
    status_since: datetime
    emergencies: tuple[UUID, ...] = ()
    # Those of them in which the duress code was given.
    duress: tuple[UUID, ...] = ()
    crew: tuple[CrewMember, ...] = ()
    radios: tuple[str, ...] = ()
    device_test: DeviceTest = DeviceTest.UNSPECIFIED
    shift_ends_at: datetime | None = None
    position: Position | None = None
    incident_id: UUID | None = None
    # Urgency of that incident, 1 the most urgent; 0 where there is none.
    incident_urgency: int = 0
    assignment_id: UUID | None = None
    last_message: UnitStatus = UnitStatus.UNSPECIFIED
    last_message_at: datetime | None = None
    # Nobody is told of a unit before its first crew comes on duty.
    sequence: int = 0

    @property
    def officers(self) -> frozenset[str]:
        """Its crew, by the subjects of their tokens."""
        return frozenset(member.officer_id for member in self.crew)


@dataclass(frozen=True, slots=True)
class Incident:
    """A graded incident as dispatch holds it.

    Its clock is `first_contact_at`, whatever happens to it later. `urgency` 1 is the most urgent grade of the scheme.
    """

    id: UUID
    contact_id: UUID
    force: str
    grade: str
    urgency: int
    state: DispatchState
    first_contact_at: datetime
    graded_at: datetime
    attend_by: datetime | None = None
    place: Place | None = None
    people: tuple[Person, ...] = ()
    vehicles: tuple[str, ...] = ()
    # Whom other incidents at the same address named (R-MK-01).
    associates: tuple[Person, ...] = ()
    # Those that have not ended.
    assignment_ids: tuple[UUID, ...] = ()
    escalated_to: str = ""
    escalated_at: datetime | None = None
    shared_with: tuple[str, ...] = ()
    # When intake closed it: with units on it, it still waits for its result here.
    closed_at: datetime | None = None
    resulted_at: datetime | None = None
    result: str = ""
    sequence: int = 1


@dataclass(frozen=True, slots=True)
class Hazard:
    """A marker that concerns an incident, whole. `code` is empty where the marker is restricted."""

    marker_id: UUID
    marker_version: int
    code: str
    severity: HazardSeverity
    matched_by: tuple[MatchedBy, ...]
    certainty: Certainty
    expired: bool = False
    withdrawn: bool = False
    restricted: bool = False
    contact_point: str = ""
    handling_instruction: str = ""
    subject_description: str = ""


@dataclass(frozen=True, slots=True)
class HazardAnswer:
    """What a crew is told before it arrives (I3, R-MK-02). `version` counts 1, 2, 3 … within the assignment."""

    outcome: HazardOutcome
    version: int
    checked_at: datetime
    reason: NotCheckedReason = NotCheckedReason.UNSPECIFIED
    replica_staleness_seconds: float = 0.0
    hazards: tuple[Hazard, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """A unit sent to an incident, and what it was told."""

    id: UUID
    force: str
    incident_id: UUID
    unit_id: UUID
    callsign: str
    state: AssignmentState
    assigned_at: datetime
    assigned_by: str
    hazard: HazardAnswer
    grade: str
    # Since when there is something in the answer that the crew has not acknowledged.
    hazard_told_at: datetime
    # What the crew was asked to be able to do.
    skills: tuple[str, ...] = ()
    place: Place | None = None
    acknowledged_at: datetime | None = None
    arrived_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: EndReason = EndReason.UNSPECIFIED
    # Highest version of the answer that the crew acknowledged (R-MK-03); 0 for none.
    hazard_acknowledged: int = 0
    hazard_acknowledged_at: datetime | None = None
    # Why a person moved the unit or took it off.
    explanation: str = ""
    sequence: int = 1


@dataclass(frozen=True, slots=True)
class Task:
    """Something on a person's tray, by the name of their post: "dispatcher", "duty sergeant", "duty inspector".

    `about_id` is the welfare time, emergency or radio path that it is about, as officer safety names it.
    """

    id: UUID
    force: str
    kind: TaskKind
    owner: str
    raised_at: datetime
    incident_id: UUID | None = None
    assignment_id: UUID | None = None
    unit_id: UUID | None = None
    done_at: datetime | None = None
    done_by: str = ""
    note: str = ""
    about_id: UUID | None = None
    radio: str = ""


@dataclass(frozen=True, slots=True)
class EmergencyNearby:
    """An emergency that nobody has taken, told to a unit that could help (R-OS-03). Metres as the crow flies.

    `callsign` is of the unit in need, empty where nobody knows it.
    """

    emergency_id: UUID
    unit_id: UUID
    force: str
    callsign: str
    point: Point
    distance_metres: float
    raised_at: datetime
    over: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """All that a force sees open, after the change of that number."""

    sequence: int
    incidents: Sequence[Incident] = ()
    units: Sequence[Unit] = ()
    assignments: Sequence[Assignment] = ()
    tasks: Sequence[Task] = ()
    emergencies: Sequence[EmergencyNearby] = ()


@dataclass(frozen=True, slots=True)
class Terminal:
    """All that a unit's terminal shows, after the change of that number in its force."""

    sequence: int
    unit: Unit
    assignment: Assignment | None = None
    emergencies: Sequence[EmergencyNearby] = ()
