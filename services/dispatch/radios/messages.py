"""Radios, and the welfare of those who carry them, as officer safety tells of them."""

from uuid import UUID

from peel.safety.v1 import emergency_types_pb2 as safety
from peel.safety.v1 import events_pb2 as events
from services.dispatch.radios.handlers import RadioTest
from services.kernel.envelope import current_event
from services.kernel.wire import optional_moment


def radio_test_from(event: events.DeviceTested) -> RadioTest:
    """How a radio was tested."""
    told = event.device
    at = optional_moment(told, "tested_at") or current_event().time
    return RadioTest(told.force, told.radio, told.test_passed, at)


def unit_of(welfare: safety.Welfare) -> UUID | None:
    """Whose welfare it is; None where officer safety does not know the unit."""
    return UUID(welfare.unit_id) if welfare.unit_id else None
