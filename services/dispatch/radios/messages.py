"""Radios, and the welfare of those who carry them, as officer safety tells of them."""

from uuid import UUID

from peel.safety.v1 import emergency_types_pb2 as safety
from peel.safety.v1 import events_pb2 as events
from services.dispatch.radios.handlers import RadioPath, RadioTest, WelfareTime
from services.kernel.envelope import current_event
from services.kernel.wire import optional_moment


def radio_test_from(event: events.DeviceTested) -> RadioTest:
    """How a radio was tested."""
    told = event.device
    at = optional_moment(told, "tested_at") or current_event().time
    return RadioTest(told.force, told.radio, told.test_passed, at)


def welfare_from(told: safety.Welfare) -> WelfareTime:
    """Somebody's welfare time."""
    unit_id = UUID(told.unit_id) if told.unit_id else None
    return WelfareTime(UUID(told.welfare_id), told.force, unit_id, told.radio, emergency=bool(told.emergency_id))


def path_from(event: events.RadioPathChanged) -> RadioPath:
    """The way from a force's radios."""
    return RadioPath(UUID(event.path.path_id), event.path.force, event.path.silent)
