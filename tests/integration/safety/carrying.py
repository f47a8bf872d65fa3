"""Devices, duty and welfare in the database: what tests tell a ledger, and what they read of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1 import events_pb2 as events
from services.kernel.transaction import Transaction
from services.safety.devices import (
    handlers_heartbeats,
    store_heartbeats,
)
from services.safety.devices.domain.duty import Doing, OnDuty, Sent
from services.safety.devices.domain.heartbeats import Beat, Beats, Tally
from services.safety.emergency.carriers import Carriers
from services.safety.emergency.domain.signals import Carrier, Point
from tests.integration.safety.ledger import Ledger
from tests.unit.safety.markers.building import FORCE, NOW

RADIO, OTHER = "2341001", "2341002"
UNIT, INCIDENT = UUID(int=1), UUID(int=2)
OFFICER, GATEWAY, DISPATCHER = "ROLE_OFFICER", "ROLE_RADIO_GATEWAY", "ROLE_DISPATCHER"
HERE, THERE = Point(53.8, -1.5, 5), Point(53.9, -1.6, 7)
MINUTE = timedelta(minutes=1)
Order: TypeAlias = tuple[Callable[[Any, Transaction], Awaitable[None]], Any]


def on(since: datetime = NOW, unit_id: UUID = UNIT, crew: str = "somebody", *radios: str) -> OnDuty:
    return OnDuty(FORCE, unit_id, f"W{unit_id.int % 100}", (crew,), radios or (RADIO,), since)


def sent(at: datetime, incident_id: UUID = INCIDENT) -> Sent:
    return Sent(FORCE, UNIT, "W1", (RADIO,), incident_id, "14 Nowhere Crescent", at)


def doing(
    *codes: str, at_scene: bool = True, grade: str = "2", radios: tuple[str, ...] = (RADIO,), since: datetime = NOW
) -> Doing:
    return Doing(FORCE, UNIT, radios, at_scene, since, grade, frozenset(codes))


def told(ledger: Ledger, *orders: Order) -> None:
    for handler, command in orders:
        ledger.handle(handler, command)


def carrier(ledger: Ledger, radio: str = RADIO) -> Carrier:
    """As a replica reads it."""
    carriers = Carriers()

    async def read() -> None:
        async with ledger.pool.acquire() as connection:
            known, _ = await store_heartbeats.devices_changed(connection, 0)
        carriers.learn(known)

    ledger.run(read())
    return carriers.carrier(FORCE, radio)


def beats(ledger: Ledger, *said: Beat) -> Tally:
    return ledger.handle(handlers_heartbeats.take_heartbeats, [Beats(said)], GATEWAY)


def look(ledger: Ledger) -> list[tuple[str, bool, int]]:
    """One turn of the worker; returns every change of silence so far."""

    async def turn(_: None, tx: Transaction) -> None:
        await handlers_heartbeats.note_silence(tx)

    ledger.handle(turn, None)
    rows = ledger.rows("select payload, sequence from outbox where type like '%DeviceSilenceChanged' order by id")
    found = [(events.DeviceSilenceChanged.FromString(row["payload"]).device, row["sequence"]) for row in rows]
    return [(device.radio, device.silent, sequence) for device, sequence in found]


def welfare(ledger: Ledger) -> list[Any]:
    return ledger.rows("select * from welfare order by started_at, id")


def warned(ledger: Ledger) -> list[types.Welfare]:
    rows = ledger.rows("select payload from outbox where type like '%WelfareWarned' order by id")
    return [events.WelfareWarned.FromString(row["payload"]).welfare for row in rows]


def pressed(ledger: Ledger) -> list[types.Signal]:
    return [types.Signal.FromString(row["body"]) for row in ledger.rows("select body from signal order by at")]
