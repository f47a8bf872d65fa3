"""The gRPC door: what the contract declares for an RPC is enforced here, around every call, in one place.

Order: malformed input, trace, identity, role, force, request id, deadline, the call, then status and metrics. Anything
that is not one of Peel's own services (health, reflection) passes through; of its streams, only so many (guests.py).
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias, cast
from uuid import UUID, uuid5

import grpc
from google.protobuf.message import DecodeError, Message
from prometheus_client import Histogram

from services.kernel.caller import Call, Caller, set_call
from services.kernel.contract import RpcPolicy, force_field, marks
from services.kernel.errors import Busy, Invalid, PeelError, Refused, Unavailable, Violation
from services.kernel.guests import Guests
from services.kernel.identity import Identity
from services.kernel.replies import Context, Handler, write_all
from services.kernel.salvage import salvage, unreadable_field
from services.kernel.settings import Settings
from services.kernel.status import abort, code_of, explain
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import RPC_IN_FLIGHT, RPC_SECONDS, STANDING, STANDING_ENDED
from services.kernel.telemetry.tracing import Tracing, current_trace_id, sampled_trace_id

__all__ = ["Context", "Door", "Malformed"]

_LOG = logger(__name__)

Metadata: TypeAlias = dict[str, str | bytes]
_PURPOSE_LONGEST = 64
_OF_THE_CALLERS_TIME = 0.9
_STREAM_DEADLINE_SECONDS = 300.0
_SERVED = grpc.StatusCode.OK.name
# Neither a reply nor an error: the caller went away.
_GIVEN_UP = grpc.StatusCode.CANCELLED.name
_EXPIRED_IN_AN_EMERGENCY = timedelta(hours=24)
# The same damaged request is the same one for this long: who presses again later presses again.
_SAME_SECONDS = 600
_MADE_IDS = UUID("6d1a3c0e-7a51-4c1e-9d0b-5d0c6f1e2a74")


@dataclass(frozen=True, slots=True)
class Malformed:
    """Stands for a request that is not a message of its kind: broken wire format or text that is not UTF-8."""

    read: Callable[[bytes], Message]
    body: bytes


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
        # Of RPC_SECONDS, by method and status: looking one up by its labels costs more than observing.
        self._series: dict[tuple[str, str], Histogram] = {}
        # Streams that are open. No more than these, so that a call of one message always finds room beside them.
        self._streams, self._most_streams = 0, settings.most_streams
        self._guests = Guests(settings.most_watches, domain)
        self._standing: set[asyncio.Timeout] = set()
        self._stopping = False

    def end_standing(self) -> None:
        """Ends every stream that would stand for ever, and takes no more: their callers go to another replica."""
        self._stopping = True
        for limit in self._standing:
            limit.reschedule(0.0)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is not None:
            return wrapped
        policy, handler = self._policies.get(method), cast(Any, await continuation(handler_call_details))
        if policy is not None:
            wrapped = self._wrap(policy, handler)
        elif handler is not None and handler.response_streaming:
            wrapped = self._guests.bounded(method, handler)
        else:
            # Short, or served by nobody.
            return cast(Handler, handler)
        self._wrapped[method] = wrapped
        return wrapped

    def _wrap(self, policy: RpcPolicy, handler: Any) -> Handler:
        read, write = _tolerant(handler.request_deserializer), handler.response_serializer
        match handler.request_streaming, handler.response_streaming:
            case False, False:
                return grpc.unary_unary_rpc_method_handler(self._unary(policy, handler.unary_unary), read, write)
            case False, True:
                return grpc.unary_stream_rpc_method_handler(self._stream(policy, handler.unary_stream), read, write)
            case True, False:
                return grpc.stream_unary_rpc_method_handler(self._gather(policy, handler.stream_unary), read, write)
            case _:
                return grpc.stream_stream_rpc_method_handler(self._talk(policy, handler.stream_stream), read, write)

    def _unary(
        self, policy: RpcPolicy, serve: Callable[[Message, Context], Awaitable[Message]]
    ) -> Callable[[Message | Malformed, Context], Awaitable[Message]]:
        # Out of time is answered as STORE_UNAVAILABLE and not as DEADLINE_EXCEEDED: a use case waits for nothing but
        # the store, it is cut off there (database.borrowed), and its caller may come again with the same request_id.
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
                    self._observe(policy, code, started)

        return call

    def _stream(
        self, policy: RpcPolicy, serve: Callable[[Message, Context], AsyncGenerator[Message, None]]
    ) -> Callable[[Message | Malformed, Context], Awaitable[None]]:
        async def call(request: Message | Malformed, context: Context) -> None:
            async with self._streaming(policy, context) as metadata:
                await write_all(serve(self._admit(policy, request, metadata), context), context)

        return call

    def _gather(
        self, policy: RpcPolicy, serve: Callable[[AsyncIterator[Message], Context], Awaitable[Message]]
    ) -> Callable[[AsyncIterator[Message | Malformed], Context], Awaitable[Message]]:
        async def call(requests: AsyncIterator[Message | Malformed], context: Context) -> Message:
            async with self._streaming(policy, context) as metadata:
                return await serve(self._admit_each(policy, requests, metadata), context)

        return call

    def _talk(
        self, policy: RpcPolicy, serve: Callable[[AsyncIterator[Message], Context], AsyncGenerator[Message, None]]
    ) -> Callable[[AsyncIterator[Message | Malformed], Context], Awaitable[None]]:
        async def call(requests: AsyncIterator[Message | Malformed], context: Context) -> None:
            async with self._streaming(policy, context) as metadata:
                await write_all(serve(self._admit_each(policy, requests, metadata), context), context)

        return call

    @asynccontextmanager
    async def _streaming(self, policy: RpcPolicy, context: Context) -> AsyncIterator[Metadata]:
        """Around a call with a stream on either side: trace, deadline, status and metrics."""
        started = time.perf_counter()
        code = _GIVEN_UP
        open_now = STANDING.labels(policy.full_name) if policy.standing else RPC_IN_FLIGHT
        open_now.inc()
        metadata = dict(context.invocation_metadata() or ())
        with self._tracing.server_span(policy.full_name, policy.workflow, _text(metadata.get("traceparent"))):
            try:
                with self._one_stream():
                    async with self._limit(policy, context):
                        yield metadata
                code = _SERVED
            except Exception as error:
                told = self._tell(policy, error)
                code = code_of(told).name
                await abort(context, told, self._domain)
                raise
            finally:
                open_now.dec()
                if policy.standing:
                    STANDING_ENDED.labels(policy.full_name, policy.workflow, code).inc()
                else:
                    self._observe(policy, code, started)

    @contextmanager
    def _one_stream(self) -> Iterator[None]:
        """Room for one. A press must not be turned away because consoles and terminals hold all there is (I4)."""
        if self._streams >= self._most_streams:
            raise Busy("STREAMS_FULL", rule="this replica has as many streams open as it takes; call again for another")
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    @asynccontextmanager
    async def _limit(self, policy: RpcPolicy, context: Context) -> AsyncIterator[None]:
        """How long a stream may last. One that stands is ended by its caller, by gRPC at its caller's deadline, or by
        the end of this process."""
        if not policy.standing:
            async with asyncio.timeout(self._seconds(context, _STREAM_DEADLINE_SECONDS)):
                yield
            return
        limit = asyncio.timeout(0.0 if self._stopping else None)
        try:
            async with limit:
                self._standing.add(limit)
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise Unavailable("STOPPING", rule="this replica is stopping; call again and another answers") from None
        finally:
            self._standing.discard(limit)

    @staticmethod
    def _seconds(context: Context, most: float) -> float:
        remaining = context.time_remaining()
        # A little before the caller gives up, so that it still hears why.
        return most if remaining is None else min(most, remaining * _OF_THE_CALLERS_TIME)

    def _admit(self, policy: RpcPolicy, request: Message | Malformed, metadata: Metadata) -> Message:
        """The request, once this caller may make it. Sets the current call."""
        caller = self._caller(policy, metadata)
        message, damaged = self._message(policy, request, caller)
        fields, records = marks(message)
        request_id, digest = None, b""
        if policy.idempotent:
            digest = _digest(request.body if isinstance(request, Malformed) else _canonical(message))
            request_id = _made_id(message, digest, caller) if policy.emergency else _request_id(message)
        set_call(
            Call(
                caller=caller,
                policy=policy,
                purpose=_purpose(_text(metadata.get("peel-purpose")), policy),
                fields=frozenset(fields),
                records=frozenset(records),
                request_id=request_id,
                digest=digest,
                salvaged=damaged,
            )
        )
        return message

    def _admit_each(
        self, policy: RpcPolicy, requests: AsyncIterator[Message | Malformed], metadata: Metadata
    ) -> AsyncIterator[Message]:
        """The requests of a stream. Who calls is settled at once and sets the current call; each message is looked at.

        The call's fields and records stay empty: what a stream will carry nobody knows yet.
        """
        caller = self._caller(policy, metadata)
        purpose = _purpose(_text(metadata.get("peel-purpose")), policy)
        set_call(Call(caller, policy, purpose, frozenset(), frozenset(), None, b""))

        async def each() -> AsyncIterator[Message]:
            async for request in requests:
                yield self._message(policy, request, caller)[0]

        return each()

    def _caller(self, policy: RpcPolicy, metadata: Metadata) -> Caller:
        """Who calls, if they may."""
        leeway = _EXPIRED_IN_AN_EMERGENCY if policy.emergency else timedelta(0)
        caller = self._identity.caller(_text(metadata.get("authorization")), leeway)
        if not caller.roles & policy.roles:
            needed = " or ".join(sorted(policy.roles))
            raise Refused("ROLE_MISSING", rule=f"this call needs {needed}", permission=True)
        return caller

    @staticmethod
    def _message(policy: RpcPolicy, request: Message | Malformed, caller: Caller) -> tuple[Message, bool]:
        """The message, of the caller's force, and whether it is not as it was sent.

        In an emergency what can be read of it, and the force is the token's, whatever the message says.
        """
        damaged = isinstance(request, Malformed)
        if isinstance(request, Malformed):
            if not policy.emergency:
                raise _malformed(request)
            request = salvage(request.read, request.body)
        name = force_field(request.DESCRIPTOR)
        if name is not None and getattr(request, name) != caller.force:
            if not policy.emergency:
                raise Refused("FORCE_MISMATCH", rule=f"{name} must be the force of the caller's token", permission=True)
            setattr(request, name, caller.force)
            damaged = True
        return request, damaged

    def _observe(self, policy: RpcPolicy, code: str, started: float) -> None:
        seconds = time.perf_counter() - started
        series = self._series.get((policy.full_name, code))
        if series is None:
            series = RPC_SECONDS.labels(policy.full_name, policy.workflow, code)
            self._series[policy.full_name, code] = series
        trace_id = sampled_trace_id()
        series.observe(seconds, {"trace_id": trace_id} if trace_id else None)

    def _tell(self, policy: RpcPolicy, error: Exception) -> PeelError:
        told = explain(error)
        if code_of(told) is grpc.StatusCode.INTERNAL:
            _LOG.error("call failed", rpc=policy.full_name, trace_id=current_trace_id(), exc_info=error)
        return told


def _tolerant(read: Callable[[bytes], Message]) -> Callable[[bytes], Message | Malformed]:
    """gRPC answers INTERNAL to a body it cannot read; the fault is the caller's and is told as such."""

    def tolerant(body: bytes) -> Message | Malformed:
        try:
            return read(body)
        except DecodeError:
            return Malformed(read, body)

    return tolerant


def _malformed(request: Malformed) -> Invalid:
    field = unreadable_field(request.read, request.body)
    rule = "cannot be read: text is UTF-8" if field else "is not a valid message of this kind"
    return Invalid([Violation(field, rule)], reason="MALFORMED_REQUEST")


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


def _made_id(request: Message, digest: bytes, caller: Caller) -> UUID:
    """The request id, or where it is none, one made of the caller and the body."""
    try:
        return UUID(request.request_id)  # type: ignore[attr-defined]
    except ValueError:
        name = f"{caller.force}/{caller.subject}/{digest.hex()}/{int(time.time() / _SAME_SECONDS)}"
        return uuid5(_MADE_IDS, name)


def _canonical(request: Message) -> bytes:
    return request.SerializeToString(deterministic=True)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
