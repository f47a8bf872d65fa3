"""Many rows of many tables in one statement, so that a transaction costs one round trip however much it writes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from google.protobuf.message import Message

from services.kernel.contract import aggregate_id, event_policy
from services.kernel.database import Table
from services.kernel.envelope import PAYLOAD_BYTES
from services.kernel.errors import TooLarge
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
COUNTER = Table.of("counter", "name text, last bigint", "(name) do update set last = excluded.last")
# Separates the items of an array column: arrays of arrays cannot be unnested side by side.
_SEPARATOR = "\x1f"
_ROOMS = (1, 2, 4, 8, 16)


def joined(items: Sequence[str] | frozenset[str]) -> str:
    """The value of a text[] column in a bulk row. A zero byte, which no text column takes, becomes U+FFFD."""
    text = _SEPARATOR.join(sorted(items))
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def outbox_row(event: Message, *, force: str, sequence: int, time: object) -> tuple[object, ...]:
    """The outbox row of an event: its topic and key come from the contract, its trace from where it happens.

    Raises TooLarge for one that the producer could never send: it would hold up every event behind it for ever.
    """
    policy = event_policy(event.DESCRIPTOR)
    subject = aggregate_id(event)
    if not subject or not force:
        raise ValueError(f"{event.DESCRIPTOR.full_name} names no aggregate or no force")
    payload = event.SerializeToString()
    if len(payload) > PAYLOAD_BYTES:
        raise TooLarge(event.DESCRIPTOR.name, PAYLOAD_BYTES)
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
        payload,
    )


Row: TypeAlias = tuple[object, ...]
# A table and how many rows there is room for; 0 for any number.
Block: TypeAlias = tuple[Table, int]


@dataclass(slots=True)
class Rows:
    """Rows to add, by table, in the order the tables were first named."""

    by_table: dict[Table, list[Row]] = field(default_factory=dict)

    def add(self, table: Table, row: Row) -> None:
        """Raises ValueError for what is no row of the table."""
        table.check(row)
        self.by_table.setdefault(table, []).append(row)

    def __bool__(self) -> bool:
        return bool(self.by_table)

    @property
    def shape(self) -> tuple[Block, ...]:
        """What a statement for these rows has to have room for."""
        return tuple((table, room(len(rows))) for table, rows in self.by_table.items())


def room(rows: int) -> int:
    """How many rows the statement for so many has room for.

    Few rows are sent value by value, which costs half of what arrays cost on either side. Only a few sizes, so that
    each is planned once and used again; what stays empty is filled with nulls. Many rows are sent as arrays.
    """
    return next((size for size in _ROOMS if size >= rows), 0)


def source_sql(columns: Sequence[tuple[str, str]], size: int, first: int) -> str:
    """A table expression of so many rows, parameters from $first on: "(values …) as x(a, b)"."""
    names = ", ".join(name for name, _ in columns)
    if not size:
        arrays = ", ".join(f"${first + i}::{kind}[]" for i, (_, kind) in enumerate(columns))
        return f"unnest({arrays}) as x({names})"
    width = len(columns)
    # The first row says what its columns are; the others follow.
    rows = [", ".join(f"${first + i}::{kind}" for i, (_, kind) in enumerate(columns))]
    rows += [", ".join(f"${first + number * width + i}" for i in range(width)) for number in range(1, size)]
    return f"(values {', '.join(f'({row})' for row in rows)}) as x({names})"


def source_args(rows: Sequence[Row], size: int) -> list[object]:
    """The parameters of source_sql."""
    if not size:
        return [list(column) for column in zip(*rows, strict=True)]
    args = [value for row in rows for value in row]
    args.extend([None] * ((size - len(rows)) * len(rows[0])))
    return args


@cache
def insert_sql(shape: tuple[Block, ...], first: int = 1, gate: str | None = None) -> str:
    """Inserts for these tables as common table expressions, parameters from $first on.

    With `gate`, each row carries the id of the request it belongs to as one more, leading parameter, and is added only
    where the expression named `gate` holds that id.
    """
    parts = []
    for number, (table, size) in enumerate(shape):
        columns = [(name, "text" if kind.endswith("[]") else kind) for name, kind in table.columns]
        if gate:
            columns.insert(0, ("of_request", "uuid"))
        # A null in the first column is room that stayed empty: no row has one (Table.check).
        such = f"x.of_request in (select id from {gate})" if gate else f"x.{columns[0][0]} is not null"
        conflict = f" on conflict {table.on_conflict}" if table.on_conflict else ""
        parts.append(
            f"added_{number} as (insert into {table.name} ({table.names}) "
            f"select {_selected(table)} from {source_sql(columns, size, first)} where {such}{conflict})"
        )
        first += len(columns) * (size or 1)
    return ", ".join(parts)


def insert_args(rows: Rows) -> list[object]:
    """The parameters of insert_sql without a gate."""
    return [value for added in rows.by_table.values() for value in source_args(added, room(len(added)))]


def wake_ups(shape: tuple[Block, ...]) -> str:
    """Columns that wake the relay and the timer loop at commit, once a transaction and not once a row."""
    written = [table for table, _ in shape]
    calls = [f"(select pg_notify('{table.name}', ''))" for table in (OUTBOX, TIMER) if table in written]
    return ", ".join(calls) or "1"


def _selected(table: Table) -> str:
    return ", ".join(
        f"string_to_array(x.{name}, E'\\x1f')::{kind}" if kind.endswith("[]") else f"x.{name}"
        for name, kind in table.columns
    )
