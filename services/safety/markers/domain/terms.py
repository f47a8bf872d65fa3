"""The words of a marker. Enum members carry the numbers of the contract."""

from enum import IntEnum


class SubjectKind(IntEnum):
    """What a marker is about."""

    UNSPECIFIED = 0
    PERSON = 1
    ADDRESS = 2
    VEHICLE = 3
    PHONE = 4
    ORGANISATION = 5


class Severity(IntEnum):
    """How grave, in the steps that NENA's EIDO uses for cautions; the lowest number is the gravest."""

    UNSPECIFIED = 0
    HIGHEST = 1
    NORMAL = 2
    LOW = 3
    LOWEST = 4


class MarkerSource(IntEnum):
    """Where a marker comes from."""

    UNSPECIFIED = 0
    POLICE_NATIONAL_COMPUTER = 1
    INTELLIGENCE = 2
    OFFICER = 3
    PARTNER = 4
    FIREARMS_LICENSING = 5


class Reliability(IntEnum):
    """How far the source can be relied upon, as 3x5x2 intelligence grading says it."""

    UNSPECIFIED = 0
    RELIABLE = 1
    UNTESTED = 2
    NOT_RELIABLE = 3


class MarkerState(IntEnum):
    """Where a marker stands. One that expired is shown as expired and unverified, never deleted (domain facts 4.3)."""

    UNSPECIFIED = 0
    ACTIVE = 1
    EXPIRED = 2
    WITHDRAWN = 3
