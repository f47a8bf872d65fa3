"""Units: registered once, on duty by shifts, tested before they are sent (R-OS-07), and under their emergencies."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.records import CrewMember, Unit
from services.dispatch.domain.terms import DeviceTest, UnitStatus
from services.dispatch.units.domain.status import ON_AN_INCIDENT
from services.kernel.errors import Refused

_FOR_ANY_UNIT = frozenset({"ROLE_DISPATCHER", "ROLE_SUPERVISOR", "ROLE_RADIO_GATEWAY", "ROLE_AUDITOR"})

# Who is to know of an emergency, whatever its crew had to say.
_HELPERS = _FOR_ANY_UNIT - {"ROLE_RADIO_GATEWAY"}


def register(unit_id: UUID, force: str, callsign: str, at: datetime) -> Unit:
    """A new unit, off duty."""
    return Unit(unit_id, force, callsign, UnitStatus.OFF_DUTY, at)


def book_on(
    unit: Unit,
    crew: tuple[CrewMember, ...],
    radios: tuple[str, ...],
    passed: Collection[str],
    shift_ends_at: datetime,
    at: datetime,
) -> Unit:
    """The unit on duty. It waits for the test of its radios, but for those that have just `passed`.

    Raises Refused(UNIT_ON_DUTY).
    """
    if unit.status is not UnitStatus.OFF_DUTY:
        raise Refused("UNIT_ON_DUTY", rule="the unit has a crew; it is booked off before another comes on")
    return replace(
        unit,
        status=UnitStatus.ON_DUTY,
        status_since=at,
        crew=crew,
        radios=radios,
        device_test=DeviceTest.PASSED if set(radios) <= set(passed) else DeviceTest.WAITING,
        shift_ends_at=shift_ends_at,
        last_message=UnitStatus.UNSPECIFIED,
        last_message_at=None,
        sequence=unit.sequence + 1,
    )


def book_off(unit: Unit, at: datetime, *, looks_cleared: bool = False) -> Unit:
    """The unit off duty, without crew or radios. Its emergencies stay open.

    Raises Refused: UNIT_OFF_DUTY, UNIT_COMMITTED while it is assigned, UNIT_IN_EMERGENCY while an emergency is open. To
    whom it `looks_cleared`, a refusal must not say that it is not: an emergency under duress refuses them nothing.
    """
    must_be_on_duty(unit)
    if unit.emergencies and not (unit.duress and looks_cleared):
        raise Refused("UNIT_IN_EMERGENCY", rule="nobody goes off duty while an emergency of theirs is open")
    if unit.assignment_id is not None:
        raise Refused("UNIT_COMMITTED", rule="the unit is on an incident; stand it down or result the incident first")
    return replace(
        unit,
        status=UnitStatus.OFF_DUTY,
        status_since=at,
        crew=(),
        radios=(),
        device_test=DeviceTest.UNSPECIFIED,
        shift_ends_at=None,
        sequence=unit.sequence + 1,
    )


def must_be_on_duty(unit: Unit) -> None:
    """Raises Refused(UNIT_OFF_DUTY)."""
    if unit.status is UnitStatus.OFF_DUTY:
        raise Refused("UNIT_OFF_DUTY", rule="the unit is off duty")


def must_be_crew(unit: Unit, subject: str) -> None:
    """Raises Refused(NOT_OF_THE_CREW) for somebody who is not of the unit's crew."""
    if subject not in unit.officers:
        raise not_of_the_crew()


def for_any_unit(roles: Collection[str]) -> bool:
    """Whether whoever holds these roles acts for any unit of the force, and not for their own crew's only."""
    return not _FOR_ANY_UNIT.isdisjoint(roles)


def not_of_the_crew() -> Refused:
    """What an officer is told who acts for, or looks at, another crew's unit."""
    return Refused("NOT_OF_THE_CREW", rule="an officer does this for the unit of their own crew", permission=True)


def note_test(unit: Unit, passed: Collection[str], *, failed: bool) -> Unit:
    """The unit after a test of one of its radios, where `passed` are those whose last test passed (R-OS-07).

    It has passed when all of its radios have. What a supervisor overrode stays so until then.
    """
    if set(unit.radios) <= set(passed):
        return replace(unit, device_test=DeviceTest.PASSED)
    if unit.device_test is DeviceTest.OVERRIDDEN:
        return unit
    return replace(unit, device_test=DeviceTest.FAILED if failed else DeviceTest.WAITING)


def override_test(unit: Unit) -> Unit:
    """The unit, allowed to work without a passed test.

    Raises Refused: UNIT_OFF_DUTY, DEVICE_TEST_PASSED where there is nothing to override.
    """
    must_be_on_duty(unit)
    if unit.device_test is DeviceTest.PASSED:
        raise Refused("DEVICE_TEST_PASSED", rule="its radios passed their test")
    return replace(unit, device_test=DeviceTest.OVERRIDDEN)


def raise_emergency(unit: Unit, emergency_id: UUID, *, duress: bool = False) -> Unit:
    """The unit with status 0 over its status. The same again changes nothing, but that the duress code was given."""
    emergencies = _with(unit.emergencies, emergency_id)
    under_duress = _with(unit.duress, emergency_id) if duress else unit.duress
    if (emergencies, under_duress) == (unit.emergencies, unit.duress):
        return unit
    return replace(unit, emergencies=emergencies, duress=under_duress, sequence=unit.sequence + 1)


def _with(emergencies: tuple[UUID, ...], one: UUID) -> tuple[UUID, ...]:
    return emergencies if one in emergencies else (*emergencies, one)


def clear_emergency(unit: Unit, emergency_id: UUID) -> Unit:
    """The unit without that emergency. Status 0 goes with the last one, and what lay under it is seen again."""
    if emergency_id not in unit.emergencies:
        return unit
    left, duress = (tuple(one for one in of if one != emergency_id) for of in (unit.emergencies, unit.duress))
    return replace(unit, emergencies=left, duress=duress, sequence=unit.sequence + 1)


def looks_cleared(crew: Collection[str], subject: str, roles: Collection[str]) -> bool:
    """Whether somebody must not see that a unit under duress is in an emergency: its own crew, beside whom somebody may
    stand, and the gateway that their terminals are told by (R-OS-06). Whoever helps them always sees it."""
    return _HELPERS.isdisjoint(roles) and (subject in crew or "ROLE_RADIO_GATEWAY" in roles)


def assign(unit: Unit, incident_id: UUID, urgency: int, assignment_id: UUID) -> Unit:
    """The unit, sent to an incident. Its status is its crew's to set."""
    return replace(unit, incident_id=incident_id, incident_urgency=urgency, assignment_id=assignment_id)


def release(unit: Unit, at: datetime) -> Unit:
    """The unit, sent to nothing. On its way or at the scene until now, it is on patrol again."""
    free = replace(unit, incident_id=None, incident_urgency=0, assignment_id=None)
    if unit.status not in ON_AN_INCIDENT:
        return free
    since = max(at, unit.status_since)
    return replace(free, status=UnitStatus.ON_PATROL, status_since=since, sequence=unit.sequence + 1)
