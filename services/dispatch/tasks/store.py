"""The tray of tasks, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.records import Task
from services.dispatch.domain.terms import TaskKind
from services.kernel.database import Row, Table
from services.kernel.errors import NotFound
from services.kernel.transaction import Transaction

TASK = Table.of(
    "task",
    "id uuid, force text, kind smallint, owner text, incident_id uuid, assignment_id uuid, unit_id uuid, "
    "raised_at timestamptz, about_id uuid, radio text",
)


def task_row(task: Task) -> tuple[object, ...]:
    """The row for TASK."""
    ids = (task.incident_id, task.assignment_id, task.unit_id)
    return (task.id, task.force, task.kind, task.owner, *ids, task.raised_at, task.about_id, task.radio)


def _task(row: Row) -> Task:
    return Task(**{**dict(row), "kind": TaskKind(row["kind"])})


async def task(tx: Transaction, task_id: UUID) -> Task:
    """A task of the caller's force, locked until the transaction ends. Raises NotFound."""
    row = await tx.maybe("select * from task where id = $1 and force = $2 for update", task_id, tx.caller.force)
    if row is None:
        raise NotFound("task")
    return _task(row)


async def open_task(tx: Transaction, task: Task) -> Task | None:
    """The task of the same kind, post and subject that waits already, if one does."""
    row = await tx.maybe(
        "select * from task where force = $1 and kind = $2 and owner = $3 and done_at is null "
        "and incident_id is not distinct from $4 and assignment_id is not distinct from $5 "
        "and unit_id is not distinct from $6 and about_id is not distinct from $7 limit 1",
        task.force,
        task.kind,
        task.owner,
        task.incident_id,
        task.assignment_id,
        task.unit_id,
        task.about_id,
    )
    return None if row is None else _task(row)


async def open_tasks(
    tx: Transaction,
    kinds: Sequence[TaskKind],
    *,
    incident_id: UUID | None = None,
    assignment_id: UUID | None = None,
    unit_id: UUID | None = None,
    about_id: UUID | None = None,
) -> list[Task]:
    """The tasks of these kinds that wait for a record, locked until the transaction ends."""
    rows = await tx.all(
        "select * from task where done_at is null and kind = any($1::smallint[]) "
        "and (incident_id = $2 or assignment_id = $3 or unit_id = $4 or about_id = $5) order by id for update",
        [int(kind) for kind in kinds],
        incident_id,
        assignment_id,
        unit_id,
        about_id,
    )
    return [_task(row) for row in rows]


async def keep_task(tx: Transaction, task: Task) -> None:
    """Stores the end of a task."""
    await tx.execute(
        "update task set done_at = $2, done_by = $3, note = $4 where id = $1",
        task.id,
        task.done_at,
        task.done_by,
        task.note,
    )


async def tasks(
    tx: Transaction, kind: TaskKind, *, done: bool, after: tuple[datetime, UUID] | None, limit: int
) -> list[Task]:
    """The force's tasks, oldest first, those that were raised after the one named; ended ones where `done`."""
    moment, last = after or (None, None)
    rows = await tx.all(
        "select * from task where force = $1 and ($2 = 0 or kind = $2) and ($3 or done_at is null) "
        "and ($4::timestamptz is null or (raised_at, id) > ($4, $5::uuid)) order by raised_at, id limit $6",
        tx.caller.force,
        int(kind),
        done,
        moment,
        last,
        limit,
    )
    return [_task(row) for row in rows]
