"""The call that is measured: a burglary told by its victim, nobody real. And what storing it comes to in plain SQL."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from uuid import UUID, uuid4

from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.person_pb2 import Person
from peel.type.v1.place_pb2 import Place, Point
from services.intake import handlers
from services.intake.messages import contact_from
from services.kernel.audit import audit_row
from services.kernel.bulk import AUDIT, OUTBOX, REQUEST, outbox_row
from services.kernel.caller import Call, Caller
from services.kernel.contract import marks, rpc_policy
from services.kernel.database import Table
from services.kernel.wire import stamp

FORCE = "west-yorkshire"
ROLE = "call_handler"
METHOD = "/peel.intake.v1.IntakeService/OpenContact"
_NARRATIVE = (
    "BENCH, nobody real. The reporter came home at about six and found the kitchen window forced and the drawers "
    "turned out. A laptop and some jewellery are gone. Nobody was seen; a neighbour heard glass at about four."
)


def sample_request(now: datetime) -> api.OpenContactRequest:
    """A contact with one allegation that crime recording records at once. It lacks only its request_id."""
    request = api.OpenContactRequest(
        force=FORCE,
        channel=types.CHANNEL_NON_EMERGENCY_101,
        category=types.INCIDENT_CATEGORY_CRIME,
        first_contact_at=stamp(now - timedelta(minutes=2)),
        reporter_ref="v1",
        reporter_relation=types.REPORTER_RELATION_VICTIM,
        people=[
            Person(
                ref="v1", given_name="Bench", family_name="Nobody", date_of_birth="1970-01-01", phone="+441134960000"
            ),
        ],
        place=Place(
            point=Point(latitude=53.8008, longitude=-1.5491, accuracy_metres=10.0),
            address="On or near Bench Street",
            lsoa="E01011363",
        ),
        narrative=_NARRATIVE,
        allegations=[api.NewAllegation(offence_code="28E", victim_ref="v1", victim_confirms=True)],
    )
    getattr(request.occurred, "from").CopyFrom(stamp(now - timedelta(hours=10)))
    request.occurred.to.CopyFrom(stamp(now - timedelta(minutes=5)))
    return request


@dataclass(slots=True)
class EqualTransaction:
    """One statement that adds what a call adds (request, contact, allegation, event, audit) and the values it is sent.

    It runs in the database of the service, with its indexes, checks and triggers, under the same durability, prepared
    once, over the same kind of connection: loopback without TLS, as the services' own. Its ids are made by the server,
    as pgbench cannot make them; everything else is sent and read anew each time. What the service adds to that is the
    gRPC call: TLS, identity, checks, events, audit, traces and metrics.

    A group commit wakes the relay once, for all its calls. A single transaction that did the same would be a third of
    what is compared with, as Postgres lets one notifying transaction commit at a time; so without `waking` it wakes
    nobody, and the comparison is the harder one.
    """

    own: dict[UUID, str]
    values: list[str] = field(default_factory=list)

    @classmethod
    def of_a_call(cls, *, waking: bool) -> "tuple[str, EqualTransaction]":
        """The statement in pgbench's language, its values named :v0, :v1 …, and the transaction with these values."""
        request_id, contact_id, event_id = uuid4(), uuid4(), uuid4()
        made = cls({request_id: "made.request", contact_id: "made.contact", event_id: "made.event"})
        fresh, *rest = [made._insert(table, row) for table, row in _rows(request_id, contact_id, event_id)]
        parts = [
            "made as materialized (select gen_random_uuid() as request, uuidv7() as contact, uuidv7() as event)",
            f"fresh as ({fresh} on conflict do nothing returning id)",
            *(f"added_{number} as ({one} where exists (select from fresh))" for number, one in enumerate(rest)),
        ]
        woken = ", pg_notify('outbox', '')" if waking else ""
        return f"with {', '.join(parts)} select id{woken} from fresh;", made

    def _insert(self, table: Table, row: tuple[object, ...]) -> str:
        values = ", ".join(self._value(value, kind) for value, (_, kind) in zip(row, table.columns, strict=True))
        return f"insert into {table.name} ({table.names}) select {values} from made"

    def _value(self, value: object, kind: str) -> str:
        if isinstance(value, UUID):
            return self.own[value]
        if value is None:
            return f"null::{kind}"
        text = _text(value, kind)
        if not text:
            # pgbench takes no empty value.
            return "''"
        self.values.append(text)
        return f":v{len(self.values) - 1}::{kind}"


def _text(value: object, kind: str) -> str:
    """A value as PostgreSQL reads it."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if kind.endswith("[]"):
        return "{" + ",".join(str(value).split("\x1f")) + "}" if value else "{}"
    return str(int(value)) if isinstance(value, IntEnum) else str(value)


def _rows(request_id: UUID, contact_id: UUID, event_id: UUID) -> Iterator[tuple[Table, tuple[object, ...]]]:
    """The rows of one call, by the code that makes them when it is served."""
    now = datetime.now(UTC)
    request = sample_request(now)
    request.request_id = str(request_id)
    append = handlers.open_contact(contact_from(request, contact_id, now))
    call = _call(request, request_id)
    reply = append.reply.SerializeToString()
    yield REQUEST, (request_id, FORCE, call.policy.full_name, call.digest, reply)
    yield from append.rows
    for event, force, sequence in append.events:
        topic, key, _, *rest = outbox_row(event, force=force, sequence=sequence, time=now)
        yield OUTBOX, (topic, key, event_id, *rest)
    yield AUDIT, audit_row(call, append.reply, now)


def _call(request: api.OpenContactRequest, request_id: UUID) -> Call:
    policy = rpc_policy(api.DESCRIPTOR.services_by_name["IntakeService"].methods_by_name["OpenContact"])
    fields, records = marks(request)
    caller = Caller("local-call-handler", FORCE, frozenset({"ROLE_CALL_HANDLER"}))
    return Call(caller, policy, policy.workflow, frozenset(fields), frozenset(records), request_id, bytes(16))
