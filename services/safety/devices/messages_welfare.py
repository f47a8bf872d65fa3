"""Welfare timers as the contract writes them, and what is asked and told of them."""

from datetime import datetime

from peel.safety.v1 import device_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.validation import Check
from services.kernel.wire import stamp
from services.safety.devices.domain.welfare import Welfare
from services.safety.devices.messages import radio_from

_LONGEST_MINUTES = 240


def welfare_message(welfare: Welfare) -> types.Welfare:
    """A timer as the contract writes it."""
    return types.Welfare(
        welfare_id=str(welfare.id),
        force=welfare.force,
        device_id=str(welfare.device_id),
        unit_id="" if welfare.unit_id is None else str(welfare.unit_id),
        started_at=stamp(welfare.started_at),
        warn_at=stamp(welfare.warn_at),
        due_at=stamp(welfare.due_at),
        ended=welfare.ended_at is not None,
        radio=welfare.radio,
        emergency_id="" if welfare.emergency_id is None else str(welfare.emergency_id),
    )


def start_from(request: api.StartWelfareTimerRequest, now: datetime) -> tuple[str, int]:
    """The radio and the minutes. Raises Invalid naming every field that breaks a rule, as all of these do."""
    check = Check(now)
    radio = radio_from(check, request.radio)
    if not 1 <= request.minutes <= _LONGEST_MINUTES:
        check.violation("minutes", f"must be between 1 and {_LONGEST_MINUTES}")
    check.done()
    return radio, request.minutes


def check_in_from(request: api.CheckInRequest, now: datetime) -> str:
    """The radio that somebody speaks through."""
    check = Check(now)
    radio = radio_from(check, request.radio)
    check.done()
    return radio
