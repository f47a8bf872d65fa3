"""What one replica knows: signals in, in any order and more than once; what is open, and what changed, out."""

import time

import pytest

from peel.safety.v1 import emergency_types_pb2 as types
from services.safety.emergency import board as board_module
from services.safety.emergency.board import Change
from services.safety.emergency.domain.signals import Durability, EscalationLevel, Point, Trigger
from services.safety.emergency.escalation import UNTAKEN, UNTAKEN_OLDEST_SECONDS, Escalation
from services.safety.emergency.held import Held
from tests.unit.safety.boards import a_board
from tests.unit.safety.pressing import FORCE, at, cleared, pressed, safe, taken

HERE = Point(53.8008, -1.5491)


def test_a_signal_is_news_once() -> None:
    board, _ = a_board()
    changes: list[Change] = []
    board.listen(changes.append)
    press = pressed()
    assert board.add(Held(press))
    assert not board.add(Held(press))
    assert [change.emergency.id for change in changes] == [press.emergency_id]


def test_somebody_who_fails_to_be_told_keeps_it_from_nobody() -> None:
    board, _ = a_board()
    heard: list[Change] = []

    def fails(_: Change) -> None:
        raise RuntimeError("a fault of ours")

    board.listen(fails)
    board.listen(heard.append)
    assert board.add(Held(pressed()))
    assert len(heard) == 1


def test_how_safe_it_is_only_grows() -> None:
    board, _ = a_board()
    press = pressed()
    board.add(Held(press))
    seen = []
    for told in (
        Durability.NOT_DURABLE,
        Durability.LOCAL,
        Durability.NOT_DURABLE,
        Durability.COMMITTED,
        Durability.LOCAL,
    ):
        board.settle(Held(press), told)
        held = board.held(press.id)
        assert held is not None
        seen.append(held.durability)
    assert seen == [
        Durability.NOT_DURABLE,
        Durability.LOCAL,
        Durability.LOCAL,
        Durability.COMMITTED,
        Durability.COMMITTED,
    ]


def test_what_is_not_in_the_database_is_remembered_with_whose_call_it_was() -> None:
    board, _ = a_board()
    press, origin = pressed(), types.Origin(subject="gateway-1")
    board.add(Held(press, origin=origin))
    ((unsafe, _),) = board.unsafe()
    assert unsafe.origin == origin
    board.settle(unsafe, Durability.LOCAL)
    ((unsafe, _),) = board.unsafe()
    assert (unsafe.durability, unsafe.origin) == (Durability.LOCAL, origin)
    board.settle(unsafe, Durability.COMMITTED)
    assert not list(board.unsafe())


def test_an_emergency_is_as_safe_as_the_least_safe_of_its_signals() -> None:
    signals = taken(pressed())
    board, _ = a_board(*signals)
    emergency = board.get(FORCE, signals[0].emergency_id)
    assert emergency is not None
    assert board.message(emergency).durability == types.DURABILITY_COMMITTED
    second = pressed(press_id="2", known=[emergency], seconds=60)
    for told, shown in (
        (Durability.UNSPECIFIED, types.DURABILITY_UNSPECIFIED),
        (Durability.NOT_DURABLE, types.DURABILITY_NOT_DURABLE),
        (Durability.LOCAL, types.DURABILITY_LOCAL),
    ):
        board.add(Held(second, told))
        found = board.get(FORCE, emergency.id)
        assert found is not None
        assert board.message(found).durability == shown


def test_a_force_sees_its_own() -> None:
    press = pressed()
    board, _ = a_board(press)
    assert board.get("greater-manchester", press.emergency_id) is None
    assert not board.open("greater-manchester")
    assert [one.id for one in board.open(FORCE)] == [press.emergency_id]


def test_what_was_heard_of_before_its_press_is_nobodys_news() -> None:
    press, ack = taken(pressed())
    board, _ = a_board(ack)
    changes: list[Change] = []
    board.listen(changes.append)
    assert board.get(FORCE, press.emergency_id) is None
    assert not list(board.all())
    board.add(Held(press))
    assert len(changes) == 1


def test_both_hear_that_they_are_near_each_other_and_that_they_are_not_any_more() -> None:  # R-OS-05
    one, other = pressed(point=HERE), pressed("2341002", point=HERE)
    board, _ = a_board(one)
    news: list[object] = []
    board.listen(lambda change: news.append(change.emergency.id))
    board.add(Held(other))
    assert set(news) == {one.emergency_id, other.emergency_id}
    gravities = [board.message(emergency).gravity for emergency in board.open(FORCE)]
    assert gravities == [types.GRAVITY_SEVERAL_OFFICERS] * 2
    news.clear()
    for signal in cleared(*safe(*taken(other))):
        board.add(Held(signal))
    assert one.emergency_id in news
    (left,) = board.open(FORCE)
    assert board.message(left).gravity == types.GRAVITY_EMERGENCY


def test_what_ended_is_let_go_after_a_day_and_synthetic_presses_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, still = cleared(*safe(*taken(pressed()))), pressed("2341002")
    probe = pressed(trigger=Trigger.SYNTHETIC, site="leeds")
    board, _ = a_board(*ended, still, probe)
    began = time.monotonic()
    for seconds, left in ((500, 3), (700, 2), (board_module.KEPT_SECONDS + 60, 1)):
        monkeypatch.setattr(time, "monotonic", lambda seconds=seconds: began + seconds)
        board.forget()
        assert len(list(board.all())) == left
    assert [one.id for one in board.open()] == [still.emergency_id]
    assert not board.of_radio(FORCE, "2341001")


def test_a_replica_that_was_away_is_told_what_is_open_and_what_ended_lately(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, still = cleared(*safe(*taken(pressed()))), pressed("2341002")
    board, _ = a_board(*ended, still)
    assert {held.signal.id for held in board.lately(3600)} == {one.id for one in (*ended, still)}
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 3700)
    assert [held.signal.id for held in board.lately(3600)] == [still.id]


def test_consoles_look_again_when_a_level_is_reached() -> None:  # R-OS-03
    board, clock = a_board()
    escalation = Escalation(clock, board)
    for durability in (Durability.UNSPECIFIED, Durability.COMMITTED):
        board.add(Held(pressed(), durability))
    news: list[int] = []
    board.listen(lambda change: news.append(board.message(change.emergency).level))
    for seconds, reached in ((9, 0), (10, 1), (11, 1), (25, 2), (31, 3), (32, 3), (59, 3), (61, 4), (3600, 4)):
        clock.at = at(seconds)
        escalation.look(clock.at)
        assert len(news) == reached
    assert news == [1, 2, 3, 4]


def test_what_is_taken_is_not_looked_at_again_until_it_is_pressed_again() -> None:  # R-OS-03
    board, clock = a_board()
    escalation = Escalation(clock, board)
    signals = taken(pressed(), seconds=15)
    board.add(Held(signals[0]))
    clock.at = at(12)
    escalation.look(clock.at)
    board.add(Held(signals[1]))
    news: list[int] = []
    board.listen(lambda change: news.append(board.message(change.emergency).level))
    clock.at = at(100)
    escalation.look(clock.at)
    assert news == []
    assert UNTAKEN._value.get() == 0
    board.add(Held(pressed(press_id="2", known=board.open(), seconds=100)))
    clock.at = at(111)
    escalation.look(clock.at)
    assert news[-1] == EscalationLevel.SUPERVISOR
    assert (UNTAKEN._value.get(), UNTAKEN_OLDEST_SECONDS._value.get()) == (1, 11)


def test_after_a_stop_of_the_process_the_level_is_that_of_the_time() -> None:  # R-OS-03
    board, clock = a_board(pressed(), pressed("2341002", seconds=50))
    clock.at = at(65)
    escalation = Escalation(clock, board)
    first, second = board.open()
    assert board.message(first).level == types.ESCALATION_LEVEL_NEIGHBOURING_FORCE
    assert board.message(second).level == types.ESCALATION_LEVEL_SUPERVISOR
    clock.at = at(70)
    escalation.look(clock.at)
    assert board.message(board.open()[1]).level == types.ESCALATION_LEVEL_ALL_POSITIONS
