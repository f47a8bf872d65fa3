"""The words of markers and of what was found. Names and numbers are those of the contract (peel.safety.v1)."""

from enum import IntEnum

from services.dispatch.domain.terms import Certainty, MatchedBy
from services.dispatch.domain.terms import HazardSeverity as Severity

__all__ = ["Certainty", "MarkerState", "MatchedBy", "Severity", "SubjectKind"]


class SubjectKind(IntEnum):
    """What a marker is about."""

    UNSPECIFIED = 0
    PERSON = 1
    ADDRESS = 2
    VEHICLE = 3
    PHONE = 4
    ORGANISATION = 5


class MarkerState(IntEnum):
    """Where a marker stands. One that expired is shown as expired and unverified, never left out (domain facts 4.3)."""

    UNSPECIFIED = 0
    ACTIVE = 1
    EXPIRED = 2
    WITHDRAWN = 3
