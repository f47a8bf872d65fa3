"""What a transaction holds back and what a process keeps between two of them."""

from datetime import timedelta
from typing import cast

from services.kernel.bulk import TIMER
from services.kernel.caller import service_itself
from services.kernel.database import Connection
from services.kernel.ids import new_id
from services.kernel.transaction import Transaction
from tests.unit.kernel.work import NOON


class Index:
    """Something that is worth keeping."""


def transaction(kept: dict[type, object]) -> Transaction:
    return Transaction(cast(Connection, None), NOON, service_itself("intake"), kept)


def test_a_process_keeps_one_object_of_each_kind() -> None:
    kept: dict[type, object] = {}
    index = transaction(kept).kept(Index)
    assert transaction(kept).kept(Index) is index
    assert transaction(kept).kept(dict) == {}
    assert transaction({}).kept(Index) is not index


def test_a_timer_is_started_once_and_can_be_taken_back() -> None:
    tx, subject = transaction({}), new_id()
    for hours in (1, 2):
        tx.start_timer("KIND", subject, due=NOON + timedelta(hours=hours), owner="nobody", force="north-force")
    assert [row[4] for row in tx._timers.values()] == [NOON + timedelta(hours=1)]
    assert all(len(row) == len(TIMER.columns) for row in tx._timers.values())
    tx.cancel_timer("KIND", subject)
    assert tx._timers == {}
