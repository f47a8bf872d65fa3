"""A call that was not answered is made again, the same to the byte, until it is; a refusal is an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import grpc
import pytest

from deploy.local.ports import free_port
from deploy.people.line import SERVICES, Line, reason_of
from deploy.rehearsal.progress import Progress
from peel.intake.v1 import api_pb2 as api

REQUEST = api.OpenContactRequest(request_id="4c2f4d0e-6c3c-5d5e-9d1c-0d7f6a5b4c3d")


class Moody:
    """Refuses with each of these statuses in turn, and then answers."""

    def __init__(self, *statuses: grpc.StatusCode) -> None:
        self.statuses = list(statuses)
        self.asked: list[tuple[str, str]] = []

    async def open_contact(
        self, request: api.OpenContactRequest, context: "grpc.aio.ServicerContext[object, object]"
    ) -> api.OpenContactResponse:
        headers = dict(context.invocation_metadata() or ())
        self.asked.append((request.request_id, str(headers["authorization"])))
        if self.statuses:
            await context.abort(self.statuses.pop(0), "REASON_CODE: a rule")
        return api.OpenContactResponse(contact_id="contact-1")


async def with_line(servicer: Moody, call: Callable[[Line], Awaitable[None]]) -> Progress:
    server, port = grpc.aio.server(), free_port()
    handler = grpc.unary_unary_rpc_method_handler(
        servicer.open_contact, api.OpenContactRequest.FromString, api.OpenContactResponse.SerializeToString
    )
    service = grpc.method_handlers_generic_handler("peel.intake.v1.IntakeService", {"OpenContact": handler})
    server.add_generic_rpc_handlers((service,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    progress = Progress(datetime(2018, 7, 1, tzinfo=UTC))
    address = f"127.0.0.1:{port}"
    async with Line(dict.fromkeys(SERVICES, address), None, {"call_handler": "token"}, progress) as line:
        await call(line)
    await server.stop(None)
    return progress


def test_no_contact_is_lost_while_the_service_is_away() -> None:
    codes = grpc.StatusCode
    servicer = Moody(codes.UNAVAILABLE, codes.RESOURCE_EXHAUSTED, codes.DEADLINE_EXCEEDED)

    async def call(line: Line) -> None:
        reply = await line.ask(line.intake.OpenContact, REQUEST, "call_handler")
        assert reply.contact_id == "contact-1"

    progress = asyncio.run(with_line(servicer, call))
    assert servicer.asked == [(REQUEST.request_id, "Bearer token")] * 4
    assert (progress.retries, progress.calls) == (3, 1)


def test_a_refusal_is_not_asked_again() -> None:
    servicer = Moody(grpc.StatusCode.FAILED_PRECONDITION)

    async def call(line: Line) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await line.ask(line.intake.OpenContact, REQUEST, "call_handler")
        assert reason_of(refused.value) == "REASON_CODE"

    asyncio.run(with_line(servicer, call))
    assert len(servicer.asked) == 1
