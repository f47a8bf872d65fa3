"""Units as requests write them, every field checked, and as somebody is shown them."""

from datetime import datetime
from uuid import UUID

from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api
from services.dispatch.units.domain.units import looks_cleared
from services.dispatch.units.handlers import RegisterUnit
from services.kernel.caller import Caller
from services.kernel.validation import Check

_CALLSIGN = r"[A-Za-z0-9-]{2,16}"


def register_from(request: api.RegisterUnitRequest, unit_id: UUID, now: datetime) -> RegisterUnit:
    """Raises Invalid naming every field that breaks a rule."""
    check = Check(now)
    callsign = check.text("callsign", request.callsign, longest=16, required=True, pattern=_CALLSIGN)
    check.done()
    return RegisterUnit(unit_id, request.force, callsign)


def unit_seen_by(unit: types.Unit, caller: Caller) -> types.Unit:
    """What somebody is shown of a unit: to its own crew, duress looks as if the emergency were over (R-OS-06)."""
    if not (unit.duress and looks_cleared({one.officer_id for one in unit.crew}, caller.subject, caller.roles)):
        return unit
    seen = types.Unit()
    seen.CopyFrom(unit)
    for hidden in ("emergency", "emergency_id", "duress"):
        seen.ClearField(hidden)
    return seen
