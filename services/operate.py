"""What the command line looks at and does, apart from running processes: the answers come as tables to print."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from types import ModuleType
from zoneinfo import ZoneInfo

import asyncpg
import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import SecretStr
from rich.table import Table
from rich.text import Text

from peel.crime.v1 import api_pb2 as crime
from peel.crime.v1 import api_pb2_grpc as crime_grpc
from services.arrival import PATIENCE, Arrival, compare
from services.kernel import backlog, contract, dlq, kafka, migrations, seal
from services.kernel.clock import SystemClock, open_clock
from services.kernel.database import Connection
from services.kernel.errors import NotFound, OperatorFault
from services.kernel.settings import Settings
from services.kernel.tls import client_channel
from services.layout import a_table
from services.table import SERVICES

_UNREACHABLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
_CONNECT_SECONDS, _STATEMENT_SECONDS = 3.0, 5.0
# For what reads a whole ledger or a whole audit.
_WHOLE_SECONDS = 600.0
_SECRET = "(secret)"  # noqa: S105 - what is shown instead of one
_PASSWORD = re.compile(r"(://[^:/@\s]*:)\S*@")
_PASSWORD_PARAMETER = re.compile(r"([?&\s]\w*password=)[^&\s]*")


async def migrate(settings: Settings, service: str, phase: str) -> list[str]:
    """Applies the missing migrations and creates the service's missing topics; returns the names of what it did."""
    phases = ("pre", "post") if phase == "all" else (phase,)
    try:
        applied = await migrations.migrate(settings, service, phases)
    except _UNREACHABLE as error:
        raise OperatorFault(f"the database of {service} does not answer: {type(error).__name__}") from error
    if "pre" in phases:
        try:
            applied += await asyncio.to_thread(kafka.create_topics, settings, contract.topics((service,)))
        except (OSError, kafka.BrokerError) as error:
            raise OperatorFault(f"Kafka does not answer: {type(error).__name__}") from error
    return applied


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the backlog catalogue, measured."""

    name: str
    owner: str
    size: int
    oldest_seconds: float
    meaning: str


async def backlogs(settings: Settings) -> tuple[list[Waiting], list[str]]:
    """The backlog catalogue, measured now, and the parts that did not answer."""
    clock = open_clock(settings)
    lines, unreachable = [], []
    for service in SERVICES:
        try:
            async with _connected(settings, service) as connection:
                for one in backlog.backlogs_of(service):
                    level = await backlog.measure(connection, one, clock)
                    lines.append(Waiting(one.name, one.owner, level.size, level.oldest_seconds, one.meaning))
        except _UNREACHABLE:
            unreachable.append(f"database of {service}")
    # Side by side: a broker that is away is waited for once.
    asked = [asyncio.to_thread(_unread, settings, service) for service in SERVICES]
    for service, waiting in zip(SERVICES, await asyncio.gather(*asked), strict=True):
        if waiting is None:
            unreachable.append(f"events for {service} on Kafka")
        else:
            lines.append(waiting)
    return lines, unreachable


def backlogs_table(settings: Settings, lines: Sequence[Waiting]) -> Table:
    """The catalogue as a table."""
    table = a_table("backlog", "owner", "waiting", "oldest", "what it is", title=_title("Backlogs", settings))
    for one in lines:
        size = Text(f"{one.size:,}", "bold" if one.size else "")
        table.add_row(one.name, one.owner, size, _age(one.oldest_seconds) if one.size else "-", one.meaning)
    return table


def _unread(settings: Settings, service: str) -> Waiting | None:
    """The events that wait on Kafka for a service; None where Kafka does not answer."""
    topics = import_module(f"services.{service}.worker").reactions.topics
    try:
        unread = kafka.unread(settings, service, topics) if topics else kafka.Unread(0, None)
    except (OSError, kafka.BrokerError):
        return None
    # By the machine's clock, as the broker's: a rehearsal steps the kernel's.
    age = (SystemClock().now() - unread.oldest).total_seconds() if unread.oldest else 0.0
    meaning = "Events that the worker has not read yet."
    return Waiting(f"{service}.inbox", "platform on-call", unread.size, max(0.0, age), meaning)


def _age(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{rest // 60} min {rest % 60:02d} s"


def _title(what: str, settings: Settings) -> str:
    return f"{what} (REHEARSAL: not a real duty)" if settings.rehearsal else what


def days(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """The first and the last moment of these days, both days included, in the forces' own time."""
    try:
        first = _midnight(since) if since else None
        last = _midnight(until + timedelta(days=1)) - timedelta(microseconds=1) if until else None
    except OverflowError as error:
        raise OperatorFault("the calendar does not reach that far") from error
    return first, last


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo("Europe/London")).astimezone(UTC)


async def arrival(settings: Settings, force: str, since: datetime | None, until: datetime | None) -> Arrival:
    """What intake acknowledged against what crime recording holds."""
    async with (
        _database(settings, "intake", _WHOLE_SECONDS) as told,
        _database(settings, "crime", _WHOLE_SECONDS) as held,
    ):
        return await compare(told, held, force, since, until)


def arrival_table(settings: Settings, force: str, found: Arrival) -> Table:
    """The comparison as a table."""
    minutes = int(PATIENCE.total_seconds() // 60)
    lost = f"lost / not yet arrived (over {minutes} min)"
    columns = ("received by intake", "arrived in crime", "on their way", lost, "oldest not arrived")
    table = a_table(*columns, title=_title(f"Contacts of {force}, from intake to crime", settings))
    absent = found.on_their_way + found.missing
    missing = Text(f"{found.missing:,}", "red" if found.missing else "")
    oldest = _age(found.oldest_seconds) if absent else "-"
    table.add_row(f"{found.acknowledged:,}", f"{found.arrived:,}", f"{found.on_their_way:,}", missing, oldest)
    return table


async def reconcile(
    settings: Settings, force: str, since: datetime | None, until: datetime | None, by: Sequence[str]
) -> tuple[Table, int]:
    """The reconciliation, asked of the crime service as any partner would, and how many are undecided and overdue."""
    if "crime" not in settings.addresses or settings.token_file is None:
        raise OperatorFault("set PEEL_ADDRESSES (JSON with the address of crime) and PEEL_TOKEN_FILE")
    request = crime.ReconcileReportsRequest(
        force=force, by=[crime.ReconcileDimension.Value(f"RECONCILE_DIMENSION_{one.upper()}") for one in by]
    )
    for name, moment in (("from", since), ("to", until)):
        if moment is not None:
            stamp: Timestamp = getattr(request.first_contact, name)
            stamp.FromDatetime(moment)
    headers = (("authorization", f"Bearer {settings.token_file.read_text().strip()}"), ("peel-purpose", "OPS"))
    async with client_channel(settings.addresses["crime"], settings.tls_ca) as channel:
        answers = crime_grpc.CrimeServiceStub(channel).ReconcileReports(request, timeout=60, metadata=headers)
        try:
            lines = [line async for line in answers]
        except grpc.aio.AioRpcError as error:
            raise OperatorFault(f"crime answered {error.code().name}: {error.details()}") from error
    return reconcile_table(settings, force, by, lines), sum(line.undecided_overdue for line in lines)


def reconcile_table(
    settings: Settings, force: str, by: Sequence[str], lines: Sequence[crime.ReconcileReportsResponse]
) -> Table:
    """The reconciliation as a table, with its sums."""
    counted = ("received", "decided", "recorded", "absorbed", "undecided", "overdue")
    table = a_table(*by, *counted, "not recorded, by reason", title=_title(f"Reconciliation of {force}", settings))
    for line in lines:
        keys = [getattr(line, one) or "-" for one in by]
        reasons = ", ".join(f"{name} {count:,}" for name, count in sorted(line.not_recorded.items()))
        table.add_row(*keys, *(f"{getattr(line, name):,}" for name in counted), reasons)
    table.add_section()
    totals = [sum(getattr(line, name) for line in lines) for name in counted]
    empty = [""] * (len(by) - 1)
    table.add_row(*(["all", *empty] if by else []), *(Text(f"{total:,}", "bold") for total in totals), "")
    return table


def settings_table(settings: Settings) -> Table:
    """Every setting: its environment variable, its value now and what it is for."""
    table = a_table("setting", "value", "meaning", title="Settings")
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        shown = _SECRET if isinstance(value, SecretStr) else _without_password(str(value))
        table.add_row(f"PEEL_{name.upper()}", shown, field.description or "")
    return table


def _without_password(text: str) -> str:
    """An address as it may be shown: a password in it, before the host or as a parameter, is a secret."""
    return _PASSWORD_PARAMETER.sub(rf"\1{_SECRET}", _PASSWORD.sub(rf"\1{_SECRET}@", text))


@asynccontextmanager
async def _connected(
    settings: Settings, service: str, seconds: float = _STATEMENT_SECONDS
) -> AsyncIterator[Connection]:
    """A connection whose statements take so long at the most: a database that hangs hangs nobody here."""
    dsn = settings.database_of(service)
    connection = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS, command_timeout=seconds)
    try:
        yield connection
    finally:
        with suppress(*_UNREACHABLE):
            await connection.close(timeout=_CONNECT_SECONDS)


@asynccontextmanager
async def _database(settings: Settings, service: str, seconds: float = _STATEMENT_SECONDS) -> AsyncIterator[Connection]:
    try:
        async with _connected(settings, service, seconds) as connection:
            yield connection
    except NotFound as error:
        raise OperatorFault(error.rule) from error
    except kafka.BrokerError as error:
        raise OperatorFault(f"Kafka does not answer: {type(error).__name__}") from error
    except _UNREACHABLE as error:
        raise OperatorFault(f"the database of {service} does not answer: {type(error).__name__}") from error


async def list_dead_letters(settings: Settings, service: str, after: int, limit: int) -> Table:
    """The dead letters of a service that wait for a replay, oldest first, behind that number; says where it was cut."""
    async with _database(settings, service) as connection:
        letters = await dlq.list_letters(connection, after=after, limit=limit)
        waiting = await dlq.number_waiting(connection)
    return dead_letters_table(service, letters, waiting, cut=len(letters) == limit)


def dead_letters_table(service: str, letters: Sequence[dlq.DeadLetter], waiting: int, *, cut: bool) -> Table:
    """Dead letters as a table; `cut` where there may be more behind the last."""
    columns = ("number", "topic", "partition", "offset", "event", "reason", "since")
    table = a_table(*columns, title=f"Dead letters of {service}")
    for letter in letters:
        where = (letter.topic, str(letter.partition), str(letter.offset))
        since = f"{letter.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(letter.id), *where, letter.event_id or "-", letter.reason, since)
    table.caption = f"{len(letters):,} of {waiting:,} that wait"
    if cut:
        table.caption += f"; those behind: --after {letters[-1].id}"
    return table


async def show_dead_letter(settings: Settings, service: str, number: int) -> str:
    """One dead letter as JSON, its personal data removed."""
    async with _database(settings, service) as connection:
        return json.dumps(asdict(await dlq.show(settings, connection, number, SERVICES)), indent=2)


async def replay_dead_letters(settings: Settings, service: str, numbers: Sequence[int]) -> None:
    """Gives dead letters to the service again, in this order; stops at the first that cannot be."""
    async with _database(settings, service) as connection:
        for number in numbers:
            await dlq.replay(settings, connection, number)


def list_set_aside(settings: Settings) -> str:
    """What this replica's spool set aside, the name of each file on a line by itself: it is copied from there."""
    lines = []
    for file in _set_aside().folder(settings).all():
        made_out = f"damaged bytes; of {len(file.entries)} signals the id can be made out"
        what = "a signal that the database refused" if file.record is not None else made_out
        lines += [file.name, f"  {file.since:%Y-%m-%d %H:%M:%S}, {file.size:,} bytes: {what}"]
    return "\n".join(lines) or "nothing is set aside"


async def show_set_aside(settings: Settings, name: str) -> str:
    """One file as JSON, its personal data removed, and which of its signals the database has."""
    aside = _set_aside()
    file = aside.folder(settings).get(name)
    ids = aside.signal_ids(file)
    async with _database(settings, "safety") as connection:
        stored = await aside.stored(connection, ids)
    signals = [{"signal_id": str(one), "in_the_database": one in stored} for one in ids]
    return json.dumps({**aside.content(file), "signals": signals}, indent=2)


async def give_back_set_aside(settings: Settings, names: Sequence[str]) -> None:
    """Gives the signals in these files to the database, in this order; stops at the first that cannot be."""
    # A database that does not answer is told of here, before anything is given to it.
    async with _database(settings, "safety"):
        await _set_aside().give_back(settings, names)


def _set_aside() -> ModuleType:
    # When asked for, because it brings along all of the emergency path.
    return import_module("services.safety.emergency.set_aside")


async def rebuild_replica(settings: Settings) -> Table:
    """What differed between dispatch's replica of markers and their topic, and was put right."""
    try:
        # Here, because it brings along what looks for markers.
        rebuilt = await import_module("services.dispatch.rebuilding").rebuild_replica(settings)
    except (*_UNREACHABLE, kafka.BrokerError) as error:
        raise OperatorFault(f"the database of dispatch or Kafka does not answer: {type(error).__name__}") from error
    table = a_table("markers", "number", title=_title("Replica of markers", settings))
    table.add_row("held before", f"{rebuilt.before:,}")
    table.add_row("told by the topic", f"{rebuilt.told:,}")
    differences = rebuilt.differences
    for what, ids in (
        ("missing: added", differences.missing),
        ("outdated: brought up to date", differences.outdated),
        ("different: replaced", differences.different),
        ("unknown to the topic: dropped", differences.unknown),
    ):
        table.add_row(what, f"{len(ids):,}")
    table.add_row("held after", f"{rebuilt.after:,}")
    return table


async def verify_audit(settings: Settings, service: str) -> seal.Verdict:
    """What a check of all seals of a service's audit finds."""
    async with _database(settings, service, _WHOLE_SECONDS) as connection:
        return await seal.verify(connection)
