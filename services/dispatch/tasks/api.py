"""The gRPC door of the tray of tasks: request to command, result to reply. No logic."""

from datetime import datetime
from uuid import UUID

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import api_pb2_grpc as api_grpc
from services.dispatch.domain.records import Task
from services.dispatch.domain.terms import TaskKind
from services.dispatch.messages import task_message
from services.dispatch.tasks import handlers
from services.kernel.door import Context
from services.kernel.usecases import UseCases
from services.kernel.validation import Check

_NOTE_LONGEST = 1_000


class TaskDoor(api_grpc.DispatchServiceServicer):
    """Posts see their trays, and end what is on them."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def ListTasks(self, request: api.ListTasksRequest, context: Context) -> api.ListTasksResponse:
        check = Check(self._cases.clock.now())
        kind = check.known("kind", request.kind, TaskKind, required=False)
        page = self._cases.pages.page(request, check)
        after = None
        if page.position:
            raised_at, last = page.position
            after = (datetime.fromisoformat(raised_at), UUID(last))
        return await self._cases.handle(
            handlers.list_tasks,
            handlers.ListTasks(kind, request.done, after, page.limit),
            lambda found: api.ListTasksResponse(
                tasks=[task_message(task) for task in page.items(found)],
                next_page_token=page.next_token(found, _position),
            ),
            api.ListTasksResponse,
        )

    async def CompleteTask(self, request: api.CompleteTaskRequest, context: Context) -> api.CompleteTaskResponse:
        check = Check(self._cases.clock.now())
        command = handlers.CompleteTask(
            check.uuid("task_id", request.task_id),
            check.text("note", request.note, longest=_NOTE_LONGEST, required=True),
        )
        check.done()
        return await self._cases.handle(
            handlers.complete_task,
            command,
            lambda task: api.CompleteTaskResponse(task=task_message(task)),
            api.CompleteTaskResponse,
        )


def _position(task: Task) -> list[str]:
    return [task.raised_at.isoformat(), str(task.id)]
