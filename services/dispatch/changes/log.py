"""The board: what is open in a force, and the log of its changes.

A change is written in the transaction of its effect. Its number is counted by the database as the very last thing
before the commit (migration 0002): 1, 2, 3 … within the force, without gaps, in the order of the commits.
"""

from uuid import UUID

from peel.dispatch.v1 import types_pb2 as types
from services.dispatch.domain.records import Assignment, EmergencyNearby, Incident, Task, Unit
from services.dispatch.messages import (
    assignment_message,
    emergency_nearby_message,
    incident_message,
    task_message,
    unit_message,
)
from services.kernel.database import Table
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction
from services.kernel.wire import stamp

BOARD_CHANGE = Table.of("board_change", "force text, at timestamptz, kind text, unit_id uuid, body bytea")


def put_on_board(
    tx: Transaction,
    *,
    unit: Unit | None = None,
    incident: Incident | None = None,
    assignment: Assignment | None = None,
    task: Task | None = None,
    emergency: EmergencyNearby | None = None,
    shared_with: tuple[str, ...] = (),
) -> None:
    """Puts what a record has become on the board of its force, in this transaction.

    Exactly one record a call. An incident is also put on the board of every force that it is shared with; for an
    assignment those are given in `shared_with`. Units, assignments and emergencies nearby reach the unit's own terminal
    too.
    """
    body = types.BoardChange(at=stamp(tx.now))
    if unit is not None:
        body.unit.CopyFrom(unit_message(unit, local_date(tx.now)))
        _add(tx, body, "unit", unit.force, unit_id=unit.id)
    if incident is not None:
        body.incident.CopyFrom(incident_message(incident))
        _add(tx, body, "incident", incident.force, *incident.shared_with)
    if assignment is not None:
        body.assignment.CopyFrom(assignment_message(assignment))
        _add(tx, body, "assignment", assignment.force, *shared_with, unit_id=assignment.unit_id)
    if task is not None:
        body.task.CopyFrom(task_message(task))
        _add(tx, body, "task", task.force)
    if emergency is not None:
        body.emergency_nearby.CopyFrom(emergency_nearby_message(emergency))
        _add(tx, body, "emergency", emergency.force, unit_id=emergency.unit_id)


def _add(tx: Transaction, body: types.BoardChange, kind: str, *forces: str, unit_id: UUID | None = None) -> None:
    written = body.SerializeToString()
    for number, force in enumerate(forces):
        # Its terminal hears of it once, by its own force's board.
        tx.add(BOARD_CHANGE, (force, tx.now, kind, unit_id if number == 0 else None, written))
