"""Who may end a task."""

from collections.abc import Collection

from services.dispatch.domain.records import Task
from services.dispatch.domain.terms import TaskKind
from services.kernel.errors import Refused


def may_complete(task: Task, roles: Collection[str]) -> None:
    """Whether it still waits, and may be ended by somebody with these roles.

    Raises Refused: TASK_DONE; SUPERVISOR_NEEDED for an escalation, which nobody takes off the tray of who should know
    of it but who answers for the control room (R-DP-01).
    """
    if task.done_at is not None:
        raise Refused("TASK_DONE", rule="the task was ended before")
    if task.kind is TaskKind.UNRESOURCED and "ROLE_SUPERVISOR" not in roles:
        raise Refused("SUPERVISOR_NEEDED", rule="an escalation is ended by ROLE_SUPERVISOR", permission=True)
