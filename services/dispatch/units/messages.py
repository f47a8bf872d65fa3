"""Units as requests write them: the way in, which checks every field."""

from datetime import datetime
from uuid import UUID

from peel.dispatch.v1 import unit_api_pb2 as api
from services.dispatch.units.handlers import RegisterUnit
from services.kernel.validation import Check

_CALLSIGN = r"[A-Za-z0-9-]{2,16}"


def register_from(request: api.RegisterUnitRequest, unit_id: UUID, now: datetime) -> RegisterUnit:
    """Raises Invalid naming every field that breaks a rule."""
    check = Check(now)
    callsign = check.text("callsign", request.callsign, longest=16, required=True, pattern=_CALLSIGN)
    check.done()
    return RegisterUnit(unit_id, request.force, callsign)
