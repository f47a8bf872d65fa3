"""Files that a replica's spool set aside: what is in them, and giving back to the database what can be read.

Given back, a signal goes to the database by the road that all signals go: it is stored once, however often it is given,
every replica hears of it at the commit, and the worker follows. The spool's own process may be at work meanwhile.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.appender import Appender
from services.kernel.breaker import Breaker
from services.kernel.clock import open_clock
from services.kernel.contract import clear_personal
from services.kernel.database import Connection
from services.kernel.errors import Busy, OperatorFault, Unavailable
from services.kernel.settings import Settings
from services.kernel.spool import Aside, AsideFolder
from services.safety.emergency.disk import POISON
from services.safety.emergency.held import Held
from services.safety.emergency.held_messages import held_from
from services.safety.emergency.road import Store


def folder(settings: Settings) -> AsideFolder:
    """What this replica's spool set aside. Raises OperatorFault where no folder is set, or there is none."""
    if settings.spool is None:
        raise OperatorFault("set PEEL_SPOOL to the folder of the replica's spool")
    return AsideFolder(settings.spool)


def content(file: Aside) -> dict[str, Any]:
    """What is in a file, its personal data removed; `signal` is None where it cannot be read."""
    found: dict[str, Any] = {"file": file.name, "bytes": file.size, "signal": None, "removed": ()}
    if file.record is None:
        return found
    try:
        held = types.HeldSignal.FromString(file.record.body)
    except DecodeError:
        return found
    removed = clear_personal(held)
    return found | {"signal": MessageToDict(held.signal, preserving_proto_field_name=True), "removed": removed}


def signal_ids(file: Aside) -> list[UUID]:
    """The signals that the file is known to be about."""
    return [file.record.id] if file.record is not None else [entry.id for entry in file.entries]


async def stored(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of these signals that the database has."""
    return {row["id"] for row in await connection.fetch("select id from signal where id = any($1::uuid[])", list(ids))}


async def give_back(settings: Settings, names: Collection[str]) -> None:
    """Gives the signals in these files to the database, in this order, and takes each file away once that has it.

    Raises OperatorFault at the first that cannot be read, or is not taken; that file stays.
    """
    aside = folder(settings)
    appender = Appender(settings, "safety", open_clock(settings))
    store = Store(appender, Breaker("emergency"))
    try:
        for name in names:
            await _give(store, aside.get(name))
            aside.take_away(name)
    finally:
        await appender.close()


async def _give(store: Store, file: Aside) -> None:
    held = _held(file)
    try:
        await store.take(held)
    except (Busy, Unavailable) as error:
        raise OperatorFault("the database of safety does not answer") from error
    except POISON as error:
        raise OperatorFault(f"{file.name}: the database refuses it still: {type(error).__name__}") from error


def _held(file: Aside) -> Held:
    """Raises OperatorFault where the file holds no whole signal."""
    if file.record is None:
        raise OperatorFault(f"{file.name} holds no whole signal: `peel safety spool show` says what can be made out")
    try:
        held = held_from(types.HeldSignal.FromString(file.record.body))
    except (DecodeError, ValueError) as error:
        raise OperatorFault(f"{file.name} cannot be read as a signal: {type(error).__name__}") from error
    # The file may have changed since: it would be stored, and nobody would find it again.
    if held.signal.id != file.record.id:
        raise OperatorFault(f"{file.name} holds another signal than it is named for")
    return held
