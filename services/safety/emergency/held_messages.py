"""Held signals as replicas tell them to each other, and as they stand on the local disk."""

from collections.abc import Iterable

from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.telemetry.logs import logger
from services.safety.emergency.domain.signals import Durability
from services.safety.emergency.held import Held
from services.safety.emergency.messages import signal_from, signal_message

_LOG = logger(__name__)


def held_message(held: Held) -> types.HeldSignal:
    """A signal with how safe it is and on whose call it came."""
    return types.HeldSignal(
        signal=signal_message(held.signal),
        durability=types.Durability.ValueType(held.durability),
        origin=held.origin,
    )


def held_from(message: types.HeldSignal) -> Held:
    """What held_message wrote. Raises ValueError for anything else."""
    origin = message.origin if message.HasField("origin") else None
    return Held(signal_from(message.signal), Durability(message.durability), origin)


def readable(messages: Iterable[types.HeldSignal]) -> list[Held]:
    """Those of them that are signals: one that is none must not keep the others from being heard."""
    held = []
    for message in messages:
        try:
            held.append(held_from(message))
        except ValueError as error:
            _LOG.error("what should be a signal is none", error=type(error).__name__)
    return held
