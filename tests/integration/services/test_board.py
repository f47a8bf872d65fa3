"""The board as it changes: snapshot, changes in order, resuming, slow consoles, other forces."""

import threading
from collections.abc import Callable, Iterator

import grpc
import pytest

from deploy.local.postgres import LocalPostgres
from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as unit_api
from peel.dispatch.v1.api_pb2_grpc import DispatchServiceStub
from tests.integration.services.incidents import graded, resulting, sent, sharing
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.units import booking_on, kept, on_patrol, position, registered, request_id, status
from tests.integration.services.watching import Watched, watching

Reply = api.WatchBoardResponse
# Together more than a stream that nobody reads can hold on its way.
ROUNDS, SOME = 30, 400


def ends(reply: Reply) -> bool:
    return reply.snapshot_ends


def at(sequence: int) -> Callable[[Reply], bool]:
    """The change of that number."""
    return lambda reply: reply.change.sequence == sequence


def narrow_channel(running: Running) -> grpc.Channel:
    """A connection that holds little on its way, and does not learn to hold more."""
    credentials = grpc.ssl_channel_credentials(running.authority.ca.read_bytes())
    return grpc.secure_channel(running.addresses["dispatch"], credentials, [("grpc.http2.bdp_probe", 0)])


def asking(force: str, after: int = 0) -> api.WatchBoardRequest:
    return api.WatchBoardRequest(force=force, after_sequence=after)


def begun(board: Watched[Reply]) -> list[Reply]:
    """The snapshot that a stream begins with, without its first and last word."""
    first, *shown, _ = board.until(ends)
    assert first.snapshot_begins
    return shown


def fill(running: Running, force: str, unit_id: str, changes: int) -> None:
    """Puts many changes on a board at once, as a busy night would."""
    body = types.BoardChange(unit=types.Unit(unit_id=unit_id, force=force)).SerializeToString()
    running.rows(
        "dispatch",
        "insert into board_change (force, at, kind, unit_id, body) "
        "select $1, now(), 'unit', $2, $3 from generate_series(1, $4)",
        force,
        unit_id,
        body,
        changes,
    )


def test_a_console_is_shown_the_board_and_then_every_change(running: Running, force: str) -> None:
    unit, dispatcher = on_patrol(running, force), running.person("dispatcher", force=force)
    with watching(dispatcher, running.dispatch.WatchBoard, asking(force)) as board:
        (shown,) = begun(board)
        assert (shown.change.unit.unit_id, shown.change.sequence) == (unit.unit_id, 4)
        for code in (3, 13, 2):
            dispatcher.ask(running.units.SetUnitStatus, status(unit.unit_id, code))
        changes = board.until(lambda reply: reply.change.sequence == 7)
    assert [reply.change.sequence for reply in changes] == [5, 6, 7]
    assert [reply.change.unit.status for reply in changes] == [3, 3, 2]
    assert changes[1].change.unit.last_message == types.UNIT_STATUS_CALL_BACK


def test_a_console_that_comes_back_is_sent_what_it_missed(running: Running, force: str) -> None:
    unit, dispatcher = on_patrol(running, force), running.person("dispatcher", force=force)
    with watching(dispatcher, running.dispatch.WatchBoard, asking(force)) as board:
        begun(board)
    for code in (3, 2, 3):
        dispatcher.ask(running.units.SetUnitStatus, status(unit.unit_id, code))
    with watching(dispatcher, running.dispatch.WatchBoard, asking(force, after=5)) as board:
        missed = board.until(lambda reply: reply.change.sequence == 7)
        assert [reply.change.sequence for reply in missed] == [6, 7]
        dispatcher.ask(running.units.SetUnitStatus, status(unit.unit_id, 2))
        assert [one.change.sequence for one in board.until(lambda _: True)] == [8]


@pytest.mark.parametrize("after", [1, 1_000])
def test_a_console_that_was_away_too_long_or_elsewhere_begins_anew(running: Running, force: str, after: int) -> None:
    dispatcher = running.person("dispatcher", force=force)
    unit = on_patrol(running, force)
    running.rows("dispatch", "delete from board_change where force = $1 and sequence < 3", force)
    with watching(dispatcher, running.dispatch.WatchBoard, asking(force, after)) as board:
        (shown,) = begun(board)
    assert shown.change.unit.unit_id == unit.unit_id


def test_a_slow_console_begins_anew_and_slows_no_other(running: Running, force: str) -> None:
    unit, dispatcher = on_patrol(running, force), running.person("dispatcher", force=force)
    with (
        narrow_channel(running) as narrow,
        watching(dispatcher, DispatchServiceStub(narrow).WatchBoard, asking(force)) as slow,
        watching(dispatcher, running.dispatch.WatchBoard, asking(force)) as quick,
    ):
        begun(slow)
        begun(quick)
        last = 4
        for _ in range(ROUNDS):
            fill(running, force, unit.unit_id, SOME)
            last += SOME
            heard = quick.until(at(last))
            assert [reply.change.sequence for reply in heard] == list(range(last - SOME + 1, last + 1))
        late = slow.until(at(last))
    numbers = [reply.change.sequence for reply in late if reply.change.sequence]
    assert any(reply.snapshot_begins for reply in late)
    assert len(numbers) < ROUNDS * SOME
    assert numbers == sorted(numbers)


def test_nothing_on_one_forces_board_is_seen_on_anothers(running: Running, force: str) -> None:
    other = running.invented_force()
    stranger, dispatcher = running.person("dispatcher", force=other), running.person("dispatcher", force=force)
    refusal = stranger.refused(running.dispatch.WatchBoard, asking(force))
    assert refusal.told == (grpc.StatusCode.PERMISSION_DENIED, "FORCE_MISMATCH")
    with watching(stranger, running.dispatch.WatchBoard, asking(other)) as board:
        assert begun(board) == []
        unit = on_patrol(running, force)
        dispatcher.ask(running.units.SetUnitStatus, status(unit.unit_id, 3))
        own = registered(running, other)
        (only,) = board.until(lambda _: True)
    assert (only.change.unit.unit_id, only.change.sequence) == (own, 1)


def test_a_console_hears_that_nothing_happens(running: Running, force: str) -> None:
    with watching(running.person("dispatcher", force=force), running.dispatch.WatchBoard, asking(force)) as board:
        begun(board)
        (beat,) = board.until(lambda _: True)
    assert beat == Reply(heartbeat=True)


def test_a_terminal_is_told_of_its_own_unit_only(running: Running, force: str) -> None:
    own, other = on_patrol(running, force), on_patrol(running, force)
    officer = running.person("officer", force=force)
    request = unit_api.WatchUnitRequest(unit_id=own.unit_id)
    with watching(officer, running.units.WatchUnit, request) as terminal:
        first, shown, last = terminal.until(lambda reply: reply.snapshot_ends)
        assert (first.snapshot_begins, shown.unit, last.snapshot_ends) == (True, own, True)
        for unit in (other, own):
            officer.ask(running.units.SetUnitStatus, status(unit.unit_id, 3))
        (change,) = terminal.until(lambda _: True)
    assert (change.unit.unit_id, change.unit.status, change.sequence) == (own.unit_id, 3, 10)


def test_a_terminal_that_comes_back_is_sent_what_it_missed(running: Running, force: str) -> None:
    own, other = on_patrol(running, force), on_patrol(running, force)
    officer = running.person("officer", force=force)
    for unit in (own, other, own):
        officer.ask(running.units.SetUnitStatus, status(unit.unit_id, 13))
    request = unit_api.WatchUnitRequest(unit_id=own.unit_id, after_sequence=9)
    with watching(officer, running.units.WatchUnit, request) as terminal:
        (missed,) = terminal.until(lambda _: True)
    assert missed.sequence == 11


def test_a_terminal_goes_dark_when_its_crew_goes_off_duty(running: Running, force: str) -> None:
    unit, officer = on_patrol(running, force), running.person("officer", force=force)
    request = unit_api.WatchUnitRequest(unit_id=unit.unit_id)
    with watching(officer, running.units.WatchUnit, request) as terminal:
        terminal.until(lambda reply: reply.snapshot_ends)
        off = unit_api.BookOffRequest(request_id=request_id(), unit_id=unit.unit_id)
        officer.ask(running.units.BookOff, off)
        assert terminal.error() is grpc.StatusCode.PERMISSION_DENIED
    refusal = officer.refused(running.units.WatchUnit, request)
    assert refusal.told == (grpc.StatusCode.PERMISSION_DENIED, "NOT_OF_THE_CREW")


def test_a_new_crew_is_told_nothing_of_the_one_before(running: Running, force: str) -> None:
    unit_id = registered(running, force)
    dispatcher, officer = running.person("dispatcher", force=force), running.person("officer", force=force)
    dispatcher.ask(running.units.BookOn, booking_on(running, unit_id, officer="somebody-else"))
    dispatcher.ask(running.units.BookOff, unit_api.BookOffRequest(request_id=request_id(), unit_id=unit_id))
    dispatcher.ask(running.units.BookOn, booking_on(running, unit_id))
    request = unit_api.WatchUnitRequest(unit_id=unit_id, after_sequence=1)
    with watching(officer, running.units.WatchUnit, request) as terminal:
        first, shown, _ = terminal.until(lambda reply: reply.snapshot_ends)
    assert first.snapshot_begins
    assert [member.officer_id for member in shown.unit.crew] == ["test-officer"]


def test_another_forces_unit_is_not_watched(running: Running, force: str) -> None:
    unit = on_patrol(running, running.invented_force())
    gateway = running.person("radio_gateway", force=force)
    refusal = gateway.refused(running.units.WatchUnit, unit_api.WatchUnitRequest(unit_id=unit.unit_id))
    assert refusal.told == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


def test_a_terminal_is_told_where_to_go_and_what_to_know(running: Running) -> None:  # I3, R-MK-02
    unit, officer = on_patrol(running, SHARED_FORCE), running.person("officer")
    request = unit_api.WatchUnitRequest(unit_id=unit.unit_id)
    incident_id = graded(running, "1")
    with watching(officer, running.units.WatchUnit, request) as terminal:
        terminal.until(lambda reply: reply.snapshot_ends)
        assignment = sent(running, incident_id, unit.unit_id)
        *_, told = terminal.until(lambda reply: reply.HasField("assignment"))
        assert (told.assignment.incident_id, told.assignment.hazard) == (incident_id, assignment.hazard)
        assert told.acknowledge_hazard == assignment.acknowledge_hazard
        officer.ask(running.units.SetUnitStatus, status(unit.unit_id, 15))
        *_, told = terminal.until(lambda reply: reply.assignment.state == types.ASSIGNMENT_STATE_ACKNOWLEDGED)
    with watching(officer, running.units.WatchUnit, request) as terminal:
        shown = terminal.until(lambda reply: reply.snapshot_ends)
    assert [one.assignment for one in shown if one.HasField("assignment")] == [told.assignment]
    running.person("dispatcher").ask(running.dispatch.ResultIncident, resulting(incident_id))


def test_another_force_sees_what_is_shared_with_it_and_nothing_else(running: Running) -> None:
    other = running.invented_force()
    stranger, dispatcher = running.person("dispatcher", force=other), running.person("dispatcher")
    unit, incident_id, hidden = on_patrol(running, SHARED_FORCE), graded(running), graded(running)
    assignment = sent(running, incident_id, unit.unit_id)
    with watching(stranger, running.dispatch.WatchBoard, asking(other)) as board:
        assert begun(board) == []
        dispatcher.ask(running.dispatch.ShareIncident, sharing(incident_id, other))
        changes = [one.change for one in board.until(lambda reply: reply.change.HasField("assignment"))]
        assert {one.incident.incident_id for one in changes if one.HasField("incident")} == {incident_id}
        assert changes[-1].assignment.assignment_id == assignment.assignment_id
        dispatcher.ask(running.dispatch.ResultIncident, resulting(hidden))
        running.person("officer").ask(running.units.SetUnitStatus, status(unit.unit_id, 5))
        dispatcher.ask(running.dispatch.ResultIncident, resulting(incident_id))
        later = [
            one.change
            for one in board.until(lambda reply: reply.change.incident.state == types.DISPATCH_STATE_RESULTED)
        ]
    assert not any(change.HasField("unit") or change.HasField("task") for change in (*changes, *later))
    assert {change.incident.incident_id for change in later if change.HasField("incident")} == {incident_id}
    numbers = [change.sequence for change in (*changes, *later)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_is_shared_is_in_the_other_forces_board(running: Running) -> None:
    other = running.invented_force()
    unit, incident_id = on_patrol(running, SHARED_FORCE), graded(running)
    assignment = sent(running, incident_id, unit.unit_id)
    running.person("dispatcher").ask(running.dispatch.ShareIncident, sharing(incident_id, other))
    board = running.person("dispatcher", force=other).ask(running.dispatch.GetBoard, api.GetBoardRequest(force=other))
    assert [one.incident_id for one in board.incidents] == [incident_id]
    assert [one.assignment_id for one in board.assignments] == [assignment.assignment_id]
    assert (list(board.units), list(board.tasks)) == ([], [])
    own = running.person("dispatcher").ask(running.dispatch.GetBoard, api.GetBoardRequest(force=SHARED_FORCE))
    assert incident_id in {one.incident_id for one in own.incidents}
    assert unit.unit_id in {one.unit_id for one in own.units}
    running.person("dispatcher").ask(running.dispatch.ResultIncident, resulting(incident_id))


def test_a_console_and_positions_stay_through_an_outage(running: Running, force: str, postgres: LocalPostgres) -> None:
    unit, dispatcher = on_patrol(running, force), running.person("dispatcher", force=force)
    gateway = running.person("radio_gateway", force=force)
    going_on = threading.Event()

    def messages() -> Iterator[unit_api.ReportPositionsRequest]:
        for latitude in (53.1, 53.2):
            yield unit_api.ReportPositionsRequest(
                force=force, positions=[position(running, unit.unit_id, latitude, -1.5, 10 - latitude % 1)]
            )
            going_on.wait(30)

    with watching(dispatcher, running.dispatch.WatchBoard, asking(force), seconds=90) as board:
        begun(board)
        reporting = running.units.ReportPositions.future(messages(), timeout=90, metadata=gateway.headers)
        kept(running, unit.unit_id, 53.1)
        postgres.kill()
        try:
            going_on.set()
            assert reporting.code() in (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE)
        finally:
            postgres.start()
        running.await_ready()
        dispatcher.ask(running.units.SetUnitStatus, status(unit.unit_id, 3))
        *_, change = board.until(lambda reply: reply.HasField("change"))
    assert (change.change.sequence, change.change.unit.status) == (5, types.UNIT_STATUS_AT_STATION)
    kept(running, unit.unit_id, 53.2)
