"""How long a control room waits, as the force gives it. A table that breaks its own rules raises an error."""

from datetime import date, timedelta
from functools import cache

from services.dispatch.domain.limits import Limits
from services.dispatch.reference import lines


@cache
def limits(force: str, on: date) -> Limits:
    """How long the control room waits before somebody has to do something."""
    seconds = {line["limit"]: timedelta(seconds=float(line["seconds"])) for line in lines("limits", force, on)}
    return Limits(**seconds)
