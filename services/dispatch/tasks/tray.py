"""Tasks: what only a person can do next. One goes by being done or by what it asks for happening, and on record."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.dispatch.changes.log import put_on_board
from services.dispatch.domain.records import Task
from services.dispatch.domain.terms import TaskKind
from services.dispatch.tasks import store
from services.kernel.ids import new_id
from services.kernel.transaction import Transaction

DISPATCHER = "dispatcher"
SUPERVISOR = "control room supervisor"


@dataclass(frozen=True, slots=True)
class About:
    """What officer safety told of: a welfare time, an emergency or a path, and the radio to call where one is known."""

    id: UUID
    radio: str = field(default="", repr=False)


async def raise_task(
    tx: Transaction,
    kind: TaskKind,
    owner: str,
    force: str,
    *,
    incident_id: UUID | None = None,
    assignment_id: UUID | None = None,
    unit_id: UUID | None = None,
    about: About | None = None,
) -> Task:
    """Puts a task on the tray of a post. One that waits there already for the same is left as it is, with its age."""
    ids = (incident_id, assignment_id, unit_id)
    task = Task(
        new_id(),
        force,
        kind,
        owner,
        tx.now,
        *ids,
        about_id=about.id if about else None,
        radio=about.radio if about else "",
    )
    waiting = await store.open_task(tx, task)
    if waiting is not None:
        return waiting
    tx.add(store.TASK, store.task_row(task))
    put_on_board(tx, task=task)
    return task


async def settle(
    tx: Transaction,
    kinds: Sequence[TaskKind],
    note: str,
    *,
    incident_id: UUID | None = None,
    assignment_id: UUID | None = None,
    unit_id: UUID | None = None,
    about_id: UUID | None = None,
) -> None:
    """Ends the tasks of these kinds that wait for a record: what they ask for has happened, as the note says."""
    subject = {"incident_id": incident_id, "assignment_id": assignment_id, "unit_id": unit_id, "about_id": about_id}
    for task in await store.open_tasks(tx, kinds, **subject):
        await complete(tx, task, note)


async def complete(tx: Transaction, task: Task, note: str) -> Task:
    """Ends a task, on record with who did and what was done."""
    done = replace(task, done_at=tx.now, done_by=tx.caller.subject, note=note)
    await store.keep_task(tx, done)
    put_on_board(tx, task=done)
    return done
