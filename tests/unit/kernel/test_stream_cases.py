"""Use cases over streams: a transaction a batch, audited at both ends, and a caller that goes away is noticed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest

from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from services.kernel.appender import Appender
from services.kernel.audit import audit_row
from services.kernel.caller import set_call
from services.kernel.clock import SystemClock
from services.kernel.contract import RpcPolicy
from services.kernel.errors import Refused
from services.kernel.paging import Pages
from services.kernel.telemetry.metrics import REGISTRY
from services.kernel.transaction import Transaction, UnitOfWork
from services.kernel.usecases import UseCases
from tests.unit.kernel.calls import call
from tests.unit.kernel.work import NOON, Work

RECORDS, FIELDS = 6, 7
POLICY = RpcPolicy("peel.test.v1.Test.Report", frozenset({"ROLE_CALL_HANDLER"}), "COLLECTION", "OPS", False)
EMERGENCY = replace(POLICY, standing=True, emergency=True)


class Bench:
    """Use cases without a database, and what a handler was handed."""

    def __init__(self) -> None:
        self.work = Work()
        self.cases = UseCases(cast(UnitOfWork, self.work), cast(Appender, None), SystemClock(), cast(Pages, None))
        self.handled: list[str] = []

    async def handle(self, batch: list[str], _tx: Transaction) -> int:
        if "refuse" in batch:
            raise Refused("NO", rule="no")
        self.handled += batch
        return len(batch)

    async def report(self, requests: AsyncIterator[Any]) -> intake.GetContactResponse:
        return await self.cases.client_stream(
            self.handle,
            requests,
            lambda request: request.contact_id,
            lambda total: intake.GetContactResponse(contact=types.Contact(contact_id=f"c-{total}")),
            0,
            most=10,
        )

    @property
    def late(self) -> list[tuple[object, ...]]:
        return list(self.cases.late_audit._rows)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def run(work: Any, policy: RpcPolicy = POLICY) -> Any:
    async def with_call() -> Any:
        set_call(replace(call(), policy=policy))
        return await work

    return asyncio.run(with_call())


async def asking(*ids: str, then: Exception | None = None) -> AsyncIterator[intake.GetContactRequest]:
    for one in ids:
        yield intake.GetContactRequest(contact_id=one)
    if then:
        raise then


def test_a_stream_is_handled_and_audited_at_both_ends(bench: Bench) -> None:
    reply = run(bench.report(asking(*map(str, range(25)))))
    assert reply.contact.contact_id == "c-25"
    assert bench.handled == [str(number) for number in range(25)]
    begun, ended = bench.work.audited
    assert (begun[RECORDS], ended[RECORDS]) == ("contact:0", "contact:c-25")
    assert bench.late == []


def test_an_empty_stream_is_answered(bench: Bench) -> None:
    assert run(bench.report(asking())).contact.contact_id == "c-0"
    assert len(bench.work.audited) == 1


def test_what_came_before_a_fault_stays_stored(bench: Bench) -> None:
    with pytest.raises(LookupError):
        run(bench.report(asking("a", "b", then=LookupError())))
    assert bench.handled == ["a", "b"]
    assert len(bench.work.audited) == len(bench.late) == 1


def test_a_refused_first_batch_leaves_nothing(bench: Bench) -> None:
    with pytest.raises(Refused):
        run(bench.report(asking("refuse")))
    assert bench.work.stored == bench.late == []


def test_a_sender_that_goes_away_is_noticed(bench: Bench) -> None:
    async def silent() -> AsyncIterator[intake.GetContactRequest]:
        yield intake.GetContactRequest(contact_id="a")
        await asyncio.Event().wait()

    async def leave() -> None:
        reporting = asyncio.ensure_future(bench.report(silent()))
        while not bench.work.commits:  # noqa: ASYNC110 - the unit of work is no event
            await asyncio.sleep(0)
        reporting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reporting

    run(leave())
    assert bench.handled == ["a"]
    assert len(bench.late) == 1


async def taking(bench: Bench, requests: AsyncIterator[intake.GetContactRequest]) -> intake.GetContactResponse:
    """Readings that are only counted; the audit is looked at when each is taken."""
    audited: list[int] = []

    async def take(request: intake.GetContactRequest) -> None:
        audited.append(len(bench.work.audited))
        bench.handled.append(request.contact_id)

    def reply() -> intake.GetContactResponse:
        assert set(audited) <= {1}
        return intake.GetContactResponse(contact=types.Contact(contact_id=f"c-{len(audited)}"))

    return await bench.cases.readings(requests, take, reply)


def test_readings_are_taken_without_a_transaction_and_audited_at_both_ends(bench: Bench) -> None:
    reply = run(taking(bench, asking("a", "b", "c")))
    assert (reply.contact.contact_id, bench.handled) == ("c-3", ["a", "b", "c"])
    begun, ended = bench.work.audited
    assert (begun[RECORDS], ended[RECORDS]) == ("contact:a", "contact:c-3")
    assert bench.work.commits == 2


def test_no_readings_are_answered(bench: Bench) -> None:
    assert run(taking(bench, asking())).contact.contact_id == "c-0"
    assert len(bench.work.audited) == 1


def test_readings_that_break_off_are_on_record(bench: Bench) -> None:
    with pytest.raises(LookupError):
        run(taking(bench, asking("a", then=LookupError())))
    assert (bench.handled, len(bench.work.audited), len(bench.late)) == (["a"], 1, 1)


async def items(closed: list[bool]) -> AsyncGenerator[str, None]:
    try:
        for name in ("a", "b", "c"):
            yield name
    finally:
        closed.append(True)


def answer(name: str) -> intake.GetContactResponse:
    return intake.GetContactResponse(contact=types.Contact(contact_id=name))


def test_a_standing_stream_is_audited_before_its_first_message_and_closed_when_left(bench: Bench) -> None:
    closed: list[bool] = []

    async def watch() -> None:
        replies = bench.cases.standing(items(closed), answer)
        assert bench.work.audited == []
        assert (await anext(replies)).contact.contact_id == "a"
        assert len(bench.work.audited) == 1
        await replies.aclose()

    run(watch())
    assert closed == [True]


@pytest.mark.parametrize("policy", [POLICY, EMERGENCY], ids=["ordinary", "emergency"])
def test_only_in_an_emergency_nobody_waits_for_the_database(bench: Bench, policy: RpcPolicy) -> None:
    bench.work.fault = OSError()
    closed: list[bool] = []

    async def watch() -> list[str]:
        return [reply.contact.contact_id async for reply in bench.cases.standing(items(closed), answer)]

    if policy.emergency:
        assert run(watch(), policy) == ["a", "b", "c"]
        assert len(bench.late) == 1
    else:
        with pytest.raises(OSError):  # noqa: PT011 - it says nothing
            run(watch(), policy)


def drained(bench: Bench, stop_first: bool) -> None:
    async def drain() -> None:
        stop = asyncio.Event()
        if stop_first:
            stop.set()
        running = asyncio.ensure_future(bench.cases.late_audit.run(stop))
        while bench.late and not running.done():  # noqa: ASYNC110 - the deque is no event
            await asyncio.sleep(0)
        stop.set()
        await asyncio.wait_for(running, 5)

    asyncio.run(drain())


def test_late_rows_are_stored_once_the_database_takes_them(bench: Bench) -> None:
    for _ in range(1_200):
        bench.cases.late_audit.add(call(), None)
    drained(bench, stop_first=False)
    assert len(bench.work.audited) == 1_200
    assert bench.work.commits == 3


def test_what_cannot_be_stored_at_the_end_is_said_to_be_lost(bench: Bench) -> None:
    before = REGISTRY.get_sample_value("peel_late_audit_lost_total") or 0
    bench.work.fault = OSError()
    bench.cases.late_audit.add(call(), None)
    drained(bench, stop_first=True)
    assert bench.work.audited == []
    assert REGISTRY.get_sample_value("peel_late_audit_lost_total") == before + 1


def test_a_row_with_a_zero_byte_can_be_stored() -> None:
    row = audit_row(replace(call(), records=frozenset({"device:\x00"})), None, NOON)
    assert row[RECORDS] == "device:\ufffd"
