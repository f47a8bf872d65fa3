"""The board and a terminal as the contract writes them: whole, and in the parts that a stream sends."""

from collections.abc import Sequence
from datetime import datetime

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import types_pb2 as types
from services.dispatch.domain.records import Board, Terminal
from services.dispatch.messages import (
    assignment_message,
    emergency_nearby_message,
    incident_message,
    task_message,
    unit_message,
)
from services.kernel.reference import local_date
from services.kernel.wire import stamp


def board_message(board: Board, now: datetime) -> api.GetBoardResponse:
    """A board at a moment."""
    today = local_date(now)
    return api.GetBoardResponse(
        sequence=board.sequence,
        incidents=[incident_message(incident) for incident in board.incidents],
        units=[unit_message(unit, today) for unit in board.units],
        assignments=[assignment_message(assignment) for assignment in board.assignments],
        tasks=[task_message(task) for task in board.tasks],
        emergencies_nearby=[emergency_nearby_message(nearby) for nearby in board.emergencies],
    )


def board_parts(board: Board, now: datetime) -> list[types.BoardChange]:
    """A board, a record a change, each with the number of the board's last change."""
    whole, changes = board_message(board, now), []
    changes += [types.BoardChange(incident=one) for one in whole.incidents]
    changes += [types.BoardChange(unit=one) for one in whole.units]
    changes += [types.BoardChange(assignment=one) for one in whole.assignments]
    changes += [types.BoardChange(task=one) for one in whole.tasks]
    changes += [types.BoardChange(emergency_nearby=one) for one in whole.emergencies_nearby]
    return _numbered(changes, board.sequence, now)


def terminal_parts(terminal: Terminal, now: datetime) -> list[types.BoardChange]:
    """What a terminal shows, a record a change."""
    changes = [types.BoardChange(unit=unit_message(terminal.unit, local_date(now)))]
    if terminal.assignment is not None:
        changes.append(types.BoardChange(assignment=assignment_message(terminal.assignment)))
    changes += [types.BoardChange(emergency_nearby=emergency_nearby_message(one)) for one in terminal.emergencies]
    return _numbered(changes, terminal.sequence, now)


def _numbered(changes: Sequence[types.BoardChange], sequence: int, now: datetime) -> list[types.BoardChange]:
    at = stamp(now)
    for change in changes:
        change.sequence = sequence
        change.at.CopyFrom(at)
    return list(changes)
