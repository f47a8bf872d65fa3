"""The gRPC door: what the contract declares for an RPC is enforced here, around every call, in one place.

Order: malformed input, trace, identity, role, force, request id, deadline, the call, then status and metrics. Anything
that is not one of Peel's own services (health, reflection) passes through.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import grpc
from google.protobuf.message import DecodeError, Message

from services.kernel.caller import Call, set_call
from services.kernel.contract import RpcPolicy, force_field, marks
from services.kernel.errors import Invalid, PeelError, Refused, Violation
from services.kernel.identity import Identity
from services.kernel.settings import Settings
from services.kernel.status import abort, code_of, explain
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import RPC_IN_FLIGHT, RPC_SECONDS
from services.kernel.telemetry.tracing import Tracing, current_trace_id, sampled_trace_id

_LOG = logger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
_PURPOSE_LONGEST = 64
_OF_THE_CALLERS_TIME = 0.9
_STREAM_DEADLINE_SECONDS = 300.0
_SERVED = grpc.StatusCode.OK.name
# Neither a reply nor an error: the caller went away.
_GIVEN_UP = grpc.StatusCode.CANCELLED.name


@dataclass(frozen=True, slots=True)
class Malformed:
    """Stands for a request that is not a message of its kind: broken wire format or text that is not UTF-8."""


class Door(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in its stubs only
    """Wraps each RPC once, when it is first called, and keeps the wrapped handler."""

    def __init__(
        self, settings: Settings, domain: str, policies: dict[str, RpcPolicy], identity: Identity, tracing: Tracing
    ) -> None:
        self._deadline = settings.request_deadline_seconds
        self._domain = domain
        self._policies = policies
        self._identity = identity
        self._tracing = tracing
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        method = handler_call_details.method
        policy = self._policies.get(method)
        if policy is None:
            return await continuation(handler_call_details)
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            wrapped = self._wrapped[method] = self._wrap(policy, await continuation(handler_call_details))
        return wrapped

    def _wrap(self, policy: RpcPolicy, handler: Any) -> Handler:
        read = _tolerant(handler.request_deserializer)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._stream(policy, handler.unary_stream), read, handler.response_serializer
            )
        return grpc.unary_unary_rpc_method_handler(
            self._unary(policy, handler.unary_unary), read, handler.response_serializer
        )

    def _unary(
        self, policy: RpcPolicy, serve: Callable[[Message, Context], Awaitable[Message]]
    ) -> Callable[[Message | Malformed, Context], Awaitable[Message]]:
        span_name = policy.full_name

        async def call(request: Message | Malformed, context: Context) -> Message:
            metadata = dict(context.invocation_metadata() or ())
            started = time.perf_counter()
            code = _GIVEN_UP
            RPC_IN_FLIGHT.inc()
            with self._tracing.server_span(span_name, policy.workflow, metadata.get("traceparent")):
                try:
                    async with asyncio.timeout(self._seconds(context, self._deadline)):
                        reply = await serve(self._admit(policy, request, metadata), context)
                    code = _SERVED
                    return reply
                except Exception as error:
                    told = self._tell(policy, error)
                    code = code_of(told).name
                    await abort(context, told, self._domain)
                    raise
                finally:
                    RPC_IN_FLIGHT.dec()
                    _observe(policy, code, started)

        return call

    def _stream(
        self, policy: RpcPolicy, serve: Callable[[Message, Context], AsyncIterator[Message]]
    ) -> Callable[[Message | Malformed, Context], AsyncIterator[Message]]:
        async def call(request: Message | Malformed, context: Context) -> AsyncIterator[Message]:
            metadata = dict(context.invocation_metadata() or ())
            started = time.perf_counter()
            code = _GIVEN_UP
            RPC_IN_FLIGHT.inc()
            with self._tracing.server_span(policy.full_name, policy.workflow, metadata.get("traceparent")):
                try:
                    async with asyncio.timeout(self._seconds(context, _STREAM_DEADLINE_SECONDS)):
                        async for reply in serve(self._admit(policy, request, metadata), context):
                            yield reply
                    code = _SERVED
                except Exception as error:
                    told = self._tell(policy, error)
                    code = code_of(told).name
                    await abort(context, told, self._domain)
                    raise
                finally:
                    RPC_IN_FLIGHT.dec()
                    _observe(policy, code, started)

        return call

    @staticmethod
    def _seconds(context: Context, most: float) -> float:
        remaining = context.time_remaining()
        # A little before the caller gives up, so that it still hears why.
        return most if remaining is None else min(most, remaining * _OF_THE_CALLERS_TIME)

    def _admit(self, policy: RpcPolicy, request: Message | Malformed, metadata: dict[str, str | bytes]) -> Message:
        """The request, once this caller may make it. Sets the current call."""
        caller = self._identity.caller(_text(metadata.get("authorization")))
        if not caller.roles & policy.roles:
            needed = " or ".join(sorted(policy.roles))
            raise Refused("ROLE_MISSING", rule=f"this call needs {needed}", permission=True)
        if isinstance(request, Malformed):
            raise Invalid([Violation("", "is not a valid message of this kind")], reason="MALFORMED_REQUEST")
        name = force_field(request.DESCRIPTOR)
        if name is not None and getattr(request, name) != caller.force:
            raise Refused("FORCE_MISMATCH", rule=f"{name} must be the force of the caller's token", permission=True)
        fields, records = marks(request)
        set_call(
            Call(
                caller=caller,
                policy=policy,
                purpose=_purpose(_text(metadata.get("peel-purpose")), policy),
                fields=frozenset(fields),
                records=frozenset(records),
                request_id=_request_id(request) if policy.idempotent else None,
                digest=_digest(request) if policy.idempotent else b"",
            )
        )
        return request

    def _tell(self, policy: RpcPolicy, error: Exception) -> PeelError:
        told = explain(error)
        if code_of(told) is grpc.StatusCode.INTERNAL:
            _LOG.error("call failed", rpc=policy.full_name, trace_id=current_trace_id(), exc_info=error)
        return told


def _observe(policy: RpcPolicy, code: str, started: float) -> None:
    seconds = time.perf_counter() - started
    trace_id = sampled_trace_id()
    RPC_SECONDS.labels(policy.full_name, policy.workflow, code).observe(
        seconds, {"trace_id": trace_id} if trace_id else None
    )


def _tolerant(read: Callable[[bytes], Message]) -> Callable[[bytes], Message | Malformed]:
    """gRPC answers INTERNAL to a body it cannot read; the fault is the caller's and is told as such."""

    def tolerant(body: bytes) -> Message | Malformed:
        try:
            return read(body)
        except DecodeError:
            return Malformed()

    return tolerant


def _text(value: str | bytes | None) -> str | None:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value


def _purpose(given: str | None, policy: RpcPolicy) -> str:
    """What the caller says it is for, as a short code; else the workflow that the call is a step of."""
    if given and len(given) <= _PURPOSE_LONGEST and given.replace("-", "").replace("_", "").isalnum():
        return given
    return policy.workflow


def _request_id(request: Message) -> UUID:
    try:
        return UUID(request.request_id)  # type: ignore[attr-defined]
    except ValueError:
        raise Invalid([Violation("request_id", "must be a UUID, the same for every try of this request")]) from None


def _digest(request: Message) -> bytes:
    return hashlib.blake2b(request.SerializeToString(deterministic=True), digest_size=16).digest()
