"""Statuses of a unit, 1 to 16, as a state machine whose transitions are data (domain facts 4.1).

12 to 16 are messages: they are noted beside the status and overwrite nothing. 0 is none that a unit sets: it comes and
goes with the emergencies of its crew (see units.py) and lies over whatever the status is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from services.dispatch.domain.records import Unit
from services.dispatch.domain.terms import UnitStatus
from services.kernel.errors import Refused

MESSAGES = frozenset(
    {
        UnitStatus.CONFIDENTIAL_MESSAGE,
        UnitStatus.CALL_BACK,
        UnitStatus.URGENT_CALL_BACK,
        UnitStatus.RECEIVED,
        UnitStatus.REPEAT,
    }
)
ON_AN_INCIDENT = frozenset({UnitStatus.EN_ROUTE, UnitStatus.AT_SCENE})
_ETA_TIMES = 2


class Need(Enum):
    """What a transition asks for besides the status it starts from."""

    NOTHING = ""
    ASSIGNMENT = "ASSIGNMENT"
    SELF_ATTACH = "SELF_ATTACH"


class Follows(Enum):
    """What follows from a status for the assignment of the unit."""

    NOTHING = "nothing"
    # The crew has the assignment: status 15.
    RECEIVED = "received"
    ARRIVED = "arrived"
    # It came upon an incident that nobody sent it to.
    ATTACHES = "attaches"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class StatusRules:
    """A force's rules: what each transition needs, and how long a unit may be in a status."""

    transitions: Mapping[tuple[UnitStatus, UnitStatus], frozenset[Need]]
    overdue: Mapping[UnitStatus, timedelta]


@dataclass(frozen=True, slots=True)
class Transition:
    """The unit afterwards, what follows for its assignment, and whether its status is another one than before."""

    unit: Unit
    follows: Follows
    moved: bool


def code(status: UnitStatus) -> str:
    """The number on the radio: 0 for an emergency."""
    return "0" if status is UnitStatus.EMERGENCY else str(int(status))


def transit(unit: Unit, to: UnitStatus, at: datetime, rules: StatusRules, *, self_attach: bool = False) -> Transition:
    """The unit after a status that it set at that moment. The same status again changes nothing.

    Raises Refused: STATUS_ILLEGAL (metadata: the codes from and to), STATUS_OUTDATED where it is older than the one
    that the unit has.
    """
    if unit.status is UnitStatus.OFF_DUTY or to in (UnitStatus.OFF_DUTY, UnitStatus.EMERGENCY):
        raise _illegal(unit.status, to, "duty begins and ends by booking on and off, and 0 comes by an emergency alone")
    if to in MESSAGES:
        return _message(unit, to, at)
    if at < unit.status_since:
        raise _outdated()
    if to is unit.status and not self_attach:
        return Transition(unit, Follows.NOTHING, moved=False)
    _check(unit, to, rules, self_attach=self_attach)
    moved = replace(unit, status=to, status_since=at, sequence=unit.sequence + 1)
    return Transition(moved, _follows(unit, to), moved=True)


def _message(unit: Unit, message: UnitStatus, at: datetime) -> Transition:
    if unit.last_message_at is not None and at < unit.last_message_at:
        raise _outdated()
    noted = replace(unit, last_message=message, last_message_at=at)
    received = message is UnitStatus.RECEIVED and unit.assignment_id is not None
    return Transition(noted, Follows.RECEIVED if received else Follows.NOTHING, moved=False)


def _check(unit: Unit, to: UnitStatus, rules: StatusRules, *, self_attach: bool) -> None:
    needs = rules.transitions.get((unit.status, to), frozenset())
    assigned = unit.assignment_id is not None
    has = {Need.NOTHING: not self_attach, Need.ASSIGNMENT: assigned and not self_attach}
    has[Need.SELF_ATTACH] = self_attach and not assigned
    if not any(has[need] for need in needs):
        raise _illegal(unit.status, to, _why(needs))


def _why(needs: frozenset[Need]) -> str:
    if Need.SELF_ATTACH in needs:
        return "a unit that is not en route names the incident that it came upon, and is assigned to none"
    if Need.ASSIGNMENT in needs:
        return "a unit is en route or at the scene of what it is assigned to"
    return "that status does not follow the one that the unit has"


def _follows(before: Unit, to: UnitStatus) -> Follows:
    if to is UnitStatus.AT_SCENE:
        return Follows.ARRIVED if before.assignment_id is not None else Follows.ATTACHES
    if before.status in ON_AN_INCIDENT and to not in ON_AN_INCIDENT and before.assignment_id is not None:
        return Follows.LEFT
    return Follows.NOTHING


def overdue_at(unit: Unit, rules: StatusRules, eta: timedelta | None) -> datetime | None:
    """When the unit will have been in its status for longer than it should (domain facts 4.1); None for never.

    `eta` is how long the way was thought to take when it set out; a unit is overdue after twice that.
    """
    allowed = rules.overdue.get(unit.status)
    if unit.status is UnitStatus.EN_ROUTE and eta is not None:
        allowed = _ETA_TIMES * eta
    return None if allowed is None else unit.status_since + allowed


def _illegal(before: UnitStatus, to: UnitStatus, why: str) -> Refused:
    return Refused(
        "STATUS_ILLEGAL",
        rule=f"from status {code(before)} to {code(to)}: {why}",
        metadata={"from": code(before), "to": code(to)},
    )


def _outdated() -> Refused:
    return Refused("STATUS_OUTDATED", rule="the unit has set a status or message later than this one")
