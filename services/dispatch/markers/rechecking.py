"""The clock on which markers are looked for again, because the last look failed or there is more to look for (I3)."""

from uuid import UUID

from services.dispatch.tasks import tray
from services.kernel.transaction import Transaction

HAZARD_RECHECK = "HAZARD_RECHECK"


def recheck(tx: Transaction, assignment_id: UUID, force: str) -> None:
    """Has the markers looked for again, at once."""
    tx.cancel_timer(HAZARD_RECHECK, assignment_id)
    tx.start_timer(HAZARD_RECHECK, assignment_id, due=tx.now, owner=tray.DISPATCHER, force=force)
