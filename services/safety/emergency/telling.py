"""What a radio gateway is sent: each of the three acknowledgements of each press, and that it is over (R-OS-02); and
whom to alert by radio, while nobody takes one (R-OS-03)."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.clock import Clock
from services.kernel.wire import optional_stamp, stamp
from services.safety.emergency.board import Board
from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.ladder import Alert, alerts
from services.safety.emergency.domain.telling import Told
from services.safety.emergency.messages import point_message
from services.safety.emergency.told import told_now
from services.safety.emergency.watches import HEARTBEAT_SECONDS, Watch, Watches

_MOST_MARKS = 10_000
_KIND = "acknowledgements"

# What a stream has sent, by emergency: the alarm, which of the two it was of, and its number.
_Sent = dict[UUID, set[tuple[UUID, type, int]]]


@dataclass(frozen=True, slots=True)
class Devices:
    """Whose acknowledgements a gateway asked for: a force's, or one radio's. `alerts`: and whom it is to alert."""

    force: str
    radio: str = ""
    alerts: bool = False

    def concerns(self, emergency: Emergency) -> bool:
        return emergency.force == self.force and self.radio in ("", emergency.radio)


class Gateways:
    """The streams of gateways."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board, self._clock = board, clock
        self._watches = Watches()
        self._sent: list[_Sent] = []
        board.listen(self._watches.changed)
        board.listen_to_forgetting(self._forget)

    async def stream(self, devices: Devices) -> AsyncGenerator[api.WatchAcknowledgementsResponse, None]:
        """All that can be told of the presses that are known, then what follows, each once."""
        sent: _Sent = {}
        self._sent.append(sent)
        try:
            with self._watches.open(Watch(_KIND, devices.force, devices.concerns, most=_MOST_MARKS)) as watch:
                watch.mark_everything()
                while True:
                    marks = await watch.wait(HEARTBEAT_SECONDS)
                    if marks is None:
                        yield api.WatchAcknowledgementsResponse(heartbeat=True)
                        continue
                    marked = self._board.all() if marks.everything else self._known(devices, marks.emergencies)
                    for reply in self._news(devices, marked, sent):
                        yield reply
        finally:
            # By identity: two of them may well have sent the same.
            self._sent = [other for other in self._sent if other is not sent]

    def _known(self, devices: Devices, emergency_ids: Iterable[UUID]) -> Iterator[Emergency]:
        found = (self._board.get(devices.force, emergency_id) for emergency_id in emergency_ids)
        return (emergency for emergency in found if emergency is not None)

    def _news(
        self, devices: Devices, emergencies: Iterable[Emergency], sent: _Sent
    ) -> Iterator[api.WatchAcknowledgementsResponse]:
        for emergency in emergencies:
            if not devices.concerns(emergency):
                continue
            before = sent.setdefault(emergency.id, set())
            for one in self._told(devices, emergency):
                key = _key(one)
                if key not in before:
                    before.add(key)
                    yield _acknowledgement(one) if isinstance(one, Told) else _alert(emergency, one)

    def _told(self, devices: Devices, emergency: Emergency) -> Iterator[Told | Alert]:
        yield from told_now(emergency, self._board)
        if devices.alerts:
            yield from alerts(emergency, self._clock.now(), self._board.ladder(emergency))

    def _forget(self, emergency: Emergency) -> None:
        for sent in self._sent:
            sent.pop(emergency.id, None)


def _key(one: Told | Alert) -> tuple[UUID, type, int]:
    if isinstance(one, Told):
        return one.press.id, Told, one.acknowledgement
    return one.alarm.id, Alert, one.rung.level


def _acknowledgement(one: Told) -> api.WatchAcknowledgementsResponse:
    press = one.press.press
    return api.WatchAcknowledgementsResponse(
        emergency_id=str(one.press.emergency_id),
        radio=press.radio if press else "",
        press_id=press.press_id if press else "",
        acknowledgement=api.WatchAcknowledgementsResponse.Acknowledgement.ValueType(one.acknowledgement),
        at=stamp(one.at),
    )


def _alert(emergency: Emergency, one: Alert) -> api.WatchAcknowledgementsResponse:
    position, carrier = emergency.position, emergency.carrier
    alert = types.RadioAlert(
        level=types.EscalationLevel.ValueType(one.rung.level),
        point=point_message(position.point),
        position_source=types.PositionSource.ValueType(position.source),
        position_at=optional_stamp(position.at),
        within_metres=one.rung.within_metres,
        callsign=carrier.callsign if carrier else "",
        incident_address=carrier.incident_address if carrier else "",
    )
    return api.WatchAcknowledgementsResponse(
        emergency_id=str(emergency.id), radio=emergency.radio, alert=alert, at=stamp(one.at)
    )
