"""The SQL of the emergency path: rows to signals and back, nothing else."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.database import Connection, Row, Table
from services.kernel.telemetry.logs import logger
from services.kernel.transaction import Transaction
from services.safety.emergency.carriers import Codes, Known
from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.nearness import Nearness
from services.safety.emergency.domain.positions import position_of
from services.safety.emergency.domain.signals import Carrier, Duty, Point, Signal, SignalKind
from services.safety.emergency.messages import signal_from, signal_message

_LOG = logger(__name__)
_DEGREE_METRES = 111_195.0

SIGNAL = Table.of(
    "signal", "id uuid, emergency_id uuid, force text, kind smallint, at timestamptz, synthetic boolean, body bytea"
)
ALARM = Table.of(
    "alarm",
    "signal_id uuid, emergency_id uuid, force text, at timestamptz, synthetic boolean, latitude double precision, "
    "longitude double precision, incident_id uuid",
)


_OF = "select body from signal where emergency_id in (select emergency_id from alarm"


def signal_row(signal: Signal) -> tuple[object, ...]:
    """The row for SIGNAL."""
    return (
        signal.id,
        signal.emergency_id,
        signal.force,
        signal.kind,
        signal.at,
        signal.synthetic,
        signal_message(signal).SerializeToString(),
    )


def alarm_row(signal: Signal) -> tuple[object, ...]:
    """The row for ALARM."""
    point, carrier = position_of([signal]).point, signal.carrier
    return (
        signal.id,
        signal.emergency_id,
        signal.force,
        signal.at,
        signal.synthetic,
        point.latitude if point else None,
        point.longitude if point else None,
        carrier.incident_id if carrier else None,
    )


def _signals(rows: Iterable[Row]) -> list[Signal]:
    """Those that this version can read: one of a newer version must not hide the others."""
    signals = []
    for row in rows:
        try:
            signals.append(signal_from(types.Signal.FromString(row["body"])))
        except ValueError as error:
            _LOG.error("a stored signal cannot be read", error=type(error).__name__)
    return signals


async def signals_named(connection: Connection, ids: Sequence[UUID]) -> list[Signal]:
    """These signals, as far as they are stored."""
    return _signals(await connection.fetch("select body from signal where id = any($1::uuid[])", list(ids)))


async def signals_in_hand(connection: Connection, now: datetime, kept: timedelta) -> list[Signal]:
    """Every signal of an emergency that is open, or that had a press lately."""
    unended = "select emergency_id from alarm where at > $1 and not synthetic"
    return _signals(await connection.fetch(f"{_OF} where not cleared and not synthetic union {unended})", now - kept))


async def signals_of(tx: Transaction, emergency_ids: Sequence[UUID]) -> list[Signal]:
    """All signals of these emergencies."""
    return _signals(await tx.all("select body from signal where emergency_id = any($1::uuid[])", list(emergency_ids)))


async def around(tx: Transaction, emergency: Emergency, rule: Nearness) -> list[Signal]:
    """What is open and may be near an emergency, in a square around it: what of it is pressed, and what cleared."""
    ids = await tx.all(
        "select distinct other.emergency_id from alarm mine join alarm other on other.force = mine.force "
        "and not other.cleared and not other.synthetic and other.emergency_id <> mine.emergency_id "
        "and other.at between mine.at - $2::interval and mine.at + $2::interval "
        "and (other.incident_id = mine.incident_id or (abs(other.latitude - mine.latitude) * $3 <= $4 "
        "and abs(other.longitude - mine.longitude) * $3 * cos(radians(mine.latitude)) <= $4)) "
        "where mine.emergency_id = $1 and not mine.cleared",
        emergency.id,
        rule.within,
        _DEGREE_METRES,
        # Something to spare for the curve of the earth.
        rule.metres * 1.1,
    )
    kinds = [int(kind) for kind in (SignalKind.PRESSED, SignalKind.DURESS_CODE, SignalKind.CLEARED)]
    rows = await tx.all(
        "select body from signal where emergency_id = any($1::uuid[]) and kind = any($2::smallint[])",
        [row["emergency_id"] for row in ids],
        kinds,
    )
    return _signals(rows)


async def lately(tx: Transaction, force: str, since: datetime) -> list[Signal]:
    """All signals of what is open in a force, or had a press since then."""
    return _signals(
        await tx.all(f"{_OF} where force = $1 and (not cleared or at > $2) and not synthetic)", force, since)
    )


async def is_new(tx: Transaction, signal_id: UUID) -> bool:
    """Whether a signal is not stored yet."""
    return await tx.maybe("select from signal where id = $1", signal_id) is None


KNOWN = (
    "select device_id, force, radio, unit_id, callsign, crew, duty, incident_id, incident_address, latitude, "
    "longitude, accuracy_metres, point_at, safe_digest, duress_digest, salt from device"
)


async def devices(connection: Connection) -> list[Known]:
    """Every device."""
    return [known_from(row) for row in await connection.fetch(KNOWN)]


async def devices_named(connection: Connection, ids: Sequence[UUID]) -> list[Known]:
    """These devices."""
    return [known_from(row) for row in await connection.fetch(f"{KNOWN} where device_id = any($1::uuid[])", list(ids))]


def carrier_from(row: Row) -> Carrier:
    """Who carries a device, of its row."""
    placed = row["latitude"] is not None
    return Carrier(
        device_id=row["device_id"],
        duty=Duty(row["duty"]),
        unit_id=row["unit_id"],
        callsign=row["callsign"],
        crew=tuple(row["crew"]),
        incident_id=row["incident_id"],
        incident_address=row["incident_address"],
        last_point=Point(row["latitude"], row["longitude"], row["accuracy_metres"]) if placed else None,
        last_point_at=row["point_at"],
    )


def known_from(row: Row) -> Known:
    """A device of a row of KNOWN."""
    known = row["salt"] is not None
    codes = Codes(row["salt"], row["safe_digest"], row["duress_digest"]) if known else None
    return Known(row["force"], row["radio"], carrier_from(row), codes)
