"""What a radio gateway is sent: each of the three acknowledgements of each press, and that it is over (R-OS-02)."""

import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from uuid import UUID

from peel.safety.v1 import emergency_api_pb2 as api
from services.kernel.clock import Clock
from services.kernel.telemetry.metrics import histogram
from services.kernel.wire import stamp
from services.safety.emergency.board import Board, Change
from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.signals import Signal, SignalKind
from services.safety.emergency.domain.telling import Acknowledgement, Told, told
from services.safety.emergency.watches import HEARTBEAT_SECONDS, Watch, Watches

DURABLE_SECONDS = histogram(
    "peel_emergency_durable_seconds",
    "From a press at this replica until it would survive a crash.",
    action="Above 0.15: the database did not answer and the local disk was slow too. See peel_spool_failed.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5),
)
SHOWN_SECONDS = histogram(
    "peel_emergency_shown_seconds",
    "From a press at this replica until the first console had it on its screen.",
    action="Its p99 is to be below 1 s, and none above 2 s (R-OS-01): look for consoles that lost their stream.",
    buckets=(0.01, 0.025, 0.04, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0),
)
PERSON_SECONDS = histogram(
    "peel_emergency_person_seconds",
    "From a press at this replica until a person took it.",
    action="Above 10 s it escalates (R-OS-03): the control room is short of people, or drowns in false alarms.",
    buckets=(1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0),
)
_TIMED = {
    Acknowledgement.DURABLE: DURABLE_SECONDS,
    Acknowledgement.SHOWN: SHOWN_SECONDS,
    Acknowledgement.PERSON: PERSON_SECONDS,
}
_MOST_MARKS = 10_000
_KIND = "acknowledgements"


@dataclass(frozen=True, slots=True)
class Devices:
    """Whose acknowledgements a gateway asked for: a force's, or one radio's."""

    force: str
    radio: str = ""

    def concerns(self, emergency: Emergency) -> bool:
        return emergency.force == self.force and self.radio in ("", emergency.radio)


class Gateways:
    """The streams of gateways, and the clocks of the presses that came in here."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board, self._clock = board, clock
        self._watches = Watches()
        # By the monotonic clock: the other one is stepped in a rehearsal. Each with what was timed already.
        self._pressed: dict[UUID, tuple[float, set[Acknowledgement]]] = {}
        board.listen(self._changed)

    def pressed_here(self, signal: Signal) -> None:
        """A press begins to be timed."""
        self._pressed.setdefault(signal.id, (time.monotonic(), set()))

    async def stream(self, devices: Devices) -> AsyncGenerator[api.WatchAcknowledgementsResponse, None]:
        """All that can be told of the presses that are known, then what follows, each once."""
        sent: set[tuple[UUID, Acknowledgement]] = set()
        with self._watches.open(Watch(_KIND, devices.force, devices.concerns, most=_MOST_MARKS)) as watch:
            watch.mark_everything()
            while True:
                marks = await watch.wait(HEARTBEAT_SECONDS)
                if marks is None:
                    yield api.WatchAcknowledgementsResponse(heartbeat=True)
                    continue
                marked = self._everything(devices) if marks.everything else self._known(devices, marks.emergencies)
                for one in marked:
                    if (one.press.id, one.acknowledgement) not in sent:
                        sent.add((one.press.id, one.acknowledgement))
                        yield _reply(one)

    def _changed(self, change: Change) -> None:
        if not change.emergency.synthetic:
            self._time(change.emergency)
        self._watches.changed(change)

    def _time(self, emergency: Emergency) -> None:
        for one in self._told(emergency):
            began, timed = self._pressed.get(one.press.id, (0.0, set()))
            if began and one.acknowledgement not in timed and (metric := _TIMED.get(one.acknowledgement)):
                timed.add(one.acknowledgement)
                metric.observe(time.monotonic() - began)
                if timed >= _TIMED.keys():
                    del self._pressed[one.press.id]

    def _everything(self, devices: Devices) -> Iterator[Told]:
        for emergency in self._board.all():
            if devices.concerns(emergency):
                yield from self._told(emergency)

    def _known(self, devices: Devices, emergency_ids: tuple[UUID, ...]) -> Iterator[Told]:
        for emergency_id in emergency_ids:
            emergency = self._board.get(devices.force, emergency_id)
            if emergency is not None:
                yield from self._told(emergency)

    def _told(self, emergency: Emergency) -> Iterator[Told]:
        for press in emergency.of(SignalKind.PRESSED):
            held = self._board.held(press.id)
            if held is not None and held.durability.lasting:
                yield Told(press, Acknowledgement.DURABLE, self._clock.now())
        yield from told(emergency)


def _reply(one: Told) -> api.WatchAcknowledgementsResponse:
    press = one.press.press
    return api.WatchAcknowledgementsResponse(
        emergency_id=str(one.press.emergency_id),
        radio=press.radio if press else "",
        press_id=press.press_id if press else "",
        acknowledgement=api.WatchAcknowledgementsResponse.Acknowledgement.ValueType(one.acknowledgement),
        at=stamp(one.at),
    )
