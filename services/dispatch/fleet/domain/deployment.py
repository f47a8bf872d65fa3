"""Whether a unit may be sent: one set of hard rules, for those who look for a unit and for those who send it.

Nobody is sent off duty, in an emergency, in a status that commits them, with a radio that did not pass its test
(R-OS-07) or without the skills asked for, as they hold today. A unit may be taken from something else by rule (domain
facts 4.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from uuid import UUID

from services.dispatch.domain.records import Unit
from services.dispatch.domain.skills import skills_on
from services.dispatch.domain.terms import DeviceTest, UnitStatus
from services.kernel.errors import Refused

# What a unit does that may set out at any moment.
_WITH_TIME = frozenset(
    {
        UnitStatus.ON_DUTY,
        UnitStatus.ON_PATROL,
        UnitStatus.AT_STATION,
        UnitStatus.REFRESHMENTS,
        UnitStatus.COMMITTED_DEPLOYABLE,
    }
)
TESTED = frozenset({DeviceTest.PASSED, DeviceTest.OVERRIDDEN})


class Availability(Enum):
    """What a status says of a unit."""

    FREE = "FREE"
    # Only by taking it from what it does.
    PRE_EMPTION = "PRE_EMPTION"
    NONE = "NONE"


class Obstacle(StrEnum):
    """Why a unit is not sent: the reason that the caller is told."""

    OFF_DUTY = "UNIT_OFF_DUTY"
    IN_EMERGENCY = "UNIT_IN_EMERGENCY"
    ASSIGNED_HERE = "ALREADY_ASSIGNED"
    NOT_DEPLOYABLE = "UNIT_NOT_DEPLOYABLE"
    UNTESTED = "UNIT_UNTESTED"
    SKILL_MISSING = "SKILL_MISSING"
    PRE_EMPTION_REFUSED = "PRE_EMPTION_REFUSED"


_RULES = {
    Obstacle.OFF_DUTY: "the unit is off duty",
    Obstacle.IN_EMERGENCY: "an emergency of the unit's own crew is open",
    Obstacle.ASSIGNED_HERE: "the unit is on this incident already",
    Obstacle.NOT_DEPLOYABLE: "the unit is committed by its status",
    Obstacle.UNTESTED: "a radio of the unit has not passed its test, and no supervisor has overridden that (R-OS-07)",
    Obstacle.SKILL_MISSING: "nobody of the crew holds every skill asked for today",
    Obstacle.PRE_EMPTION_REFUSED: "the incident is not urgent enough to take the unit from what it does",
}


@dataclass(frozen=True, slots=True)
class PreEmption:
    """Whoever has an incident of at most `taker_most` in urgency may take a unit in this status.

    `current_least`: only from an incident of at least that number, 1 being the most urgent; 0 for whatever it is on.
    `confirm`: only where a dispatcher says so.
    """

    status: UnitStatus
    taker_most: int
    current_least: int
    confirm: bool


# Compared by identity: a force's rules of a day are read once, and what follows from them is worked out once.
@dataclass(frozen=True, slots=True, eq=False)
class DeploymentRules:
    """A force's rules."""

    availability: Mapping[UnitStatus, Availability]
    pre_emptions: tuple[PreEmption, ...]


@dataclass(frozen=True, slots=True)
class Fitness:
    """Whether a unit may be sent, and whether only when a dispatcher confirms that it is taken from something else."""

    obstacle: Obstacle | None
    pre_empts: bool = False


def fitness(
    unit: Unit, incident_id: UUID, urgency: int, skills: frozenset[str], today: date, rules: DeploymentRules
) -> Fitness:
    """Whether a unit may be sent to an incident of that urgency (1 the most urgent)."""
    status, current = committed_to(unit), unit.incident_urgency
    if unit.status is UnitStatus.OFF_DUTY:
        return Fitness(Obstacle.OFF_DUTY)
    if unit.emergencies:
        return Fitness(Obstacle.IN_EMERGENCY)
    if unit.incident_id == incident_id:
        return Fitness(Obstacle.ASSIGNED_HERE)
    if unit.device_test not in TESTED:
        return Fitness(Obstacle.UNTESTED)
    if not skills <= skills_on(unit.crew, today):
        return Fitness(Obstacle.SKILL_MISSING)
    return by_status(status, current, urgency, rules)


def by_status(status: UnitStatus, current: int, urgency: int, rules: DeploymentRules) -> Fitness:
    """What its status, and the urgency of what it is on (0 for nothing), say of a unit for an incident of `urgency`."""
    match rules.availability[status]:
        case Availability.FREE:
            return Fitness(None)
        case Availability.NONE:
            return Fitness(Obstacle.NOT_DEPLOYABLE)
    for rule in rules.pre_emptions:
        if rule.status is status and urgency <= rule.taker_most and current >= rule.current_least:
            return Fitness(None, pre_empts=rule.confirm)
    return Fitness(Obstacle.PRE_EMPTION_REFUSED)


def committed_to(unit: Unit) -> UnitStatus:
    """The status that counts: a unit that was sent and has not set out yet is as good as on its way."""
    return UnitStatus.EN_ROUTE if unit.assignment_id is not None and unit.status in _WITH_TIME else unit.status


def check_deployable(found: Fitness, *, confirmed: bool) -> None:
    """Raises Refused with the obstacle's reason, or PRE_EMPTION_UNCONFIRMED."""
    if found.obstacle is not None:
        raise Refused(found.obstacle.value, rule=_RULES[found.obstacle])
    if found.pre_empts and not confirmed:
        raise Refused("PRE_EMPTION_UNCONFIRMED", rule="taking the unit from what it does needs a dispatcher's word")
