"""The hazard answer of an assignment: how it comes about, how it changes, and who has to be told (I3, R-MK-01..03).

There is no assignment without one of three outcomes. What was not checked is said as loudly as firearms.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.records import Assignment, Hazard, HazardAnswer
from services.dispatch.domain.terms import HazardOutcome, NotCheckedReason
from services.kernel.errors import Refused

_NEVER_CHECKED = 0.0


@dataclass(frozen=True, slots=True)
class Check:
    """What a look for markers came to: all that were found, and why it is not to be relied on, if it is not.

    A check that cannot be relied on may still have found something, and what it found is told. The staleness is that of
    the replica of markers, in seconds.
    """

    hazards: tuple[Hazard, ...] = ()
    staleness_seconds: float = _NEVER_CHECKED
    reason: NotCheckedReason = NotCheckedReason.UNSPECIFIED

    @property
    def outcome(self) -> HazardOutcome:
        if self.reason is not NotCheckedReason.UNSPECIFIED:
            return HazardOutcome.NOT_CHECKED
        return HazardOutcome.MARKERS_FOUND if self.hazards else HazardOutcome.NONE_FOUND


def first_answer(check: Check, at: datetime) -> HazardAnswer:
    """What the crew is told with the assignment itself."""
    return HazardAnswer(
        outcome=check.outcome,
        version=1,
        checked_at=at,
        reason=check.reason,
        replica_staleness_seconds=check.staleness_seconds,
        hazards=in_order(check.hazards),
    )


def checked_again(answer: HazardAnswer, check: Check, at: datetime) -> HazardAnswer | None:
    """The next version after another check; None where the crew would be told nothing new.

    A marker that the crew was told of and that is not found any more is shown as withdrawn: somebody who was warned of
    firearms has to hear that the warning is gone. A check that is not to be relied on takes nothing back.
    """
    found = {hazard.marker_id: hazard for hazard in check.hazards}
    relied_on = check.reason is NotCheckedReason.UNSPECIFIED
    for told in answer.hazards:
        if told.marker_id not in found:
            found[told.marker_id] = replace(told, withdrawn=True) if relied_on else told
    return _next(answer, replace(check, hazards=tuple(found.values())), at)


def markers_changed(
    answer: HazardAnswer, changed: Mapping[UUID, Hazard | None], staleness_seconds: float, at: datetime
) -> HazardAnswer | None:
    """The next version after markers were made, revised or withdrawn; None where the crew would be told nothing new.

    `changed` is what each marker is to this incident now, None where it does not concern it (any more).
    """
    hazards = {told.marker_id: told for told in answer.hazards}
    for marker_id, hazard in changed.items():
        if hazard is not None:
            hazards[marker_id] = hazard
        elif marker_id in hazards:
            hazards[marker_id] = replace(hazards[marker_id], withdrawn=True)
    return _next(answer, Check(tuple(hazards.values()), staleness_seconds, answer.reason), at)


def _next(answer: HazardAnswer, check: Check, at: datetime) -> HazardAnswer | None:
    hazards = in_order(check.hazards)
    # Why nobody could look is nothing to a crew: that nobody did, is.
    if (check.outcome, _as_told(hazards)) == (answer.outcome, _as_told(answer.hazards)):
        return None
    return replace(first_answer(check, at), version=answer.version + 1)


def _as_told(hazards: Sequence[Hazard]) -> list[Hazard]:
    """What a crew hears of the markers: their versions are nothing to it."""
    return [replace(hazard, marker_version=0) for hazard in hazards]


def in_order(hazards: Iterable[Hazard]) -> tuple[Hazard, ...]:
    """The gravest first, then the surest."""
    return tuple(
        sorted(hazards, key=lambda one: (one.withdrawn, one.severity, one.certainty, one.expired, str(one.marker_id)))
    )


def to_acknowledge(assignment: Assignment) -> bool:
    """Whether the crew has yet to say that it knows the newest answer (R-MK-03).

    That nothing was found, and never anything else, is acknowledged with the assignment itself.
    """
    answer = assignment.hazard
    silent = answer.outcome is HazardOutcome.NONE_FOUND and answer.version == 1
    return not silent and assignment.hazard_acknowledged < answer.version


def acknowledge(assignment: Assignment, version: int, at: datetime) -> Assignment:
    """The assignment, its hazards known up to this version; the same where they were before.

    Raises Refused(HAZARD_VERSION_UNKNOWN): nobody can know what was not told yet.
    """
    if version > assignment.hazard.version:
        raise Refused(
            "HAZARD_VERSION_UNKNOWN",
            rule="the hazard answer has no such version yet",
            metadata={"newest": str(assignment.hazard.version)},
        )
    if version <= assignment.hazard_acknowledged:
        return assignment
    return replace(assignment, hazard_acknowledged=version, hazard_acknowledged_at=at, sequence=assignment.sequence + 1)


def updated(assignment: Assignment, answer: HazardAnswer, at: datetime) -> Assignment:
    """The assignment with a newer answer. What the crew has not acknowledged before, it has been told of since then."""
    told_at = assignment.hazard_told_at if to_acknowledge(assignment) else at
    return replace(assignment, hazard=answer, hazard_told_at=told_at, sequence=assignment.sequence + 1)
