"""A call of an emergency is taken whatever is wrong with it, and nobody else's is (R-OS-02)."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast
from uuid import UUID, uuid4

import grpc
import pytest

from peel.intake.v1 import api_pb2 as intake
from services.kernel.caller import Call, current_call
from services.kernel.contract import RpcPolicy
from services.kernel.door import Context, Door, Malformed
from tests.unit.kernel.calls import FORCE, OTHER_FORCE, Aborted, Asked, a_door

ORDINARY = RpcPolicy("peel.test.v1.Test.Open", frozenset({"ROLE_CALL_HANDLER"}), "COLLECTION", "W2", True)
EMERGENCY = replace(ORDINARY, emergency=True)
GARBAGE = b"\x12\xff\xff"


@pytest.fixture
def door() -> Iterator[Door]:
    with a_door() as made:
        yield made


def request(**parts: str) -> intake.OpenContactRequest:
    return intake.OpenContactRequest(**({"force": FORCE, "request_id": str(uuid4())} | parts))  # type: ignore[arg-type]


def taken(door: Door, policy: RpcPolicy, sent: Any, asked: Asked | None = None) -> tuple[Call, Any]:
    """The call as it reached the handler, and the request."""
    seen: list[tuple[Call, Any]] = []

    async def note(message: Any, _context: Context) -> intake.OpenContactResponse:
        seen.append((current_call(), message))
        return intake.OpenContactResponse()

    asyncio.run(cast(Any, door._unary(policy, note)(sent, cast(Context, asked or Asked()))))
    return seen[0]


def refused(door: Door, policy: RpcPolicy, sent: Any, asked: Asked | None = None) -> tuple[grpc.StatusCode | None, str]:
    asked = asked or Asked()
    with pytest.raises(Aborted):
        taken(door, policy, sent, asked)
    return asked.code, asked.told.split(":")[0]


def damaged(whole: intake.OpenContactRequest, tail: bytes = GARBAGE) -> Malformed:
    return Malformed(intake.OpenContactRequest.FromString, whole.SerializeToString() + tail)


def test_a_whole_request_is_not_touched(door: Door) -> None:
    sent = request(narrative="help")
    call, message = taken(door, EMERGENCY, sent)
    assert message is sent
    assert call.request_id == UUID(sent.request_id)
    assert (call.salvaged, call.token_expired) == (False, False)


def test_a_damaged_request_is_taken_with_what_can_be_read(door: Door) -> None:
    whole = request(narrative="help")
    call, message = taken(door, EMERGENCY, damaged(whole))
    assert message == whole
    assert call.salvaged
    assert call.fields == {"OpenContactRequest.narrative"}
    assert refused(door, ORDINARY, damaged(whole)) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")


def test_the_same_garbage_twice_is_one_request(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kernel.door.time.time", lambda: 1_530_000_000.0)
    nothing = Malformed(intake.OpenContactRequest.FromString, GARBAGE)
    first, again = (taken(door, EMERGENCY, nothing)[0] for _ in range(2))
    other = taken(door, EMERGENCY, Malformed(intake.OpenContactRequest.FromString, GARBAGE + b"\x00"))[0]
    assert first.request_id == again.request_id
    assert first.digest == again.digest
    assert other.request_id != first.request_id
    # An hour later it is another press.
    monkeypatch.setattr("services.kernel.door.time.time", lambda: 1_530_003_600.0)
    assert taken(door, EMERGENCY, nothing)[0].request_id != first.request_id


@pytest.mark.parametrize("request_id", ["", "press 7"])
def test_a_request_id_that_is_none_is_made_from_the_body(door: Door, request_id: str) -> None:
    sent = request(request_id=request_id)
    assert isinstance(taken(door, EMERGENCY, sent)[0].request_id, UUID)
    assert refused(door, ORDINARY, sent) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT")


@pytest.mark.parametrize("force", ["", OTHER_FORCE])
def test_the_force_is_the_tokens_whatever_the_message_says(door: Door, force: str) -> None:
    call, message = taken(door, EMERGENCY, request(force=force))
    assert message.force == FORCE
    assert call.salvaged
    assert refused(door, ORDINARY, request(force=force)) == (grpc.StatusCode.PERMISSION_DENIED, "FORCE_MISMATCH")


def test_a_token_that_has_expired_counts_in_an_emergency(door: Door) -> None:
    assert taken(door, EMERGENCY, request(), Asked(authorization="late"))[0].token_expired
    told = refused(door, ORDINARY, request(), Asked(authorization="late"))
    assert told == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")


def test_a_role_that_does_not_suffice_is_refused_in_an_emergency_too(door: Door) -> None:
    policy = replace(EMERGENCY, roles=frozenset({"ROLE_AUDITOR"}))
    assert refused(door, policy, request()) == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
