"""Rebuilds dispatch's replica of markers from officer safety's topic, while the service goes on.

The topic is compacted: it holds the newest event of every marker there ever was. What the replica lacks, holds older
or otherwise, or holds though the topic does not, is put right marker by marker, each in a transaction of its own, and
crews that were sent are told as of any other change.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from peel.safety.v1.events_pb2 import MarkerCreated, MarkerLedgerConfirmed, MarkerRevised, MarkerWithdrawn
from peel.safety.v1.types_pb2 import Marker as MarkerMessage
from services.dispatch.hazards import changed_markers
from services.dispatch.markers import store as marker_store
from services.dispatch.markers.messages import stored_marker
from services.kernel.caller import service_itself
from services.kernel.clock import open_clock
from services.kernel.contract import event_policy
from services.kernel.database import open_pool
from services.kernel.envelope import Envelope
from services.kernel.errors import OperatorFault
from services.kernel.kafka import scan
from services.kernel.settings import Settings
from services.kernel.transaction import UnitOfWork

_SERVICE = "dispatch"
_OF_A_MARKER = {kind.DESCRIPTOR.full_name: kind for kind in (MarkerCreated, MarkerRevised, MarkerWithdrawn)}
_CONFIRMED = MarkerLedgerConfirmed.DESCRIPTOR.full_name


@dataclass(frozen=True, slots=True)
class Held:
    """A marker as one side has it."""

    force: str
    version: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Topic:
    """What the topic holds: the newest of each marker, and how many officer safety last said there are."""

    markers: Mapping[UUID, Held]
    ledger_markers: int


@dataclass(frozen=True, slots=True)
class Differences:
    """Ids of the markers in which the replica differs from the topic. What is newer in the replica is no difference."""

    missing: frozenset[UUID]
    outdated: frozenset[UUID]
    different: frozenset[UUID]
    unknown: frozenset[UUID]

    @classmethod
    def between(cls, held: Mapping[UUID, Held], told: Mapping[UUID, Held]) -> "Differences":
        """What has to change for the replica to be what the topic tells."""
        both = held.keys() & told.keys()
        return cls(
            missing=frozenset(told.keys() - held.keys()),
            outdated=frozenset(one for one in both if held[one].version < told[one].version),
            different=frozenset(
                one for one in both if held[one].version == told[one].version and held[one].body != told[one].body
            ),
            unknown=frozenset(held.keys() - told.keys()),
        )


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many markers were held before and after, how many the topic has, and what differed."""

    before: int
    told: int
    after: int
    differences: Differences


async def rebuild_replica(settings: Settings) -> Rebuilt:
    """Puts the replica right.

    Raises OperatorFault where the topic holds fewer markers than officer safety says there are: then the topic is what
    is broken. Raises KafkaError or OSError where the broker or the database does not answer.
    """
    pool = await open_pool(settings, _SERVICE, size=2)
    try:
        work = UnitOfWork(pool, open_clock(settings))
        # Before the topic is read: what arrives meanwhile is then in neither, and is no difference.
        held = await _held(work)
        topic = await asyncio.to_thread(_read, settings)
        if len(topic.markers) < topic.ledger_markers:
            raise OperatorFault(
                f"the topic holds {len(topic.markers)} markers and officer safety's ledger {topic.ledger_markers}: "
                "nothing was changed"
            )
        differences = Differences.between(held, topic.markers)
        await _put_right(work, differences, held, topic.markers)
        return Rebuilt(len(held), len(topic.markers), len(await _held(work)), differences)
    finally:
        await pool.close()


async def _held(work: UnitOfWork) -> dict[UUID, Held]:
    async with work.begin(service_itself(_SERVICE)) as tx:
        rows = await marker_store.held_markers(tx)
    return {row["id"]: Held(row["force"], row["version"], row["body"]) for row in rows}


def _read(settings: Settings) -> Topic:
    newest: dict[UUID, Held] = {}
    ledger_markers = 0
    for record in scan(settings, event_policy(MarkerLedgerConfirmed.DESCRIPTOR).topic):
        envelope = Envelope.from_headers(record.headers, record.value)
        if envelope.type == _CONFIRMED:
            ledger_markers = MarkerLedgerConfirmed.FromString(envelope.payload).markers
        elif envelope.type in _OF_A_MARKER:
            marker: MarkerMessage = _OF_A_MARKER[envelope.type].FromString(envelope.payload).marker
            marker_id = UUID(marker.marker_id)
            if marker_id not in newest or newest[marker_id].version < marker.version:
                newest[marker_id] = Held(marker.force, marker.version, marker.SerializeToString())
    return Topic(newest, ledger_markers)


async def _put_right(
    work: UnitOfWork, differences: Differences, held: Mapping[UUID, Held], told: Mapping[UUID, Held]
) -> None:
    for marker_id in sorted(differences.missing | differences.outdated | differences.different):
        marker = stored_marker(told[marker_id].body)
        async with work.begin(service_itself(_SERVICE, marker.force)) as tx:
            if marker_id in differences.different:
                await changed_markers.replace_marker(marker, told[marker_id].body, tx)
            else:
                await changed_markers.apply_marker(marker, told[marker_id].body, tx)
    for marker_id in sorted(differences.unknown):
        wrong = held[marker_id]
        async with work.begin(service_itself(_SERVICE, wrong.force)) as tx:
            await changed_markers.drop_marker(marker_id, wrong.force, wrong.version, tx)
    async with work.begin(service_itself(_SERVICE)) as tx:
        await marker_store.recount(tx)
