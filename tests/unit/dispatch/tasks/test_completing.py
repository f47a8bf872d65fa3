"""Who may end a task."""

from services.dispatch.domain.records import Task
from services.dispatch.domain.terms import TaskKind
from services.dispatch.tasks.domain.completing import may_complete
from tests.unit.dispatch.crews import refused
from tests.unit.dispatch.sent import NOON, an_id

DISPATCHER, SUPERVISOR = "ROLE_DISPATCHER", "ROLE_SUPERVISOR"


def test_an_escalation_is_ended_by_a_supervisor() -> None:  # R-DP-01
    task = Task(an_id(9), "west-yorkshire", TaskKind.UNRESOURCED, "duty inspector", NOON)
    may_complete(task, {SUPERVISOR})
    with refused("SUPERVISOR_NEEDED"):
        may_complete(task, {DISPATCHER})
