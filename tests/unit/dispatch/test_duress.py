"""Under duress an emergency looks over to whoever may be forced to show it, and to nobody who could help (R-OS-06)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from peel.dispatch.v1 import types_pb2 as types
from services.dispatch.board.views import UnitView
from services.dispatch.units.messages import unit_seen_by
from services.kernel.caller import Caller

NOW = datetime(2026, 11, 25, tzinfo=UTC)
UNIT = UUID(int=1)


def a_unit(*, duress: bool = True) -> types.Unit:
    crew = [types.CrewMember(officer_id="officer-1")]
    return types.Unit(unit_id=str(UNIT), callsign="BD12", emergency=True, emergency_id="e", duress=duress, crew=crew)


def somebody(subject: str, *roles: str) -> Caller:
    return Caller(subject, "west-yorkshire", frozenset(roles))


@pytest.mark.parametrize(
    "caller",
    [
        somebody("officer-1", "ROLE_OFFICER"),
        # What a gateway is told is on the crew's terminal next.
        somebody("gateway", "ROLE_RADIO_GATEWAY"),
    ],
)
def test_the_crew_sees_it_cleared(caller: Caller) -> None:
    cleared = types.Unit(unit_id=str(UNIT), callsign="BD12", crew=a_unit().crew)
    assert unit_seen_by(a_unit(), caller) == cleared
    told = UnitView(caller, UNIT).tell(types.BoardChange(sequence=7, unit=a_unit()))
    assert (told.unit, told.sequence) == (cleared, 7)
    # Without the duress code they see what everybody sees.
    assert unit_seen_by(a_unit(duress=False), caller).emergency


@pytest.mark.parametrize(
    "caller",
    [
        somebody("dispatcher-1", "ROLE_DISPATCHER"),
        somebody("supervisor-1", "ROLE_SUPERVISOR"),
        somebody("officer-1", "ROLE_OFFICER", "ROLE_SUPERVISOR"),
        somebody("officer-2", "ROLE_OFFICER"),
    ],
)
def test_whoever_could_help_sees_it(caller: Caller) -> None:
    assert unit_seen_by(a_unit(), caller) == a_unit()
