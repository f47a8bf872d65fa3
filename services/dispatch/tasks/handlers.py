"""What people do with their tray of tasks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.records import Task
from services.dispatch.domain.terms import TaskKind
from services.dispatch.tasks import store, tray
from services.dispatch.tasks.domain.completing import may_complete
from services.kernel.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ListTasks:
    kind: TaskKind
    done: bool
    after: tuple[datetime, UUID] | None
    limit: int


@dataclass(frozen=True, slots=True)
class CompleteTask:
    task_id: UUID
    note: str


async def list_tasks(command: ListTasks, tx: Transaction) -> list[Task]:
    return await store.tasks(tx, command.kind, done=command.done, after=command.after, limit=command.limit)


async def complete_task(command: CompleteTask, tx: Transaction) -> Task:
    """A person did what the task asks for."""
    task = await store.task(tx, command.task_id)
    may_complete(task, tx.caller.roles)
    return await tray.complete(tx, task, command.note)
