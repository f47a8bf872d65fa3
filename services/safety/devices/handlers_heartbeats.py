"""What is known of radios by their signs of life, and by the want of them (R-OS-04, R-OS-07)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from peel.safety.v1 import events_pb2 as events
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction
from services.safety.devices import store_heartbeats, store_paths
from services.safety.devices.domain import carrying
from services.safety.devices.domain.heartbeats import Beat, Beats, Tally, newest, timely
from services.safety.devices.domain.paths import RadioPath, looked_at
from services.safety.devices.messages import device_message, path_message
from services.safety.devices.store_paths import Look
from services.safety.emergency.carriers import Carriers
from services.safety.reference.devices import silence


def locate(force: str, beats: Sequence[Beat], now: datetime, carriers: Carriers) -> None:
    """This replica knows where the radios are at once: a press waits for no database, and neither does its place."""
    for beat in beats:
        if beat.point is not None and timely(beat, now):
            carriers.locate(force, beat.radio, beat.point, min(beat.at, now))


async def take_heartbeats(batch: list[Beats], tx: Transaction) -> Tally:
    beats = [beat for message in batch for beat in message.beats]
    known = await store_heartbeats.heard_at(tx, tx.caller.force, {beat.radio for beat in beats})
    heard, tally = newest(beats, known, tx.now)
    if heard:
        await store_heartbeats.hear(tx, tx.caller.force, heard)
    unreadable = sum(message.unreadable for message in batch)
    return tally + Tally(unreadable, unreadable)


async def note_silence(tx: Transaction) -> None:
    """Tells of every device on duty that is not heard any more, and of every one that is heard again.

    Where none of a force's is heard, its path is told of, once, and none of them.
    """
    allowed = silence(local_date(tx.now))
    paths = [_look_at(look, allowed.of(look.hearing.force), tx) for look in await store_paths.looks(tx)]
    await store_paths.keep(tx, paths)
    doubtful = [path.force for path in paths if path.doubtful(tx.now, allowed.of(path.force))]
    changed = [carrying.fallen_silent(one) for one in await store_heartbeats.unheard(tx, allowed, doubtful)]
    changed += [carrying.heard_again(one) for one in await store_heartbeats.heard_again(tx, allowed)]
    if not changed:
        return
    await store_heartbeats.keep_silence(tx, changed)
    for device in changed:
        event = events.DeviceSilenceChanged(device=device_message(device))
        tx.emit(event, force=device.force, sequence=device.sequence)


def _look_at(look: Look, allowed: timedelta, tx: Transaction) -> RadioPath:
    path = looked_at(look.before, look.hearing, tx.now, allowed, away=look.away)
    if path.sequence > look.before.sequence:
        tx.emit(events.RadioPathChanged(path=path_message(path)), force=path.force, sequence=path.sequence)
    return path
