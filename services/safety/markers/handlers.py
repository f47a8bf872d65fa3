"""What happens to warning markers. The only place that says so; both doors lead here."""

from dataclasses import dataclass
from uuid import UUID

from peel.safety.v1 import events_pb2 as events
from services.kernel.ids import new_id
from services.kernel.transaction import Transaction
from services.kernel.wire import stamp
from services.safety.markers import store, store_finding
from services.safety.markers.domain.finding import Way
from services.safety.markers.domain.likeness import LEAST, Asked, births_near, likeness
from services.safety.markers.domain.marker import Content, Marker, changed, made, revise, shown, told, withdraw
from services.safety.markers.domain.terms import MarkerSource, MarkerState
from services.safety.markers.messages import marker_message

MARKER_REVIEW_DUE = "MARKER_REVIEW_DUE"
MARKER_EXPIRED = "MARKER_EXPIRED"
INTELLIGENCE_UNIT = "intelligence unit"
FIREARMS_LICENSING = "firearms licensing"
# The ledger itself, as an aggregate of every force (events.proto).
_LEDGER = UUID(int=0)
_EVERY_FORCE = "*"


@dataclass(frozen=True, slots=True)
class ReviseMarker:
    marker_id: UUID
    version: int
    content: Content


@dataclass(frozen=True, slots=True)
class WithdrawMarker:
    marker_id: UUID
    explanation: str


@dataclass(frozen=True, slots=True)
class SearchMarkers:
    asked: Asked
    most: int


@dataclass(frozen=True, slots=True)
class ListSubjectMarkers:
    way: Way
    before: UUID | None
    limit: int


@dataclass(frozen=True, slots=True)
class Found:
    """A marker, as far as whoever asked may see it, and how alike it is, 0 to 1."""

    marker: Marker
    score: float


async def create_marker(content: Content, tx: Transaction) -> Marker:
    marker = made(new_id(), tx.caller.force, content, tx.caller.subject, tx.now)
    await store.keep(tx, [marker])
    begin(marker, tx)
    return shown(marker, tx.caller.roles)


async def revise_marker(command: ReviseMarker, tx: Transaction) -> Marker:
    before = await store.marker(tx, command.marker_id, lock=True)
    marker = revise(before, command.version, command.content, tx.caller.subject, tx.caller.roles, tx.now)
    await store.keep(tx, [marker])
    go_on(marker, tx)
    return shown(marker, tx.caller.roles)


async def withdraw_marker(command: WithdrawMarker, tx: Transaction) -> Marker:
    before = await store.marker(tx, command.marker_id, lock=True)
    marker = withdraw(before, command.explanation, tx.caller.subject, tx.caller.roles, tx.now)
    await store.keep(tx, [marker])
    end(marker, tx)
    return shown(marker, tx.caller.roles)


async def get_marker(marker_id: UUID, tx: Transaction) -> Marker:
    return shown(await store.marker(tx, marker_id), tx.caller.roles)


async def search_markers(command: SearchMarkers, tx: Transaction) -> list[Found]:
    """The markers that may be meant, the most alike first (R-SR-01)."""
    asked = command.asked
    subjects = await store_finding.candidates(tx, asked.ways, births_near(asked.date_of_birth))
    scores = {marker_id: likeness(asked, subject) for marker_id, subject in subjects.items()}
    best = sorted((one for one in scores if scores[one] >= LEAST), key=lambda one: (-scores[one], one))[: command.most]
    markers = await store.markers_by_id(tx, best)
    return [Found(shown(markers[one], tx.caller.roles), scores[one]) for one in best]


async def list_subject_markers(command: ListSubjectMarkers, tx: Transaction) -> list[Marker]:
    found = await store.markers_to(tx, command.way, command.before, command.limit)
    return [shown(marker, tx.caller.roles) for marker in found]


async def ask_for_review(clock: UUID, tx: Transaction) -> None:
    """Puts a marker whose review is due into its owner's tray, where it stays until it is revised or ends."""
    marker = await store.of_clock(tx, clock)
    if marker is not None and marker.state(tx.now) is MarkerState.ACTIVE and marker.content.review_due <= tx.now:
        await store.ask_for_review(tx, marker.id, tx.now)


async def expire_marker(clock: UUID, tx: Transaction) -> None:
    """Tells everybody that a marker expired. It is shown as expired from now on, never deleted (domain facts 4.3)."""
    marker = await store.of_clock(tx, clock)
    if marker is not None and marker.state(tx.now) is MarkerState.EXPIRED:
        expired = changed(marker, tx.caller.subject, tx.now)
        await store.keep(tx, [expired])
        _tell(events.MarkerRevised(marker=marker_message(told(expired), tx.now)), expired, tx)


async def confirm_ledger(tx: Transaction) -> None:
    """Tells how fresh whoever has read this is: all that was committed before is on the topic before it.

    The topic has one partition and the outbox one relay, which goes by the rows' order; this row is made last.
    """
    markers, as_of = await store.ledger_size(tx)
    event = events.MarkerLedgerConfirmed(marker_id=str(_LEDGER), as_of=stamp(as_of), markers=markers)
    tx.emit(event, force=_EVERY_FORCE, sequence=await tx.count_up("marker-ledger"))


def begin(marker: Marker, tx: Transaction) -> None:
    """What follows from a new marker: it is told, and its clocks start."""
    _start_clocks(marker, tx)
    _tell(events.MarkerCreated(marker=marker_message(told(marker), tx.now)), marker, tx)


def go_on(marker: Marker, tx: Transaction) -> None:
    """What follows from a revised marker: it is told, and its clocks start again."""
    _stop_clocks(marker, tx)
    _start_clocks(marker, tx)
    _tell(events.MarkerRevised(marker=marker_message(told(marker), tx.now)), marker, tx)


def end(marker: Marker, tx: Transaction) -> None:
    """What follows from a withdrawn marker: it is told, and its clocks stop."""
    _stop_clocks(marker, tx)
    _tell(events.MarkerWithdrawn(marker=marker_message(told(marker), tx.now)), marker, tx)


def _tell(
    event: events.MarkerCreated | events.MarkerRevised | events.MarkerWithdrawn, marker: Marker, tx: Transaction
) -> None:
    tx.emit(event, force=marker.force, sequence=marker.version)


def _start_clocks(marker: Marker, tx: Transaction) -> None:
    content = marker.content
    licensed = content.source is MarkerSource.FIREARMS_LICENSING
    owner = FIREARMS_LICENSING if licensed else INTELLIGENCE_UNIT
    tx.start_timer(MARKER_EXPIRED, marker.clock, due=content.expires_at, owner=owner, force=marker.force)
    # Due at the expiry, the review is the renewal.
    if content.review_due < content.expires_at:
        tx.start_timer(MARKER_REVIEW_DUE, marker.clock, due=content.review_due, owner=owner, force=marker.force)


def _stop_clocks(marker: Marker, tx: Transaction) -> None:
    """Those of the version before. One that strikes just now is not waited for: it finds this version, or none."""
    tx.cancel_timer(MARKER_REVIEW_DUE, marker.clock_before)
    tx.cancel_timer(MARKER_EXPIRED, marker.clock_before)
