"""People who call the public API with a token of their role, and what they are told when they are refused."""

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from peel.options.v1 import options_pb2 as options

Request = TypeVar("Request")
Reply = TypeVar("Reply")
Metadata = Sequence[tuple[str, str | bytes]]

_SECONDS = 10.0
_DETAILS = "grpc-status-details-bin"
# Shorter values, such as a house number, may well occur in a rule by chance.
_TELLING_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a call that was not carried out: status, google.rpc details, and every byte that came with it."""

    code: grpc.StatusCode
    message: str
    reason: str
    domain: str
    metadata: dict[str, str]
    # Rule and reason by field.
    fields: dict[str, tuple[str, str]]
    retry_seconds: float | None
    raw: bytes

    @property
    def told(self) -> tuple[grpc.StatusCode, str]:
        """What machines look at."""
        return self.code, self.reason


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token, or without one."""

    token: str | None
    more: Metadata = ()

    @property
    def headers(self) -> tuple[tuple[str, str | bytes], ...]:
        given = [("authorization", f"Bearer {self.token}")] if self.token is not None else []
        return (*given, *self.more)

    def ask(
        self, method: "grpc.UnaryUnaryMultiCallable[Request, Reply]", request: Request, seconds: float = _SECONDS
    ) -> Reply:
        """The reply. Raises grpc.RpcError."""
        return method(request, timeout=seconds, metadata=self.headers)

    def listen(
        self, method: "grpc.UnaryStreamMultiCallable[Request, Reply]", request: Request, seconds: float = _SECONDS
    ) -> list[Reply]:
        """Every reply of a stream. Raises grpc.RpcError."""
        return list(method(request, timeout=seconds, metadata=self.headers))

    def send(
        self,
        method: "grpc.StreamUnaryMultiCallable[Request, Reply]",
        requests: Iterable[Request],
        seconds: float = _SECONDS,
    ) -> Reply:
        """The reply to a stream of requests. Raises grpc.RpcError."""
        return method(iter(requests), timeout=seconds, metadata=self.headers)

    def refused(self, method: Callable[..., object], request: object, seconds: float = _SECONDS) -> Refusal:
        """How a call is refused. Fails where it is carried out, or where the refusal repeats personal data (I7)."""
        with pytest.raises(grpc.RpcError) as caught:
            self._carry_out(method, request, seconds)
        refusal = _refusal(caught.value)
        if isinstance(request, Message):
            told = [value for value in personal_values(request) if value.encode() in refusal.raw]
            assert not told, f"{refusal.reason} repeats personal data"
        return refusal

    def _carry_out(self, method: Callable[..., object], request: object, seconds: float) -> None:
        reply = method(request, timeout=seconds, metadata=self.headers)
        if isinstance(reply, Iterator):
            list(reply)


def _refusal(error: grpc.RpcError) -> Refusal:
    trailing = dict(cast(Metadata, error.trailing_metadata() or ()))
    raw = trailing.get(_DETAILS, b"")
    status = status_pb2.Status.FromString(raw if isinstance(raw, bytes) else base64.b64decode(raw))
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for detail in status.details:
        for kind in (info, bad, retry):
            if detail.Is(kind.DESCRIPTOR):
                detail.Unpack(kind)
    return Refusal(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason,
        domain=info.domain,
        metadata=dict(info.metadata),
        fields={one.field: (one.description, one.reason) for one in bad.field_violations},
        retry_seconds=retry.retry_delay.ToTimedelta().total_seconds() if retry.HasField("retry_delay") else None,
        raw=b"\n".join([(error.details() or "").encode(), *(_bytes(v) for v in trailing.values())]),
    )


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def personal_values(message: Message) -> Iterator[str]:
    """The values of all fields, at any depth, that the contract marks as personal."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if field.is_repeated else (value,):
                yield from personal_values(inner)
        elif field.GetOptions().Extensions[options.personal] and len(str(value)) >= _TELLING_LENGTH:
            yield str(value)
