"""An emergency as consoles, events and lists are shown it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.wire import optional_stamp, stamp
from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.ladder import Ladder, level_at
from services.safety.emergency.domain.nearness import gravity_of
from services.safety.emergency.domain.signals import Durability, Press, Signal, SignalKind
from services.safety.emergency.messages import carrier_message, point_message, press_message

# A button that sticks must not make a message that no console can take.
_MOST_PRESSES = 50


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of an emergency beside its signals: when, by which ladder, who is near, and how safe it is."""

    now: datetime
    ladder: Ladder
    nearby: Sequence[UUID] = ()
    durability: Durability = Durability.COMMITTED


def emergency_message(emergency: Emergency, view: View) -> types.Emergency:
    """The emergency as the contract writes it. Of very many presses, the first and the newest."""
    position = emergency.position
    reached = level_at(emergency, view.now, view.ladder)
    acknowledged, cleared = emergency.acknowledged, emergency.cleared
    return types.Emergency(
        emergency_id=str(emergency.id),
        force=emergency.force,
        state=types.EmergencyState.ValueType(emergency.state),
        gravity=types.Gravity.ValueType(gravity_of(emergency, view.nearby)),
        raised_at=optional_stamp(emergency.raised_at),
        presses=[press_message(press) for press in _some(emergency.presses)],
        carrier=None if emergency.carrier is None else carrier_message(emergency.carrier),
        point=point_message(position.point),
        position_source=types.PositionSource.ValueType(position.source),
        position_at=optional_stamp(position.at),
        shown=_shown(emergency),
        acknowledged_by=acknowledged.by if acknowledged else "",
        acknowledged_at=optional_stamp(acknowledged.at if acknowledged else None),
        level=types.EscalationLevel.ValueType(reached.level if reached else 0),
        escalated_at=optional_stamp(reached.at if reached else None),
        safe_code_given=emergency.safe_code_given,
        cleared_by=cleared.by if cleared else "",
        cleared_at=optional_stamp(cleared.at if cleared else None),
        clear_explanation=cleared.explanation if cleared else "",
        nearby_emergency_ids=[str(one) for one in view.nearby],
        durability=types.Durability.ValueType(view.durability),
        synthetic=emergency.synthetic,
        codes_wrong=emergency.wrong_codes,
        codes_locked=emergency.codes_locked,
        alarm_signal_ids=[str(alarm.id) for alarm in emergency.alarms],
    )


def _some(items: Sequence[Press]) -> Sequence[Press]:
    return items if len(items) <= _MOST_PRESSES else (*items[:1], *items[1 - _MOST_PRESSES :])


def _shown(emergency: Emergency) -> list[types.Shown]:
    """Each console once, from when it first had it."""
    first: dict[str, Signal] = {}
    for signal in emergency.of(SignalKind.SHOWN):
        first.setdefault(signal.console, signal)
    return [types.Shown(console=console, at=stamp(signal.at)) for console, signal in first.items()]
