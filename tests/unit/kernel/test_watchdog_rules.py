"""When the watchdog looks, and what it concludes. That it does so on a live consumer: tests/integration/kernel."""

from types import SimpleNamespace

import pytest
from kafka.errors import KafkaTimeoutError

from services.kernel.kafka import Partition, watchdog
from services.kernel.kafka.groups import GroupView
from services.kernel.kafka.watchdog import Stall, Watchdog
from services.kernel.settings import Settings

ONE, TWO = Partition("crime.report.v1", 1), Partition("crime.report.v1", 2)
MINE = frozenset({ONE, TWO})


class Broker:
    """What the broker would say, and a clock that is turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.says: GroupView | None = GroupView(MINE, {ONE: 0, TWO: 0})
        self.looks = 0
        self.now = 1000.0
        monkeypatch.setattr(watchdog, "view", self._view)
        monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.watched = Watchdog(Settings(), "crime", ("crime.report.v1",), patience_seconds=20)

    def _view(self, *_: object) -> GroupView:
        self.looks += 1
        if self.says is None:
            raise KafkaTimeoutError
        return self.says

    def after(
        self, seconds: float, assigned: frozenset[Partition] = MINE, held: frozenset[Partition] = frozenset()
    ) -> Stall | None:
        self.now += seconds
        return self.watched.stalled(assigned, held)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    return Broker(monkeypatch)


def test_it_asks_nothing_while_offsets_are_committed(broker: Broker) -> None:
    for _ in range(10):
        assert broker.after(19) is None
        broker.watched.committed()
    assert broker.looks == 0
    assert broker.watched.lived


def test_idle_and_agreed_is_well(broker: Broker) -> None:
    for _ in range(10):
        assert broker.after(20) is None
    assert broker.looks == 10


def test_an_assignment_that_is_not_installed_is_a_stall_when_seen_twice(broker: Broker) -> None:
    assert broker.after(20, assigned=frozenset()) is None
    assert broker.after(5, assigned=frozenset()) is Stall.NOT_INSTALLED


def test_a_rebalance_on_its_way_is_none(broker: Broker) -> None:
    assert broker.after(20, assigned=frozenset({ONE})) is None
    assert broker.after(5) is None
    assert broker.after(20) is None


def test_a_member_the_group_does_not_know_is_a_stall(broker: Broker) -> None:
    broker.says = GroupView(None, {})
    assert broker.after(20, assigned=frozenset()) is None
    assert broker.after(5, assigned=frozenset()) is Stall.NO_PLACE


def test_empty_polls_with_records_waiting_are_a_stall(broker: Broker) -> None:
    broker.says = GroupView(MINE, {ONE: 3, TWO: 0})
    assert broker.after(20) is None
    assert broker.after(5) is Stall.NOT_FETCHING


def test_records_that_came_in_between_are_a_sign_of_life(broker: Broker) -> None:
    broker.says = GroupView(MINE, {ONE: 3, TWO: 0})
    assert broker.after(20) is None
    broker.watched.received()
    assert broker.after(5) is None


def test_a_partition_held_on_purpose_is_no_stall(broker: Broker) -> None:
    broker.says = GroupView(MINE, {ONE: 3, TWO: 0})
    for _ in range(3):
        assert broker.after(20, held=frozenset({ONE})) is None


def test_a_standby_is_known_as_such(broker: Broker) -> None:
    broker.says = GroupView(frozenset(), {ONE: 3, TWO: 0})
    for _ in range(3):
        assert broker.after(20, assigned=frozenset()) is None
        assert broker.watched.standby


def test_a_broker_that_does_not_answer_is_waited_for(broker: Broker) -> None:
    assert broker.after(20, assigned=frozenset()) is None
    broker.says = None
    assert broker.after(5, assigned=frozenset()) is None
    assert broker.watched.unanswered
    # It is asked again sooner: the worker is not ready until then.
    assert broker.after(5, assigned=frozenset()) is None
    assert broker.looks == 3
    broker.says = GroupView(MINE, {})
    assert broker.after(5, assigned=frozenset()) is None
    assert [broker.watched.unanswered] == [False]
    # Back again it gets the whole patience, then is looked at twice.
    assert broker.after(19, assigned=frozenset()) is None
    assert broker.after(1, assigned=frozenset()) is None
    assert broker.after(5, assigned=frozenset()) is Stall.NOT_INSTALLED
