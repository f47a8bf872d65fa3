"""The look for warning markers that concern an incident, without which nobody is sent (I3)."""

import asyncio
import time

from services.dispatch import metrics
from services.dispatch.domain.hazard_answer import Check
from services.dispatch.domain.limits import HAZARD_BUDGET
from services.dispatch.domain.records import Incident
from services.dispatch.domain.terms import NotCheckedReason
from services.dispatch.markers import store
from services.dispatch.markers.domain import Concerns
from services.dispatch.markers.domain.hazards import concerns_of, hazard_of, nothing_known
from services.dispatch.markers.replica import MarkerReplica
from services.dispatch.reference.limits import limits
from services.kernel.reference import local_date
from services.kernel.telemetry.logs import logger
from services.kernel.transaction import Transaction

_LOG = logger(__name__)


async def look_for_markers(tx: Transaction, incident: Incident) -> Check:
    """What is known of hazards at an incident, within 800 ms, and why it is not to be relied on, if it is not.

    Whatever goes wrong, the unit is sent and told so (domain facts 4.3): nothing that is raised here gets out, but for
    the loss of the database itself.
    """
    concerns = concerns_of(incident)
    if nothing_known(concerns):
        return Check(reason=NotCheckedReason.NOTHING_TO_CHECK)
    started = time.monotonic()
    # What fails in here must not spoil the transaction that the assignment is stored in.
    await tx.execute("savepoint look_for_markers")
    try:
        async with asyncio.timeout(HAZARD_BUDGET.total_seconds()):
            check = await _look(tx, incident.force, concerns)
    except TimeoutError:
        check = Check(reason=NotCheckedReason.TIMED_OUT)
        await tx.execute("rollback to savepoint look_for_markers")
    except Exception as error:  # noqa: BLE001 - a fault of the look must not keep a unit from being sent
        _LOG.error("markers not looked for", exc_info=error)
        check = Check(reason=NotCheckedReason.FAILED)
        await tx.execute("rollback to savepoint look_for_markers")
    metrics.HAZARD_SECONDS.observe(time.monotonic() - started)
    return check


async def _look(tx: Transaction, force: str, concerns: Concerns) -> Check:
    await store.look_together(tx, force)
    state = await store.replica_state(tx)
    if state is None:
        return Check(reason=NotCheckedReason.REPLICA_MISSING)
    replica = tx.kept(MarkerReplica)
    await replica.catch_up(tx)
    today = local_date(tx.now)
    found = await replica.find(force, concerns, tx.now)
    reason = NotCheckedReason.UNSPECIFIED
    if state.missing or replica.lacks(force):
        reason = NotCheckedReason.REPLICA_MISSING
    elif state.staleness_seconds > limits(force, today).marker_staleness.total_seconds():
        reason = NotCheckedReason.REPLICA_STALE
    return Check(tuple(map(hazard_of, found)), state.staleness_seconds, reason)
