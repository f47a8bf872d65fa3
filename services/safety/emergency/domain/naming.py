"""Names that every replica gives to the same thing without asking anybody."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid5

_NAMES = UUID("8f0a4b7e-2a5d-5c3e-9d61-1f2f6a4c8e10")


def device_id(force: str, radio: str) -> UUID:
    """The device of a radio's identity. The identity is personal; this may travel in keys."""
    return _name("device", force, radio)


def emergency_id(force: str, radio: str, last_clear: UUID | None, at: datetime) -> UUID:
    """The emergency that a press begins: one a radio and time between clears, whichever replica hears of it.

    Where no clear of the radio is known, one a day (UTC): a replica that starts without its database then names it as
    the others do.
    """
    since = str(last_clear) if last_clear else at.date().isoformat()
    return _name("emergency", force, radio, since)


def apart_id(force: str, name: str) -> UUID:
    """The emergency of a press that joins no other: synthetic, or of a radio that could not be read."""
    return _name("apart", force, name)


def press_name(press_id: str, pressed_at: datetime | None) -> str:
    """What a radio calls a press: its number, and by the device's clock when it was, for numbers begin again."""
    return press_id if pressed_at is None else f"{press_id}@{pressed_at.isoformat()}"


def press_id(emergency_id: UUID, radio: str, press_id: str, before: UUID | None) -> UUID:
    """The signal of a press, by its name. `before` is an old press of the same name, which this one is not."""
    return _name("press", str(emergency_id), radio, press_id, str(before or ""))


def told_id(kind: str, emergency_id: UUID, by: str, covers: Iterable[UUID]) -> UUID:
    """The signal of what somebody, or a console, said about these alarms."""
    return _name(kind, str(emergency_id), by, *sorted(str(one) for one in covers))


def escalated_id(emergency_id: UUID, alarm: UUID, level: int) -> UUID:
    """The signal that an alarm has reached a level."""
    return _name("escalated", str(emergency_id), str(alarm), str(level))


def _name(*parts: str) -> UUID:
    # With their lengths, so that no character can pass from one part to the next.
    return uuid5(_NAMES, "".join(f"{len(part)}:{part}" for part in parts))
