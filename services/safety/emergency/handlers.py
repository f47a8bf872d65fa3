"""What happens in an emergency, as a person or a console says it. The only place that says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.kernel.errors import Refused
from services.kernel.telemetry.metrics import counter
from services.safety.emergency.desk import Desk, Taken
from services.safety.emergency.domain import answering
from services.safety.emergency.domain.answering import Answer
from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.receiving import Arrival, receive
from services.safety.emergency.domain.signals import Durability, Press, Signal
from services.safety.emergency.held import Held

WRONG_CODES = counter(
    "peel_emergency_codes_wrong",
    "Codes given for an emergency that were neither the safe nor the duress code.",
    action="Several in a row: somebody guesses, or an officer cannot remember. Send somebody to look. After three for "
    "one emergency a supervisor has to clear it.",
)


@dataclass(frozen=True, slots=True)
class TakePress:
    press: Press
    request_id: UUID


@dataclass(frozen=True, slots=True)
class ConfirmShown:
    emergency_id: UUID
    console: str
    seen: frozenset[UUID] | None


@dataclass(frozen=True, slots=True)
class Acknowledge:
    emergency_id: UUID
    console: str
    seen: frozenset[UUID] | None


@dataclass(frozen=True, slots=True)
class GiveSafeCode:
    emergency_id: UUID
    spoken_code: str
    # This call, the same for every try of it.
    attempt: UUID


@dataclass(frozen=True, slots=True)
class Clear:
    emergency_id: UUID
    explanation: str
    seen: frozenset[UUID] | None


async def take_press(command: TakePress, desk: Desk) -> Taken:
    caller, press = desk.call.caller, command.press
    arrival = Arrival(caller.force, desk.now, caller.subject, command.request_id)
    carrier = desk.carriers.carrier(caller.force, press.radio)
    signal = receive(press, carrier, arrival, desk.board.of_radio(caller.force, press.radio))
    return await desk.happened(signal)


async def confirm_shown(command: ConfirmShown, desk: Desk) -> Durability:
    emergency = desk.seen(command.emergency_id)
    console = _position(desk, emergency, command.console)
    return await _say(desk, emergency, answering.shown(emergency, console, _answer(desk, command.seen)))


async def acknowledge(command: Acknowledge, desk: Desk) -> Durability:
    emergency = desk.seen(command.emergency_id)
    console = _position(desk, emergency, command.console)
    signal = answering.acknowledge(emergency, console, _answer(desk, command.seen))
    return await _say(desk, emergency, signal, shown=True)


async def give_safe_code(command: GiveSafeCode, desk: Desk) -> Durability:
    """Which of the two codes it was shows in nothing that the caller is told."""
    emergency = desk.emergency(command.emergency_id)
    codes = desk.carriers.codes(emergency.carrier.device_id) if emergency.carrier else None
    if codes is None:
        raise Refused("CODES_UNKNOWN", rule="its carrier has registered no codes: a supervisor clears it")
    code = await desk.carriers.which(codes, command.spoken_code)
    # As it is by now: others may have guessed meanwhile.
    emergency = desk.emergency(command.emergency_id)
    locked, answer = emergency.codes_locked, _answer(desk, None)
    if code is None:
        WRONG_CODES.inc()
        signal = answering.give_wrong_code(emergency, answer, command.attempt)
    else:
        signal = answering.give_code(emergency, code, answer)
    durability = await _say(desk, emergency, signal)
    if locked:
        raise Refused("CODES_LOCKED", rule="after too many wrong codes none is believed: a supervisor clears it")
    if code is None:
        raise Refused("CODE_WRONG", rule="it is not a code of the carrier", permission=True)
    return durability


async def clear(command: Clear, desk: Desk) -> Durability:
    emergency = desk.emergency(command.emergency_id)
    signal = answering.clear(
        emergency,
        _answer(desk, command.seen),
        roles=desk.call.caller.roles,
        codes_known=emergency.carrier is not None and desk.carriers.codes(emergency.carrier.device_id) is not None,
        explanation=command.explanation,
    )
    return await _say(desk, emergency, signal, shown=True)


def hear(told: Sequence[Held], desk: Desk) -> int:
    """Signals that another replica took; returns how many were new. Making them last is that one's part."""
    if told:
        desk.looked(None)
    return sum(desk.board.add(held) for held in told)


def _position(desk: Desk, emergency: Emergency, console: str) -> str:
    """The name of a console; a neighbour's has the name of its force before it, for it may be called as one of ours."""
    force = desk.call.caller.force
    return console if force == emergency.force else f"{force}/{console}"


def _answer(desk: Desk, seen: frozenset[UUID] | None) -> Answer:
    return Answer(desk.call.caller.subject, desk.now, seen)


async def _say(desk: Desk, emergency: Emergency, signal: Signal | None, *, shown: bool = False) -> Durability:
    """Says it, where it is news. `shown`: whoever says it is shown the emergency."""
    message = desk.board.message(emergency)
    if signal is not None:
        return (await desk.happened(signal, message if shown else None)).durability
    desk.looked(message if shown else None)
    return Durability(message.durability)
