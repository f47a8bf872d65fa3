"""Dispatch's replica of officer safety's markers, in the memory of each process that looks for them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from services.dispatch import metrics
from services.dispatch.markers import store
from services.dispatch.markers.domain import Concerns, Marker, MarkerIndex, Match
from services.dispatch.markers.messages import stored_marker
from services.dispatch.reference.short_forms import short_forms
from services.kernel.caller import service_itself
from services.kernel.database import TRANSIENT, Row
from services.kernel.pause import pause
from services.kernel.telemetry.logs import logger
from services.kernel.transaction import Transaction, UnitOfWork

_LOG = logger(__name__)
_PAGE = 2_000
# So that a look has little to read before it can begin, however long nobody has looked.
_WARM_SECONDS = 2.0


class MarkerReplica:
    """The markers of all forces in this process's memory: an index a force, caught up before each look.

    One thread changes and searches them, so neither waits for a lock and a search that takes too long costs the event
    loop nothing. It is never asked by a transaction that has changed markers itself: what rolls back is not forgotten
    here.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="markers")
        self._indexes: dict[str, MarkerIndex] = {}
        self._forces: dict[UUID, str] = {}
        # Those that could not be read, by force: what is found without them is not all.
        self._unread: dict[UUID, str] = {}
        # The last change that is in memory.
        self._read = 0

    async def catch_up(self, tx: Transaction) -> None:
        """Reads what has changed since the last time."""
        rows = await store.changed_since(tx, self._read, _PAGE)
        while rows:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._apply, rows)
            rows = await store.changed_since(tx, rows[-1]["changed"], _PAGE) if len(rows) == _PAGE else []

    @property
    def unread(self) -> int:
        """How many markers could not be read."""
        return len(self._unread)

    def lacks(self, force: str) -> bool:
        """Whether it could not read some of a force's markers, so that nothing that it finds is all there is."""
        return force in self._unread.values()

    async def find(self, force: str, concerns: Concerns, at: datetime) -> list[Match]:
        """The markers of a force that concern an incident, as of a moment."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._find, force, concerns, at)

    async def concerned(
        self, force: str, markers: Sequence[Marker], many: Mapping[UUID, Concerns], at: datetime
    ) -> tuple[dict[UUID, list[Match]], set[UUID]]:
        """Which of a force's incidents some of its markers concern, whether these are in memory yet or not.

        And the markers of which that cannot be said.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, _concerned, force, markers, many, at)

    def _apply(self, rows: Sequence[Row]) -> None:
        for row in rows:
            # Another look has read it meanwhile, and perhaps what came after it.
            if row["changed"] <= self._read:
                continue
            self._take(row)
            self._read = row["changed"]

    def _take(self, row: Row) -> None:
        self._unread.pop(row["id"], None)
        try:
            self._put(row)
        except Exception as error:  # noqa: BLE001 - one marker that cannot be read must not hide all that came after it
            note_unread(row["id"], error)
            self._unread[row["id"]] = row["force"]

    def _put(self, row: Row) -> None:
        # Before anything is taken out: what was known of one that cannot be read any more is told still.
        marker = None if row["gone"] else stored_marker(row["body"])
        before = self._forces.pop(row["id"], None)
        if before is not None:
            self._indexes[before].remove(row["id"])
        if marker is None:
            return
        if marker.force not in self._indexes:
            self._indexes[marker.force] = MarkerIndex(marker.force, short_forms=short_forms())
        self._indexes[marker.force].put(marker)
        self._forces[marker.id] = marker.force

    def _find(self, force: str, concerns: Concerns, at: datetime) -> list[Match]:
        index = self._indexes.get(force)
        return [] if index is None else index.find(concerns, at)


def _concerned(
    force: str, markers: Sequence[Marker], many: Mapping[UUID, Concerns], at: datetime
) -> tuple[dict[UUID, list[Match]], set[UUID]]:
    # Of these markers alone: among so few are few namesakes, so a name by itself may be called likely here that the
    # index of all calls possible. Crews are told too much rather than too little.
    index, unread = MarkerIndex(force, short_forms=short_forms()), set()
    for marker in markers:
        try:
            index.put(marker)
        except Exception as error:  # noqa: BLE001 - one marker that nobody can be found by must not hide all others
            note_unread(marker.id, error)
            unread.add(marker.id)
    every = {incident_id: index.find(concerns, at) for incident_id, concerns in many.items()}
    return {incident_id: matches for incident_id, matches in every.items() if matches}, unread


def note_unread(marker_id: UUID, error: Exception) -> None:
    """Says in the log that a marker cannot be read: which one, and nothing of what is in it."""
    _LOG.error("marker not read", marker=str(marker_id), error=type(error).__name__)


async def keep_warm(work: UnitOfWork, note: Callable[[str | None], None], stop: asyncio.Event) -> None:
    """Keeps this process's markers current until `stop` is set, and notes what is wrong until they have been read once.

    A process that has yet to read them should be sent no calls: its first looks would take too long.
    """
    note("are being read into memory")
    while not stop.is_set():
        try:
            async with work.begin(service_itself("dispatch")) as tx:
                replica = tx.kept(MarkerReplica)
                await replica.catch_up(tx)
                unread = replica.unread
                state = await store.replica_state(tx)
        except TRANSIENT as error:
            _LOG.warning("markers not read", error=type(error).__name__)
        else:
            note(None)
            metrics.UNREAD_MARKERS.set(unread)
            if state is not None:
                metrics.REPLICA_STALENESS.set(state.staleness_seconds)
        await pause(_WARM_SECONDS, stop)
