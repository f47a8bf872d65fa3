"""An error as gRPC tells it: status, reason, fields, when to come back; and never what nobody meant to say (I7)."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from services.kernel.door import Context
from services.kernel.errors import (
    Busy,
    Conflict,
    Invalid,
    Kind,
    NotFound,
    PeelError,
    Refused,
    Unauthenticated,
    Unavailable,
    Violation,
)
from services.kernel.status import abort, code_of, explain

Code = grpc.StatusCode
LONGEST_FIELD = "allegations[49].occurred.from"
LONGEST_RULE = "was not an offence code on any day it may have happened, and that is that"


def told(error: PeelError) -> grpc.aio.AioRpcError:
    """The error as a client gets it, over a real connection."""

    async def fail(_request: bytes, context: Context) -> bytes:
        await abort(context, error, "intake.peel")
        return b""

    async def ask() -> grpc.aio.AioRpcError:
        server = grpc.aio.server()
        handler = grpc.unary_unary_rpc_method_handler(fail)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("peel.Test", {"Fail": handler}),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                with pytest.raises(grpc.aio.AioRpcError) as failed:
                    await channel.unary_unary("/peel.Test/Fail", bytes, bytes)(b"", timeout=20)
                return failed.value
        finally:
            await server.stop(None)

    return asyncio.run(ask())


def details(error: grpc.aio.AioRpcError) -> list[Message]:
    metadata: Any = error.trailing_metadata()
    status = Status.FromString(dict(metadata)["grpc-status-details-bin"])
    assert (status.code, status.message) == (error.code().value[0], error.details())
    found: list[Message] = []
    for detail in status.details:
        (kind,) = [one for one in (ErrorInfo, BadRequest, RetryInfo) if detail.Is(one.DESCRIPTOR)]
        found.append(kind.FromString(detail.value))
    return found


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Invalid([Violation("channel", "must be given")]), Code.INVALID_ARGUMENT),
        (NotFound("contact"), Code.NOT_FOUND),
        (Refused("THRIVE_MISSING", rule="assess it first"), Code.FAILED_PRECONDITION),
        (Refused("ROLE_MISSING", rule="needs a role", permission=True), Code.PERMISSION_DENIED),
        (Unauthenticated("TOKEN_MISSING", rule="send a token"), Code.UNAUTHENTICATED),
        (Conflict("REQUEST_ID_REUSED", rule="used before"), Code.ALREADY_EXISTS),
        (Busy("OVERLOADED", rule="try again"), Code.RESOURCE_EXHAUSTED),
        (Unavailable("STORE_UNAVAILABLE", rule="does not answer"), Code.UNAVAILABLE),
        (explain(KeyError("Quill")), Code.INTERNAL),
    ],
)
def test_each_kind_has_its_status(error: PeelError, code: grpc.StatusCode) -> None:
    assert code_of(error) is code


def test_every_kind_has_a_status() -> None:
    for kind in Kind:
        error = PeelError("REASON", rule="a rule")
        error.kind = kind
        assert code_of(error) is not Code.INTERNAL


def test_a_refusal_has_its_reason_and_what_it_is_about() -> None:
    refused = told(Refused("ALLEGATIONS_UNDECIDED", rule="not while undecided", metadata={"allegations": "1,4"}))
    assert refused.code() is Code.FAILED_PRECONDITION
    assert refused.details() == "ALLEGATIONS_UNDECIDED: not while undecided"
    expected = ErrorInfo(reason="ALLEGATIONS_UNDECIDED", domain="intake.peel", metadata={"allegations": "1,4"})
    assert details(refused) == [expected]


def test_bad_input_names_each_field_and_rule() -> None:
    found = told(Invalid([Violation("channel", "must be given"), Violation("a.b", "is wrong", "ENUM_UNKNOWN")]))
    assert found.code() is Code.INVALID_ARGUMENT
    info, bad = details(found)
    assert info == ErrorInfo(reason="INVALID_INPUT", domain="intake.peel")
    assert bad == BadRequest(
        field_violations=[
            BadRequest.FieldViolation(field="channel", description="must be given", reason="INVALID_VALUE"),
            BadRequest.FieldViolation(field="a.b", description="is wrong", reason="ENUM_UNKNOWN"),
        ]
    )


def test_very_bad_input_still_arrives_as_bad_input() -> None:
    # Trailing metadata above 8 KiB would reach the client as RESOURCE_EXHAUSTED, and it would try again.
    found = told(Invalid([Violation(LONGEST_FIELD, LONGEST_RULE, "OFFENCE_NOT_VALID")] * 500))
    assert found.code() is Code.INVALID_ARGUMENT
    _, bad = details(found)
    assert isinstance(bad, BadRequest)
    assert len(bad.field_violations) == 20
    assert (found.details() or "").endswith("and 480 more")


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(Busy("OVERLOADED", rule="try again"), 0.2), (Unavailable("STORE_UNAVAILABLE", rule="does not answer"), 1.0)],
)
def test_what_passes_says_when_to_come_back(error: PeelError, seconds: float) -> None:
    _, retry = details(told(error))
    assert isinstance(retry, RetryInfo)
    assert retry.retry_delay.ToTimedelta().total_seconds() == seconds


@pytest.mark.parametrize(
    "error",
    [
        OSError("Quill"),
        TimeoutError("Quill"),
        asyncpg.ConnectionDoesNotExistError("Quill"),
        asyncpg.DeadlockDetectedError("Quill"),
        asyncpg.CannotConnectNowError("Quill"),
        asyncpg.InterfaceError("Quill"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_store_that_does_not_answer_is_unavailable(error: Exception) -> None:
    explained = explain(error)
    assert (explained.kind, explained.reason) == (Kind.UNAVAILABLE, "STORE_UNAVAILABLE")
    assert "Quill" not in str(explained)


@pytest.mark.parametrize(
    "make", [KeyError, ValueError, RuntimeError, asyncpg.UniqueViolationError], ids=lambda make: make.__name__
)
def test_what_nobody_foresaw_is_told_without_its_message(make: Callable[[str], Exception]) -> None:  # I7
    found = told(explain(make("Quill of 1 Ash Mount")))
    assert found.code() is Code.INTERNAL
    assert details(found) == [ErrorInfo(reason="INTERNAL", domain="intake.peel")]
    assert "Quill" not in f"{found.details()}{found.trailing_metadata()}"


def test_what_peel_says_itself_is_told_as_it_is() -> None:
    error = NotFound("contact")
    assert explain(error) is error
