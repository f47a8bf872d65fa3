"""Markers in the ledger: history, clocks, trays, and what the other services are told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from peel.safety.v1 import events_pb2 as events
from peel.safety.v1 import types_pb2 as types
from services.kernel.caller import Caller
from services.kernel.errors import NotFound
from services.kernel.timers import TimerLoop
from services.kernel.transaction import Transaction
from services.kernel.wire import stamp
from services.safety.markers import handlers, store
from services.safety.markers.domain.finding import ways_to
from services.safety.markers.domain.marker import Content, Marker
from services.safety.markers.domain.terms import MarkerState
from services.safety.worker import reactions
from tests.integration.safety.ledger import Ledger, ledger
from tests.integration.services.waiting import until
from tests.unit.safety.markers.building import CONTACT_POINT, DAY, FORCE, GROUNDS, NOW, YEAR, content, refused

__all__ = ["ledger"]

ANALYST, SUPERVISOR, DISPATCHER = "ROLE_INTELLIGENCE", "ROLE_SUPERVISOR", "ROLE_DISPATCHER"
LATE = timedelta(days=90, seconds=1)


def made(ledger: Ledger, asked: Content | None = None) -> Marker:
    return ledger.handle(handlers.create_marker, asked or content(), ANALYST)


def revised(ledger: Ledger, marker: Marker, asked: Content) -> Marker:
    return ledger.handle(handlers.revise_marker, handlers.ReviseMarker(marker.id, marker.version, asked), ANALYST)


def withdrawn(ledger: Ledger, marker: Marker) -> Marker:
    return ledger.handle(handlers.withdraw_marker, handlers.WithdrawMarker(marker.id, "no longer true"), ANALYST)


def found(ledger: Ledger, marker: Marker, role: str = ANALYST) -> Marker:
    return ledger.handle(handlers.get_marker, marker.id, role)


def test_a_marker_comes_back_as_it_was_made(ledger: Ledger) -> None:
    marker = made(ledger)
    assert found(ledger, marker) == marker
    (told,) = ledger.told()
    assert isinstance(told, events.MarkerCreated)
    assert told.marker.grounds == GROUNDS
    assert told.marker.state == types.MARKER_STATE_ACTIVE


def test_another_forces_marker_is_not_there(ledger: Ledger) -> None:
    marker = made(ledger)
    with pytest.raises(NotFound):
        ledger.handle(handlers.get_marker, marker.id, ANALYST, force="greater-manchester")


def test_every_version_is_kept_and_told_in_order(ledger: Ledger) -> None:
    first = made(ledger)
    second = revised(ledger, first, content(code="WE"))
    third = withdrawn(ledger, second)
    assert [one.version for one in (first, second, third)] == [1, 2, 3]
    history = ledger.rows("select version, said->>'code' as code from marker_version order by version")
    assert [tuple(row) for row in history] == [(1, "FI"), (2, "WE"), (3, "WE")]
    assert [type(told).__name__ for told in ledger.told()] == ["MarkerCreated", "MarkerRevised", "MarkerWithdrawn"]
    assert [row["sequence"] for row in ledger.rows("select sequence from outbox order by id")] == [1, 2, 3]
    assert found(ledger, third) == third


def test_of_two_who_revise_the_same_version_the_second_looks_again(ledger: Ledger) -> None:
    marker = made(ledger)
    revised(ledger, marker, content(code="WE"))
    with refused("MARKER_CHANGED"):
        revised(ledger, marker, content(code="VI"))
    assert found(ledger, marker).content.code == "WE"


@pytest.mark.parametrize("change", ["update marker_version set version = 9", "delete from marker_version"])
def test_the_history_cannot_be_rewritten(ledger: Ledger, change: str) -> None:
    made(ledger)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        ledger.rows(change)


def test_the_database_itself_wants_grounds_and_an_end(ledger: Ledger) -> None:
    made(ledger)
    with pytest.raises(asyncpg.CheckViolationError):
        ledger.rows("update marker set grounds = ''")
    with pytest.raises(asyncpg.NotNullViolationError):
        ledger.rows("update marker set expires_at = null")


def test_a_review_that_is_due_waits_in_a_tray_until_it_is_done(ledger: Ledger) -> None:
    marker = made(ledger)
    tray = "safety.markers-to-review"
    ledger.clock.advance(LATE)
    ledger.fire()
    level = ledger.backlog(tray)
    assert (level.size, level.oldest_seconds) == (1, 1.0)
    assert level.backlog.owner == "intelligence unit"
    revised(ledger, marker, content(review_due=stamp(ledger.clock.now() + DAY)))
    assert ledger.backlog(tray).size == 0
    ledger.clock.advance(2 * DAY)
    ledger.fire()
    assert ledger.backlog(tray).size == 1


def test_an_expired_marker_is_told_as_expired_and_stays(ledger: Ledger) -> None:  # domain facts 4.3
    marker = made(ledger)
    ledger.clock.advance(YEAR - timedelta(seconds=1))
    ledger.fire()
    assert len(ledger.told()) == 1
    ledger.clock.advance(timedelta(seconds=2))
    ledger.fire()
    told = ledger.told()[-1]
    assert isinstance(told, events.MarkerRevised)
    assert (told.marker.state, told.marker.version) == (types.MARKER_STATE_EXPIRED, 2)
    assert told.marker.grounds == GROUNDS
    assert found(ledger, marker).state(ledger.clock.now()) is MarkerState.EXPIRED
    level = ledger.backlog("safety.markers-expired")
    assert (level.size, level.oldest_seconds) == (1, 1.0)
    assert ledger.backlog("safety.markers-to-review").size == 0


def test_a_renewed_marker_expires_again_and_once(ledger: Ledger) -> None:
    marker = made(ledger)
    ledger.clock.advance(YEAR - DAY)
    later = stamp(ledger.clock.now() + 30 * DAY)
    renewed = revised(ledger, marker, content(expires_at=later, review_due=later))
    ledger.clock.advance(2 * DAY)
    ledger.fire()
    assert found(ledger, marker) == renewed
    ledger.clock.advance(30 * DAY)
    ledger.fire()
    ledger.fire()
    assert [told.marker.state for told in ledger.told()] == [
        types.MARKER_STATE_ACTIVE,
        types.MARKER_STATE_ACTIVE,
        types.MARKER_STATE_EXPIRED,
    ]
    again = stamp(ledger.clock.now() + DAY)
    expired = found(ledger, marker)
    assert revised(ledger, expired, content(expires_at=again, review_due=again)).version == 4
    ledger.clock.advance(2 * DAY)
    ledger.fire()
    assert ledger.told()[-1].marker.state == types.MARKER_STATE_EXPIRED


def test_a_withdrawn_marker_has_no_clock(ledger: Ledger) -> None:
    withdrawn(ledger, made(ledger))
    ledger.clock.advance(2 * YEAR)
    ledger.fire()
    assert len(ledger.told()) == 2
    for name in ("markers-to-review", "markers-expired", "certificates-expired"):
        assert ledger.backlog(f"safety.{name}").size == 0


def test_a_restricted_marker_keeps_its_code_and_grounds_here(ledger: Ledger) -> None:  # domain facts 4.3
    marker = made(ledger, content(restricted=True, contact_point=CONTACT_POINT))
    (told,) = ledger.told()
    assert (told.marker.code, told.marker.grounds) == ("", "")
    assert told.marker.subject.family_name == "Ferrensby"
    assert (told.marker.restricted, told.marker.contact_point) == (True, CONTACT_POINT)
    payloads = b"".join(row["payload"] for row in ledger.rows("select payload from outbox"))
    assert GROUNDS.encode() not in payloads
    seen = found(ledger, marker, DISPATCHER)
    assert (seen.content.code, seen.content.grounds, seen.content.contact_point) == ("", "", CONTACT_POINT)
    assert found(ledger, marker).content.grounds == GROUNDS
    with refused("MARKER_RESTRICTED"):
        ledger.handle(handlers.withdraw_marker, handlers.WithdrawMarker(marker.id, "tidying"), SUPERVISOR)


def test_the_ledger_says_how_fresh_whoever_reads_it_is(ledger: Ledger) -> None:
    made(ledger)
    before = ledger.rows("select clock_timestamp() as now")[0]["now"]
    for _ in range(2):
        ledger.handle(lambda _, tx: handlers.confirm_ledger(tx), None, force="*")
    told = ledger.told()[1:]
    assert [UUID(one.marker_id).int for one in told] == [0, 0]
    assert [one.markers for one in told] == [1, 1]
    assert all(stamp(before).ToNanoseconds() <= one.as_of.ToNanoseconds() for one in told)
    rows = ledger.rows("select key, sequence from outbox where type like '%Confirmed' order by id")
    assert [tuple(row) for row in rows] == [(f"*/{UUID(int=0)}", 1), (f"*/{UUID(int=0)}", 2)]


def test_exactly_one_subjects_markers_are_listed_newest_first_by_pages(ledger: Ledger) -> None:
    markers = [made(ledger, content(code=code)) for code in ("FI", "WE", "VI")]
    withdrawn(ledger, markers[0])
    ways = {way.means: way for way in ways_to(content().subject) if way.born in ("", "1961-03-09")}
    for way in ways.values():
        first = ledger.handle(handlers.list_subject_markers, handlers.ListSubjectMarkers(way, None, 2), ANALYST)
        assert [one.id for one in first] == [markers[2].id, markers[1].id]
        rest = ledger.handle(handlers.list_subject_markers, handlers.ListSubjectMarkers(way, first[-1].id, 2), ANALYST)
        assert [one.id for one in rest] == [markers[0].id]
        assert rest[0].state(ledger.clock.now()) is MarkerState.WITHDRAWN


Change: TypeAlias = Callable[[Marker, Transaction], Awaitable[Marker]]


async def renew(marker: Marker, tx: Transaction) -> Marker:
    asked = content(expires_at=stamp(NOW + 3 * YEAR), review_due=stamp(NOW + 3 * YEAR))
    return await handlers.revise_marker(handlers.ReviseMarker(marker.id, marker.version, asked), tx)


async def withdraw(marker: Marker, tx: Transaction) -> Marker:
    return await handlers.withdraw_marker(handlers.WithdrawMarker(marker.id, "no longer true"), tx)


@pytest.mark.parametrize("change", [renew, withdraw])
@pytest.mark.parametrize("kind", ["MARKER_REVIEW_DUE", "MARKER_EXPIRED"])
def test_a_marker_is_changed_while_a_clock_of_it_strikes(ledger: Ledger, kind: str, change: Change) -> None:
    """What strikes waits for the change, and the change not for it: it is then of a version that is no more."""
    marker = made(ledger)
    ledger.clock.advance(2 * YEAR)
    loop = TimerLoop(ledger.settings, "safety", ledger.clock, ledger.work, reactions.firings)
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

    async def raced() -> None:
        (due,) = await ledger.pool.fetch("select id from timer where kind = $1", kind)
        async with ledger.work.begin(Caller("somebody", FORCE, frozenset({ANALYST}))) as tx:
            await store.marker(tx, marker.id, lock=True)
            striking = asyncio.create_task(loop._fire(due["id"]))
            await until(lambda: ledger.pool.fetchval(waiting), bool)
            await change(marker, tx)
        assert await striking

    ledger.run(raced())
    assert [told.marker.version for told in ledger.told()] == [1, 2]
    assert ledger.backlog("safety.markers-to-review").size == 0


def test_clocks_that_bear_the_id_of_their_marker_still_strike(ledger: Ledger) -> None:
    """They were started before each version had clocks of its own."""
    marker = made(ledger)
    ledger.rows("update timer set subject = $1 where kind in ('MARKER_REVIEW_DUE', 'MARKER_EXPIRED')", marker.id)
    ledger.rows("update marker set clock = null")
    ledger.clock.advance(LATE)
    ledger.fire()
    assert ledger.backlog("safety.markers-to-review").size == 1
    ledger.clock.advance(YEAR)
    ledger.fire()
    assert ledger.told()[-1].marker.state == types.MARKER_STATE_EXPIRED
