"""Units, crews and rules in few words, for the tests of dispatch. All people are invented."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dispatch.domain.records import CrewMember, Skill, Unit
from services.dispatch.domain.terms import DeviceTest, UnitStatus
from services.dispatch.reference.fleet import deployment_rules
from services.dispatch.reference.units import status_rules
from services.dispatch.units.domain.units import assign, book_on, register
from services.kernel.errors import PeelError

NOW = datetime(2018, 7, 4, 11, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TODAY = date(2018, 7, 4)
FORCE = "west-yorkshire"
UNIT_ID = UUID("0190a000-0000-7000-8000-00000000000a")
INCIDENT_ID = UUID("0190a000-0000-7000-8000-00000000000b")
ASSIGNMENT_ID = UUID("0190a000-0000-7000-8000-00000000000c")
EMERGENCY_ID = UUID("0190a000-0000-7000-8000-00000000000d")
OTHER_EMERGENCY_ID = UUID("0190a000-0000-7000-8000-00000000000e")
RADIO, OTHER_RADIO = "2340001", "2340002"
STATUS_RULES = status_rules(FORCE, TODAY)
DEPLOYMENT = deployment_rules(FORCE, TODAY)
NOBODY: frozenset[str] = frozenset()


def member(*skills: str, officer_id: str = "officer-1", until: date | None = None) -> CrewMember:
    """Somebody with these skills, which hold until then or for ever."""
    return CrewMember(officer_id, tuple(Skill(code, until) for code in skills))


def off_duty() -> Unit:
    """A unit that has just been registered."""
    return register(UNIT_ID, FORCE, "NW12", NOW - 60 * MINUTE)


def on_duty(*crew: CrewMember, **other: Any) -> Unit:
    """A unit whose radio passed its test and that may be sent; `other` fields as they are to be."""
    unit = book_on(off_duty(), crew or (member(),), (RADIO,), [RADIO], NOW + 480 * MINUTE, NOW - 30 * MINUTE)
    return replace(unit, **{"status": UnitStatus.ON_PATROL, **other})


def untested() -> Unit:
    """A unit whose radio has not been tested."""
    return on_duty(device_test=DeviceTest.WAITING)


def sent(urgency: int = 3, **other: Any) -> Unit:
    """A unit that is assigned to an incident."""
    return replace(assign(on_duty(), INCIDENT_ID, urgency, ASSIGNMENT_ID), **other)


@contextmanager
def refused(reason: str) -> Iterator[pytest.ExceptionInfo[PeelError]]:
    """Something that a rule forbids, for this reason."""
    with pytest.raises(PeelError) as caught:
        yield caught
    assert caught.value.reason == reason
