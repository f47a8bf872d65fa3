"""Dispatch's replica of officer safety's markers, and the look for those that concern an incident."""

from services.dispatch import store_markers
from services.dispatch.domain.hazard_answer import Check
from services.dispatch.domain.records import Incident
from services.dispatch.domain.terms import NotCheckedReason
from services.kernel.transaction import Transaction


async def look_for_markers(tx: Transaction, incident: Incident) -> Check:  # noqa: ARG001 - until an index is kept
    """What is known of hazards at an incident, within 800 ms, and why it is not to be relied on, if it is not."""
    state = await store_markers.replica_state(tx)
    if state is None:
        return Check(reason=NotCheckedReason.REPLICA_MISSING)
    return Check(reason=NotCheckedReason.FAILED, staleness_seconds=state.staleness_seconds)
