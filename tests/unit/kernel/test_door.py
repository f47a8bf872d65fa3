"""How a call is counted and told: each ends with one status, also where its caller goes away."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import grpc
import pytest

from peel.intake.v1 import api_pb2 as intake
from services.kernel.caller import current_call
from services.kernel.contract import RpcPolicy
from services.kernel.door import Context, Door
from services.kernel.errors import Refused
from services.kernel.telemetry.metrics import RPC_IN_FLIGHT, RPC_SECONDS
from tests.unit.kernel.calls import FORCE, Aborted, Asked, a_door

POLICY = RpcPolicy("peel.test.v1.Test.Get", frozenset({"ROLE_CALL_HANDLER"}), "CONSULTATION", "W2", False)
REQUEST = intake.GetContactRequest(contact_id="c-1")
REPLY = intake.GetContactResponse()
CODES = ("OK", "CANCELLED", "FAILED_PRECONDITION", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNAVAILABLE", "INTERNAL")


@pytest.fixture
def door() -> Iterator[Door]:
    # A deadline of its own so short that a caller's longer one shows it.
    with a_door(request_deadline_seconds=0.05) as made:
        yield made


def counted() -> dict[str, float]:
    found = {}
    for code in CODES:
        samples = next(iter(RPC_SECONDS.labels(POLICY.full_name, POLICY.workflow, code).collect())).samples
        found[code] = next(sample.value for sample in samples if sample.name.endswith("_count"))
    return found


@contextmanager
def counts_one(code: str) -> Iterator[None]:
    before = counted()
    yield
    assert counted() == before | {code: before[code] + 1}
    assert next(iter(RPC_IN_FLIGHT.collect())).samples[0].value == 0


async def reply(_request: Any, _context: Context) -> intake.GetContactResponse:
    return REPLY


async def refuse(_request: Any, _context: Context) -> intake.GetContactResponse:
    raise Refused("CONTACT_CLOSED", rule="a closed contact is not assessed again")


async def fail(_request: Any, _context: Context) -> intake.GetContactResponse:
    raise KeyError("Quill")


async def hang(_request: Any, _context: Context) -> intake.GetContactResponse:
    await asyncio.Event().wait()
    return REPLY


Serve = Callable[[Any, Context], Any]


def make_call(door: Door, serve: Serve, asked: Asked, policy: RpcPolicy = POLICY) -> Any:
    return door._unary(policy, serve)(REQUEST, cast(Context, asked))


def test_a_served_call_counts_as_served(door: Door) -> None:
    with counts_one("OK"):
        assert asyncio.run(make_call(door, reply, Asked())) is REPLY


@pytest.mark.parametrize(
    ("serve", "code"),
    [(refuse, "FAILED_PRECONDITION"), (fail, "INTERNAL"), (hang, "UNAVAILABLE")],
    ids=["refused", "failed", "late"],
)
def test_an_error_is_told_and_counted_as_one_status(door: Door, serve: Serve, code: str) -> None:
    asked = Asked(seconds=60.0)
    with counts_one(code), pytest.raises(Aborted):
        asyncio.run(make_call(door, serve, asked))
    assert asked.code is grpc.StatusCode[code]
    assert "Quill" not in asked.told


def test_a_caller_that_goes_away_is_not_counted_as_served(door: Door) -> None:
    async def give_up() -> None:
        served = asyncio.Event()

        async def begin(request: Any, context: Context) -> intake.GetContactResponse:
            served.set()
            return await hang(request, context)

        running = asyncio.create_task(make_call(door, begin, Asked()))
        await served.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    with counts_one("CANCELLED"):
        asyncio.run(give_up())


def test_a_role_that_does_not_suffice(door: Door) -> None:
    policy = RpcPolicy(POLICY.full_name, frozenset({"ROLE_AUDITOR"}), "CONSULTATION", "W2", False)
    asked = Asked()
    with counts_one("PERMISSION_DENIED"), pytest.raises(Aborted):
        asyncio.run(make_call(door, reply, asked, policy))
    assert asked.told == "ROLE_MISSING: this call needs ROLE_AUDITOR"


@pytest.mark.parametrize(
    ("given", "noted"),
    [("", "W2"), ("case-review_7", "case-review_7"), ("Ada Quill", "W2"), ("x" * 65, "W2"), ("--", "W2")],
)
def test_a_purpose_is_a_short_code_or_the_workflow(door: Door, given: str, noted: str) -> None:
    async def note(_request: Any, _context: Context) -> intake.GetContactResponse:
        assert current_call().purpose == noted
        assert current_call().records == {"contact:c-1"}
        assert current_call().caller.force == FORCE
        return REPLY

    assert asyncio.run(make_call(door, note, Asked(peel_purpose=given))) is REPLY
