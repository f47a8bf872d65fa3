"""Emergencies as the database has them: for whoever looks back. The consoles' streams are the present."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.errors import NotFound
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction
from services.safety.emergency import standings, store
from services.safety.emergency.domain.folding import Emergency, EmergencyState, fold
from services.safety.emergency.domain.nearness import near
from services.safety.emergency.domain.signals import Signal
from services.safety.emergency.emergency_messages import View, emergency_message
from services.safety.emergency.messages import signal_message
from services.safety.reference.emergency import ladder, nearness


@dataclass(frozen=True, slots=True)
class ListEmergencies:
    """Which, from those after a place in the list."""

    state: EmergencyState
    synthetic: bool
    after: Sequence[str]
    limit: int


@dataclass(frozen=True, slots=True)
class Stored:
    """An emergency of the database, as it is shown, and its place in the list that it was found in."""

    emergency: Emergency
    message: types.Emergency
    place: list[str] = field(default_factory=list)


async def get_emergency(emergency_id: UUID, tx: Transaction) -> Stored:
    found = group(await store.signals_of(tx, [emergency_id]))
    if not found or found[0].force != tx.caller.force or not found[0].alarms:
        raise NotFound("emergency")
    return await shown(found[0], tx)


async def list_emergencies(command: ListEmergencies, tx: Transaction) -> list[Stored]:
    places = dict(
        await standings.emergencies(tx, command.state, command.after, command.limit, synthetic=command.synthetic)
    )
    found = {one.id: one for one in group(await store.signals_of(tx, list(places)))}
    return [replace(await shown(found[name], tx), place=place) for name, place in places.items()]


async def shown(emergency: Emergency, tx: Transaction) -> Stored:
    """An emergency of the database as it is shown now, with those of its force that are near it."""
    day = local_date(tx.now)
    rule = nearness(emergency.force, day)
    nearby = near(emergency, group(await store.around(tx, emergency, rule)), rule) if emergency.open_alarms else ()
    return Stored(emergency, emergency_message(emergency, View(tx.now, ladder(emergency.force, day), nearby)))


def whole(found: Stored) -> api.GetEmergencyResponse:
    """The emergency and all that happened in it."""
    return api.GetEmergencyResponse(
        emergency=found.message, signals=[signal_message(signal) for signal in found.emergency.signals]
    )


def group(signals: Sequence[Signal]) -> list[Emergency]:
    """The emergencies of these signals."""
    by_emergency: dict[UUID, list[Signal]] = {}
    for signal in signals:
        by_emergency.setdefault(signal.emergency_id, []).append(signal)
    return [fold(of_one) for of_one in by_emergency.values()]
