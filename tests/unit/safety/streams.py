"""Streams of consoles and gateways, as tests read them."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import TypeVar

from peel.safety.v1 import emergency_api_pb2 as api
from services.safety.emergency.board import Board
from services.safety.emergency.changes import ChangeLog
from services.safety.emergency.proving import Proofs
from services.safety.emergency.watching import Consoles, Wanted
from tests.unit.safety.pressing import FORCE

Message = TypeVar("Message")
Told = api.WatchAcknowledgementsResponse
EVERYTHING = Wanted(FORCE)


def consoles(board: Board, most_marks: int = 100) -> tuple[Consoles, ChangeLog, Proofs]:
    log, proofs = ChangeLog(), Proofs({(FORCE, "leeds"): timedelta(seconds=180)})
    board.listen(log.changed)
    board.listen(proofs.changed)
    return Consoles(board, proofs, log, most_marks), log, proofs


async def some(stream: AsyncGenerator[Message, None], count: int) -> list[Message]:
    return [await anext(stream) for _ in range(count)]


async def until_quiet(stream: AsyncGenerator[api.WatchEmergenciesResponse, None]) -> list[api.WatchEmergenciesResponse]:
    """What is sent until there is no more."""
    sent = []
    while not (message := await anext(stream)).heartbeat:
        sent.append(message)
    return sent


def told(*messages: Told) -> list[str]:
    return [Told.Acknowledgement.Name(one.acknowledgement).removeprefix("ACKNOWLEDGEMENT_") for one in messages]


def alerts(*messages: Told) -> list[tuple[int, float]]:
    """Levels and radii of alerts."""
    return [(one.alert.level, one.alert.within_metres) for one in messages if one.HasField("alert")]
