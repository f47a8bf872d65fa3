"""The words of dispatch. Names and numbers are those of the contract (peel.dispatch.v1)."""

from enum import IntEnum


class UnitStatus(IntEnum):
    """The national status codes (domain facts 4.1). 12 to 16 are messages; EMERGENCY is 0 on the radio."""

    UNSPECIFIED = 0
    ON_DUTY = 1
    ON_PATROL = 2
    AT_STATION = 3
    REFRESHMENTS = 4
    EN_ROUTE = 5
    AT_SCENE = 6
    COMMITTED_DEPLOYABLE = 7
    COMMITTED = 8
    PRISONER_ESCORT = 9
    AT_COURT = 10
    OFF_DUTY = 11
    CONFIDENTIAL_MESSAGE = 12
    CALL_BACK = 13
    URGENT_CALL_BACK = 14
    RECEIVED = 15
    REPEAT = 16
    EMERGENCY = 17


class DeviceTest(IntEnum):
    """Whether a unit's radio passed its test at book-on (R-OS-07)."""

    UNSPECIFIED = 0
    WAITING = 1
    PASSED = 2
    FAILED = 3
    OVERRIDDEN = 4


class DispatchState(IntEnum):
    """Where an incident stands with dispatch."""

    UNSPECIFIED = 0
    QUEUED = 1
    ASSIGNED = 2
    AT_SCENE = 3
    RESULTED = 4


class HazardOutcome(IntEnum):
    """What the check for hazards came to (I3)."""

    UNSPECIFIED = 0
    MARKERS_FOUND = 1
    NONE_FOUND = 2
    NOT_CHECKED = 3


class NotCheckedReason(IntEnum):
    """Why nothing could be checked."""

    UNSPECIFIED = 0
    REPLICA_STALE = 1
    REPLICA_MISSING = 2
    TIMED_OUT = 3
    FAILED = 4
    NOTHING_TO_CHECK = 5


class MatchedBy(IntEnum):
    """How a marker concerns an incident (R-MK-01)."""

    UNSPECIFIED = 0
    ADDRESS = 1
    PERSON_NAMED = 2
    ASSOCIATE_OF_ADDRESS = 3
    PHONE = 4
    VEHICLE = 5
    ORGANISATION = 6


class Certainty(IntEnum):
    """How sure it is that a marker concerns an incident."""

    UNSPECIFIED = 0
    EXACT = 1
    LIKELY = 2
    POSSIBLE = 3


class HazardSeverity(IntEnum):
    """Steps of a marker, as officer safety has them."""

    UNSPECIFIED = 0
    HIGHEST = 1
    NORMAL = 2
    LOW = 3
    LOWEST = 4


class AssignmentState(IntEnum):
    """Where an assignment stands."""

    UNSPECIFIED = 0
    SENT = 1
    ACKNOWLEDGED = 2
    AT_SCENE = 3
    ENDED = 4


class EndReason(IntEnum):
    """Why an assignment ended."""

    UNSPECIFIED = 0
    RESULTED = 1
    STOOD_DOWN = 2
    REASSIGNED = 3
    PRE_EMPTED = 4
    BOOKED_OFF = 5


class TaskKind(IntEnum):
    """What only a person can do next."""

    UNSPECIFIED = 0
    VOICE_ASSIGNMENT = 1
    OFFER_NEXT_UNIT = 2
    SUPERVISE_ASSIGNMENT = 3
    VOICE_HAZARD = 4
    HAZARD_UNKNOWN_AT_SCENE = 5
    UNRESOURCED = 6
    WELFARE_CALL = 7
    DEVICE_SILENT = 8
    STATUS_OVERDUE = 9
    EMERGENCY_NEARBY = 10
    RADIO_PATH_SILENT = 11
