"""On whose call a signal came: its audit row, kept with the signal until both are in the database (I6)."""

from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message

from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.bulk import joined
from services.kernel.caller import Call, Caller
from services.kernel.contract import RpcPolicy, marks
from services.kernel.telemetry.tracing import current_trace_id
from services.kernel.wire import optional_moment, stamp


def origin_of(call: Call, shown: Message | None, at: datetime) -> types.Origin:
    """Of a call in hand. What it is shown counts as consulted."""
    fields, records = marks(shown) if shown is not None else (set(), set())
    return types.Origin(
        subject=call.caller.subject,
        roles=sorted(call.caller.roles),
        force=call.caller.force,
        action=call.policy.audit,
        rpc=call.policy.full_name,
        records=sorted(call.records | records),
        fields=sorted(call.fields | fields),
        purpose=call.purpose,
        trace_id=current_trace_id(),
        at=stamp(at),
    )


def audit_of(origin: types.Origin) -> tuple[object, ...]:
    """The row for bulk.AUDIT."""
    return (
        optional_moment(origin, "at"),
        origin.subject,
        joined(origin.roles),
        origin.force,
        origin.action,
        origin.rpc,
        joined(origin.records),
        joined(origin.fields),
        origin.purpose,
        origin.trace_id,
    )


def call_of(origin: types.Origin, signal_id: UUID) -> Call:
    """The call as the appender stores it. A signal has one, by whatever way and however often it comes to be stored."""
    policy = RpcPolicy(origin.rpc, frozenset(origin.roles), origin.action, origin.purpose, idempotent=True)
    return Call(
        caller=Caller(origin.subject, origin.force, frozenset(origin.roles)),
        policy=policy,
        purpose=origin.purpose,
        fields=frozenset(origin.fields),
        records=frozenset(origin.records),
        request_id=signal_id,
        digest=signal_id.bytes,
    )
