"""The same request twice is one request: the second gets the first one's reply."""

from typing import TypeAlias
from uuid import UUID

from google.protobuf.message import Message

from services.kernel.bulk import REQUEST
from services.kernel.caller import Call
from services.kernel.errors import Conflict
from services.kernel.transaction import Transaction

# A row of bulk.REQUEST: id, force, method, digest of the request, serialised reply.
Request: TypeAlias = tuple[UUID | None, str, str, bytes, bytes]


def check_same(call: Call, force: str, method: str, digest: bytes) -> None:
    """Raises Conflict(REQUEST_ID_REUSED) where the stored request is not this one."""
    if (force, method, digest) != (call.caller.force, call.policy.full_name, call.digest):
        raise Conflict("REQUEST_ID_REUSED", rule="this request_id was used before for a request with another body")


async def first_reply(tx: Transaction, call: Call) -> bytes | None:
    """The reply that this request got before, serialised; None for a new one."""
    row = await tx.maybe("select force, method, digest, reply from request where id = $1", call.request_id)
    if row is None:
        return None
    check_same(call, row["force"], row["method"], row["digest"])
    return bytes(row["reply"])


def request_row(call: Call, reply: Message) -> Request:
    """The row for bulk.REQUEST."""
    return (call.request_id, call.caller.force, call.policy.full_name, call.digest, reply.SerializeToString())


def remember(tx: Transaction, call: Call, reply: Message) -> None:
    """Stores the reply with the effect it is of."""
    tx.add(REQUEST, request_row(call, reply))
