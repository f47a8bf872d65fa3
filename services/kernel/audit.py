"""The audit row of a call: who did what to which record (DPA 2018 s.62). Names of fields, never their values."""

from datetime import datetime

from google.protobuf.message import Message

from services.kernel.bulk import joined
from services.kernel.caller import Call
from services.kernel.contract import marks
from services.kernel.telemetry.tracing import current_trace_id


def audit_row(call: Call, reply: Message | None, at: datetime, trace_id: str | None = None) -> tuple[object, ...]:
    """The row for bulk.AUDIT. The reply counts too: what was shown was consulted. Of the current trace unless given."""
    fields, records = marks(reply) if reply is not None else (set(), set())
    return (
        at,
        call.caller.subject,
        joined(call.caller.roles),
        call.caller.force,
        call.policy.audit,
        call.policy.full_name,
        joined(call.records | records),
        joined(call.fields | fields),
        call.purpose,
        current_trace_id() if trace_id is None else trace_id,
    )
