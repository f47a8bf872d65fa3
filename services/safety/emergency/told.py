"""What can be told of the presses of an emergency now: what its signals say, and how durable they are (R-OS-02)."""

from collections.abc import Iterator

from services.safety.emergency.board import Board
from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.signals import SignalKind
from services.safety.emergency.domain.telling import Acknowledgement, Told, told


def told_now(emergency: Emergency, board: Board) -> Iterator[Told]:
    """Each acknowledgement of each press once, and since when it holds."""
    for press in emergency.of(SignalKind.PRESSED):
        held = board.held(press.id)
        if held is not None and held.lasting_at is not None:
            yield Told(press, Acknowledgement.DURABLE, held.lasting_at)
    yield from told(emergency)
