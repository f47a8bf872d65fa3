"""Many rows of many tables in one statement, so that a transaction costs one round trip however much it writes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from google.protobuf.message import Message

from services.kernel.contract import aggregate_id, event_policy
from services.kernel.database import Table
from services.kernel.ids import new_id
from services.kernel.telemetry.tracing import current_traceparent

OUTBOX = Table.of(
    "outbox",
    "topic text, key text, event_id uuid, type text, force text, subject text, sequence bigint, time timestamptz, "
    "traceparent text, payload bytea",
)
AUDIT = Table.of(
    "audit",
    "at timestamptz, subject text, roles text[], force text, action text, rpc text, records text[], fields text[], "
    "purpose text, trace_id text",
)
REQUEST = Table.of("request", "id uuid, force text, method text, digest bytea, reply bytea")
TIMER = Table.of(
    "timer",
    "id uuid, kind text, subject uuid, force text, due timestamptz, owner text, started_at timestamptz",
    # One that has fired or was cancelled is armed anew; nobody moves one that waits.
    "(kind, subject) do update set id = excluded.id, force = excluded.force, due = excluded.due, "
    "owner = excluded.owner, started_at = excluded.started_at, state = 'WAITING', settled_at = null "
    "where timer.state <> 'WAITING'",
)
# Separates the items of an array column: arrays of arrays cannot be unnested side by side.
_SEPARATOR = "\x1f"


def joined(items: Sequence[str] | frozenset[str]) -> str:
    """The value of a text[] column in a bulk row. A zero byte, which no text column takes, becomes U+FFFD."""
    text = _SEPARATOR.join(sorted(items))
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def outbox_row(event: Message, *, force: str, sequence: int, time: object) -> tuple[object, ...]:
    """The outbox row of an event: its topic and key come from the contract, its trace from where it happens."""
    policy = event_policy(event.DESCRIPTOR)
    subject = aggregate_id(event)
    if not subject or not force:
        raise ValueError(f"{event.DESCRIPTOR.full_name} names no aggregate or no force")
    return (
        policy.topic,
        f"{force}/{subject}",
        new_id(),
        event.DESCRIPTOR.full_name,
        force,
        subject,
        sequence,
        time,
        current_traceparent(),
        event.SerializeToString(),
    )


@dataclass(slots=True)
class Rows:
    """Rows to add, by table, in the order the tables were first named."""

    by_table: dict[Table, list[tuple[object, ...]]] = field(default_factory=dict)

    def add(self, table: Table, row: tuple[object, ...]) -> None:
        if len(row) != len(table.columns):
            raise ValueError(f"{table.name} has {len(table.columns)} columns, the row {len(row)}")
        self.by_table.setdefault(table, []).append(row)

    def __bool__(self) -> bool:
        return bool(self.by_table)

    @property
    def shape(self) -> tuple[Table, ...]:
        return tuple(self.by_table)


def _parameter_types(table: Table) -> list[str]:
    return ["text" if kind.endswith("[]") else kind for _, kind in table.columns]


def _selected(table: Table) -> str:
    return ", ".join(
        f"string_to_array(x.{name}, E'\\x1f')::{kind}" if kind.endswith("[]") else f"x.{name}"
        for name, kind in table.columns
    )


@cache
def insert_sql(shape: tuple[Table, ...], first: int = 1, gate: str | None = None) -> str:
    """Inserts for these tables as common table expressions, parameters from $first on.

    With `gate`, each row carries the id of the request it belongs to as one more, leading parameter, and is added only
    where the expression named `gate` holds that id.
    """
    parts = []
    for number, table in enumerate(shape):
        types = (["uuid"] if gate else []) + _parameter_types(table)
        arrays = ", ".join(f"${first + i}::{kind}[]" for i, kind in enumerate(types))
        names = ("of_request, " if gate else "") + table.names
        where = f" where x.of_request in (select id from {gate})" if gate else ""
        conflict = f" on conflict {table.on_conflict}" if table.on_conflict else ""
        parts.append(
            f"added_{number} as (insert into {table.name} ({table.names}) "
            f"select {_selected(table)} from unnest({arrays}) as x({names}){where}{conflict})"
        )
        first += len(types)
    return ", ".join(parts)


def wake_ups(shape: tuple[Table, ...]) -> str:
    """Columns that wake the relay and the timer loop at commit, once a transaction and not once a row."""
    calls = [f"(select pg_notify('{table.name}', ''))" for table in (OUTBOX, TIMER) if table in shape]
    return ", ".join(calls) or "1"


def insert_args(rows: Rows) -> list[list[object]]:
    """The parameters of insert_sql without a gate, one array a column."""
    return [array for table, added in rows.by_table.items() for array in table.arrays(added)]
