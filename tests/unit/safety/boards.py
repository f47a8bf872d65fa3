"""A board on a clock that stands still until it is stepped."""

import asyncio
from datetime import datetime

from services.safety.emergency.board import Board
from services.safety.emergency.domain.signals import Durability, Signal
from services.safety.emergency.held import Held
from tests.unit.safety.pressing import NOON


class StoodClock:
    """The kernel's clock, held by the test."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def wait_until(self, due: datetime | None, woken: asyncio.Event) -> None:  # noqa: ARG002 - time stands
        await woken.wait()


def a_board(*signals: Signal, durability: Durability = Durability.COMMITTED) -> tuple[Board, StoodClock]:
    """A board that has heard of these."""
    clock = StoodClock()
    board = Board(clock)
    for signal in signals:
        board.add(Held(signal, durability))
    return board, clock
