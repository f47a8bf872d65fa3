"""What happens when officer safety tells of its markers: the replica learns, and crews that were sent are told (I3)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5
from weakref import WeakKeyDictionary

from services.dispatch import metrics
from services.dispatch.assignments import store as assignment_store
from services.dispatch.assignments import warning
from services.dispatch.domain import hazard_answer
from services.dispatch.domain.terms import NotCheckedReason
from services.dispatch.incidents import store as incident_store
from services.dispatch.markers import store as marker_store
from services.dispatch.markers.domain import Marker
from services.dispatch.markers.domain.hazards import concerns_of, hazard_of
from services.dispatch.markers.messages import stored_marker
from services.dispatch.markers.rechecking import recheck
from services.dispatch.markers.replica import MarkerReplica, note_unread
from services.dispatch.reference.limits import limits
from services.dispatch.tasks import tray
from services.kernel.database import Row
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction

MARKERS_CHANGED = "MARKERS_CHANGED"
# Forces have no id of their own: the subject of a force's timer is made of its name.
_FORCES = UUID("6f1d0c55-6d0b-5b0e-9e0a-0d5f7a3f4c11")
# Crews are told of so many markers in the transaction that brings them. More at once are a register that is imported:
# all of them are looked through together, right after.
_FEW = 5
# Looked through in one transaction.
_MANY = 2_000


class Pace:
    """How many markers each transaction in hand has brought."""

    def __init__(self) -> None:
        self._brought: WeakKeyDictionary[Transaction, int] = WeakKeyDictionary()

    def few(self, tx: Transaction) -> bool:
        """Counts one more, and says whether these are still few."""
        self._brought[tx] = self._brought.get(tx, 0) + 1
        return self._brought[tx] <= _FEW


async def apply_marker(marker: Marker, body: bytes, tx: Transaction) -> bool:
    """Takes what officer safety says of a marker now, unless that or something newer is known; returns whether.

    Crews that have been sent where it matters are told in this transaction, and of many markers in one that follows at
    once: created, revised and withdrawn alike.
    """
    if not await marker_store.keep_marker(tx, marker.id, marker.force, marker.version, body):
        return False
    await marker_store.write_alone(tx, marker.force)
    if tx.kept(Pace).few(tx):
        await _tell_crews(marker.force, {marker.id: marker.version}, [marker], tx)
    else:
        _tell_later(marker.force, tx)
    return True


async def replace_marker(marker: Marker, body: bytes, tx: Transaction) -> None:
    """Takes a marker as officer safety told of it in place of what is held of the same version."""
    await marker_store.replace_marker(tx, marker.id, marker.force, marker.version, body)
    await marker_store.write_alone(tx, marker.force)
    await _tell_crews(marker.force, {marker.id: marker.version}, [marker], tx)


async def drop_marker(marker_id: UUID, force: str, version: int, tx: Transaction) -> None:
    """A marker that is held is none of officer safety's: crews that were warned by it are told so."""
    await marker_store.drop_marker(tx, marker_id, force, version)
    await marker_store.write_alone(tx, force)
    await _tell_crews(force, {marker_id: version}, [], tx)


def _tell_later(force: str, tx: Transaction) -> None:
    subject = uuid5(_FORCES, force)
    tx.start_timer(MARKERS_CHANGED, subject, due=tx.now, owner=tray.SUPERVISOR, force=force)


async def tell_of_many(force: str, tx: Transaction) -> None:
    """Tells crews of all markers that have changed since this was done last, however they came.

    One that cannot be read keeps no word of the others from them; of itself they are told that not all is checked.
    """
    rows = await marker_store.untold(tx, force, _MANY)
    if rows:
        markers, unread = _read(rows)
        await _tell_crews(force, {row["id"]: row["version"] for row in rows}, markers, tx, unread)
        await marker_store.keep_told(tx, force, rows[-1]["changed"])
    if len(rows) == _MANY:
        _tell_later(force, tx)


def _read(rows: Sequence[Row]) -> tuple[list[Marker], set[UUID]]:
    """The markers that there still are, and the ids of those that cannot be read."""
    markers, unread = [], set()
    for row in rows:
        if row["gone"]:
            continue
        try:
            markers.append(stored_marker(row["body"]))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, crews hear of all others
            note_unread(row["id"], error)
            unread.add(row["id"])
    return markers, unread


async def _tell_crews(
    force: str,
    changed: Mapping[UUID, int],
    markers: Sequence[Marker],
    tx: Transaction,
    unread: Collection[UUID] = (),
) -> None:
    """Tells the crews at incidents that changed markers concern, and those that were warned by one of them before.

    `changed` is their versions by id, `markers` those of them that there still are, `unread` those of which nobody can
    say whom they concern.
    """
    concerns = {one.id: concerns_of(one) for one in await incident_store.with_units(tx, force)}
    if not concerns:
        return
    found, unfound = await tx.kept(MarkerReplica).concerned(force, markers, concerns, tx.now)
    if unread or unfound:
        # Nor does what a crew was told by one of them before lapse: nobody knows that it does not stand.
        changed = {one: version for one, version in changed.items() if one not in unread and one not in unfound}
        await _look_again(force, len(unread) + len(unfound), tx)
    state = await marker_store.replica_state(tx)
    staleness = 0.0 if state is None else state.staleness_seconds
    crews = await assignment_store.open_concerned(tx, force, list(found), list(changed))
    # Of what has changed again until the crews' rows were locked, whoever changed it tells or has told.
    still = [one for one, version in (await marker_store.versions(tx, changed)).items() if version == changed[one]]
    for assignment in crews:
        matches = {match.marker.id: hazard_of(match) for match in found.get(assignment.incident_id, ())}
        now = {marker_id: matches.get(marker_id) for marker_id in still}
        answer = hazard_answer.markers_changed(assignment.hazard, now, staleness, tx.now)
        if answer is not None:
            await warning.tell(tx, assignment, answer, "marker")


async def _look_again(force: str, unread: int, tx: Transaction) -> None:
    """Whoever is sent anywhere may be concerned: their next look finds that a marker is lacking, and tells them so."""
    metrics.CHANGED_MARKERS_UNREAD.inc(unread)
    for assignment_id in await assignment_store.open_of(tx, force):
        recheck(tx, assignment_id, force)


async def confirm_ledger(as_of: datetime, markers: int, tx: Transaction) -> None:
    """All that officer safety had changed until then has been read here. Whoever was sent unchecked is checked now."""
    await marker_store.confirm(tx, as_of, markers)
    state = await marker_store.replica_state(tx)
    if state is None or state.missing:
        return
    for row in await marker_store.unchecked(tx, NotCheckedReason.NOTHING_TO_CHECK):
        if state.staleness_seconds <= limits(row["force"], local_date(tx.now)).marker_staleness.total_seconds():
            recheck(tx, row["id"], row["force"])
