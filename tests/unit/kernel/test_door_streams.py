"""Calls with a stream on either side: who calls is settled at once, every message is looked at, each ends once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, cast

import grpc
import pytest

from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from services.kernel.caller import current_call
from services.kernel.contract import RpcPolicy
from services.kernel.door import Context, Door, Malformed
from services.kernel.telemetry.metrics import REGISTRY, RPC_IN_FLIGHT
from tests.unit.kernel.calls import FORCE, OTHER_FORCE, Aborted, Asked, a_door

POLICY = RpcPolicy("peel.test.v1.Test.Stream", frozenset({"ROLE_CALL_HANDLER"}), "CONSULTATION", "W2", False)
STANDING = replace(POLICY, full_name="peel.test.v1.Test.Watch", standing=True)
EMERGENCY = replace(POLICY, full_name="peel.test.v1.Test.Beat", emergency=True)
REPLY = intake.GetContactResponse()
OWN, FOREIGN = (intake.OpenContactRequest(force=force) for force in (FORCE, OTHER_FORCE))
BROKEN = Malformed(intake.OpenContactRequest.FromString, OWN.SerializeToString() + b"\x0a\x05cut")


@pytest.fixture
def door() -> Iterator[Door]:
    with a_door() as made:
        yield made


def ended(policy: RpcPolicy, code: str) -> float:
    """How many calls ended so."""
    labels = {"method": policy.full_name, "workflow": policy.workflow, "code": code}
    name = "peel_standing_streams_ended_total" if policy.standing else "peel_rpc_seconds_count"
    return REGISTRY.get_sample_value(name, labels) or 0.0


def open_now(policy: RpcPolicy) -> float:
    if policy.standing:
        return REGISTRY.get_sample_value("peel_standing_streams", {"method": policy.full_name}) or 0.0
    return next(iter(RPC_IN_FLIGHT.collect())).samples[0].value


async def sent(*requests: Any) -> AsyncIterator[Any]:
    for request in requests:
        yield request


async def count(requests: AsyncIterator[Any], _context: Context) -> intake.GetContactResponse:
    forces = [request.force async for request in requests]
    return intake.GetContactResponse(contact=types.Contact(contact_id=" ".join(forces)))


async def echo(requests: AsyncIterator[Any], _context: Context) -> AsyncIterator[intake.GetContactResponse]:
    async for _ in requests:
        yield REPLY


def gathered(door: Door, policy: RpcPolicy, *requests: Any, asked: Asked | None = None) -> str:
    """The forces of a stream's messages as they reached the handler."""
    reply: Any = asyncio.run(cast(Any, door._gather(policy, count)(sent(*requests), cast(Context, asked or Asked()))))
    return str(reply.contact.contact_id)


@pytest.mark.parametrize("policy", [POLICY, STANDING], ids=["bounded", "standing"])
def test_a_stream_read_to_its_end_counts_as_served(door: Door, policy: RpcPolicy) -> None:
    async def two(_request: Any, _context: Context) -> AsyncIterator[intake.GetContactResponse]:
        assert open_now(policy) == 1
        yield REPLY
        yield REPLY

    before, asked = ended(policy, "OK"), Asked()
    asyncio.run(cast(Any, door._stream(policy, cast(Any, two))(OWN, cast(Context, asked))))
    assert asked.written == [REPLY, REPLY]
    assert (ended(policy, "OK"), open_now(policy)) == (before + 1, 0)


@pytest.mark.parametrize("policy", [POLICY, STANDING], ids=["bounded", "standing"])
def test_a_stream_that_its_caller_leaves_ends_at_once_and_is_not_counted_as_served(
    door: Door, policy: RpcPolicy
) -> None:
    closed = []

    async def many(_request: Any, _context: Context) -> AsyncIterator[intake.GetContactResponse]:
        try:
            while True:
                yield REPLY
        finally:
            closed.append(True)

    class Stuck(Asked):
        """Its caller reads no more, so that nothing can be sent."""

        def __init__(self) -> None:
            super().__init__()
            self.stuck = asyncio.Event()

        async def write(self, _reply: Any) -> None:
            self.stuck.set()
            await asyncio.Event().wait()

    async def leave() -> None:
        asked = Stuck()
        call = asyncio.ensure_future(cast(Any, door._stream(policy, cast(Any, many))(OWN, cast(Context, asked))))
        await asked.stuck.wait()
        call.cancel()
        await asyncio.wait([call])
        assert closed == [True]

    before = ended(policy, "CANCELLED")
    asyncio.run(leave())
    assert (ended(policy, "CANCELLED"), open_now(policy)) == (before + 1, 0)


def test_streams_leave_room_for_calls_of_one_message() -> None:  # I4: a press is not turned away for consoles
    async def stand(_request: Any, _context: Context) -> AsyncIterator[intake.GetContactResponse]:
        yield REPLY
        await asyncio.Event().wait()

    async def press(_request: Any, _context: Context) -> intake.GetContactResponse:
        return REPLY

    async def crowd(door: Door) -> None:
        def watch(asked: Asked, policy: RpcPolicy = STANDING) -> "asyncio.Future[None]":
            call = cast(Any, door._stream(policy, cast(Any, stand)))
            watching: asyncio.Future[None] = asyncio.ensure_future(call(OWN, cast(Context, asked)))
            return watching

        asked = [Asked() for _ in range(3)]
        consoles = [watch(one) for one in asked]
        await asyncio.wait(consoles, return_when=asyncio.FIRST_EXCEPTION)
        assert [one.code for one in asked] == [None, None, grpc.StatusCode.RESOURCE_EXHAUSTED]
        assert asked[2].told.startswith("STREAMS_FULL")
        assert await cast(Any, door._unary(POLICY, cast(Any, press))(OWN, cast(Context, Asked()))) == REPLY
        # Whoever leaves makes room, also for one that does not stand.
        consoles[0].cancel()
        await asyncio.wait([consoles[0]])
        again = Asked()
        consoles.append(watch(again, POLICY))
        await asyncio.wait(consoles[-1:], timeout=0.05)
        assert again.written == [REPLY]
        for console in consoles:
            console.cancel()
        await asyncio.gather(*consoles, return_exceptions=True)

    with a_door(most_streams=2) as door:
        asyncio.run(crowd(door))


def test_a_stream_of_requests_and_one_both_ways(door: Door) -> None:
    assert gathered(door, POLICY, OWN, OWN) == f"{FORCE} {FORCE}"
    asked = Asked()
    asyncio.run(cast(Any, door._talk(POLICY, cast(Any, echo))(sent(OWN, OWN), cast(Context, asked))))
    assert asked.written == [REPLY, REPLY]


@pytest.mark.parametrize(
    ("requests", "code", "reason"),
    [
        ((OWN, FOREIGN), grpc.StatusCode.PERMISSION_DENIED, "FORCE_MISMATCH"),
        ((OWN, BROKEN), grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST"),
    ],
)
def test_every_message_of_a_stream_is_looked_at(
    door: Door, requests: tuple[Any, ...], code: grpc.StatusCode, reason: str
) -> None:
    asked = Asked()
    with pytest.raises(Aborted):
        gathered(door, POLICY, *requests, asked=asked)
    assert (asked.code, asked.told.split(":")[0]) == (code, reason)


def test_in_an_emergency_what_can_be_read_of_a_message_is_taken(door: Door) -> None:
    assert gathered(door, EMERGENCY, OWN, BROKEN, FOREIGN) == f"{FORCE} {FORCE} {FORCE}"


def test_who_may_not_call_is_told_before_the_first_message(door: Door) -> None:
    async def never() -> AsyncIterator[Any]:
        await asyncio.Event().wait()
        yield OWN

    asked = Asked()
    policy = replace(POLICY, roles=frozenset({"ROLE_AUDITOR"}))
    with pytest.raises(Aborted):
        asyncio.run(cast(Any, door._gather(policy, count)(never(), cast(Context, asked))))
    assert asked.code is grpc.StatusCode.PERMISSION_DENIED


def test_only_a_standing_stream_has_no_deadline_of_ours(door: Door) -> None:
    async def wait(_requests: Any, _context: Context) -> intake.GetContactResponse:
        await asyncio.sleep(0.02)
        return REPLY

    def ask(policy: RpcPolicy) -> Any:
        # Nearly nothing is left of the caller's time: the door hurries, or leaves it to gRPC.
        return asyncio.run(cast(Any, door._gather(policy, wait)(sent(), cast(Context, Asked(seconds=0.001)))))

    assert ask(STANDING) is REPLY
    with pytest.raises(Aborted):
        ask(POLICY)


def test_the_current_call_of_a_stream(door: Door) -> None:
    async def note(requests: AsyncIterator[Any], _context: Context) -> intake.GetContactResponse:
        call = current_call()
        assert (call.caller.force, call.purpose) == (FORCE, "case-review_7")
        assert (call.fields, call.records, call.request_id) == (frozenset(), frozenset(), None)
        return await count(requests, _context)

    asked = Asked(peel_purpose="case-review_7")
    asyncio.run(cast(Any, door._gather(POLICY, note)(sent(OWN), cast(Context, asked))))


def test_a_process_that_stops_ends_its_standing_streams_and_takes_no_more(door: Door) -> None:
    async def wait(_request: Any, _context: Context) -> AsyncIterator[intake.GetContactResponse]:
        yield REPLY
        await asyncio.Event().wait()

    async def stopped() -> None:
        asked = [Asked(), Asked(), Asked()]
        open_ones = [
            asyncio.ensure_future(cast(Any, door._stream(STANDING, cast(Any, wait))(OWN, cast(Context, one))))
            for one in asked[:2]
        ]
        await asyncio.sleep(0)
        door.end_standing()
        late = asyncio.ensure_future(cast(Any, door._stream(STANDING, cast(Any, wait))(OWN, cast(Context, asked[2]))))
        await asyncio.wait([*open_ones, late], timeout=5)
        assert {one.told.split(":")[0] for one in asked} == {"STOPPING"}

    before = ended(STANDING, "UNAVAILABLE")
    asyncio.run(stopped())
    assert (ended(STANDING, "UNAVAILABLE"), open_now(STANDING)) == (before + 3, 0)
