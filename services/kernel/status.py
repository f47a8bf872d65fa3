"""Errors as gRPC statuses with google.rpc details: a reason for machines, a rule for people."""

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from services.kernel.database import TRANSIENT
from services.kernel.errors import Invalid, Kind, PeelError, Unavailable

_CODES = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.CONFLICT: grpc.StatusCode.ALREADY_EXISTS,
    Kind.BUSY: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}
_RETRY_SECONDS = {Kind.BUSY: 0.2, Kind.UNAVAILABLE: 1.0}
_DETAILS_KEY = "grpc-status-details-bin"


def explain(error: BaseException) -> PeelError:
    """What the caller is told of an error. What nobody foresaw is told without its message, which may quote a row."""
    if isinstance(error, PeelError):
        return error
    if isinstance(error, TRANSIENT):
        return Unavailable("STORE_UNAVAILABLE", rule="the store does not answer; nothing was half-written")
    return _Unforeseen()


class _Unforeseen(PeelError):
    def __init__(self) -> None:
        super().__init__("INTERNAL", rule="an error of ours; the trace id in the log leads to it")


def code_of(error: PeelError) -> grpc.StatusCode:
    """The status code for an error."""
    return grpc.StatusCode.INTERNAL if isinstance(error, _Unforeseen) else _CODES[error.kind]


async def abort(context: grpc.aio.ServicerContext[object, object], error: PeelError, domain: str) -> None:
    """Ends the call with the error's status. Always raises."""
    code = code_of(error)
    message = f"{error.reason}: {error.rule}"
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=error.reason, domain=domain, metadata=error.metadata)]
    if isinstance(error, Invalid) and error.violations:
        violations = [
            error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.rule, reason=v.reason)
            for v in error.violations
        ]
        details.append(error_details_pb2.BadRequest(field_violations=violations))
    if seconds := _RETRY_SECONDS.get(error.kind):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(int(seconds * 1000))
        details.append(retry)
    status = status_pb2.Status(code=code.value[0], message=message)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    await context.abort(code, message, trailing_metadata=((_DETAILS_KEY, status.SerializeToString()),))
