"""How long each press that came in here took until it was durable, shown and taken (R-OS-01, R-OS-02)."""

import time
from uuid import UUID

from services.kernel.telemetry.metrics import histogram
from services.safety.emergency.board import Board, Change
from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.signals import Signal
from services.safety.emergency.domain.telling import Acknowledgement
from services.safety.emergency.told import told_now

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


class Timing:
    """The clocks of presses, by the monotonic clock: the other one is stepped in a rehearsal. Those of the platform's
    own presses are not of interest."""

    def __init__(self, board: Board) -> None:
        self._board = board
        # Each with what was timed already. Let go of with the last, or with its emergency.
        self._pressed: dict[UUID, tuple[float, set[Acknowledgement]]] = {}
        board.listen(self._changed)
        board.listen_to_forgetting(self._forget)

    def pressed_here(self, signal: Signal) -> None:
        """A press begins to be timed."""
        if not signal.synthetic:
            self._pressed.setdefault(signal.id, (time.monotonic(), set()))

    def _changed(self, change: Change) -> None:
        if change.emergency.synthetic:
            return
        for one in told_now(change.emergency, self._board):
            began, timed = self._pressed.get(one.press.id, (0.0, set()))
            if began and one.acknowledgement not in timed and (metric := _TIMED.get(one.acknowledgement)):
                timed.add(one.acknowledgement)
                metric.observe(time.monotonic() - began)
                if timed >= _TIMED.keys():
                    del self._pressed[one.press.id]

    def _forget(self, emergency: Emergency) -> None:
        for signal in emergency.signals:
            self._pressed.pop(signal.id, None)
