"""The board of a control room, kept current: incidents that wait, units, who is sent, and what a person has to do."""

from typing import Any

from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1.api_pb2_grpc import DispatchServiceStub
from services.watch.following import Following
from services.watch.replicas import Replicas


class Board(Following[api.WatchBoardResponse]):
    """Everything that is open, by its id."""

    def __init__(self, force: str, replicas: Replicas) -> None:
        super().__init__(replicas)
        self._force = force
        self.sequence = 0
        self.incidents: dict[str, types.DispatchIncident] = {}
        self.units: dict[str, types.Unit] = {}
        self.assignments: dict[str, types.Assignment] = {}
        self.tasks: dict[str, types.Task] = {}
        # By emergency and by the unit that was told of it.
        self.nearby: dict[str, types.EmergencyNearby] = {}

    def open(self) -> Any:
        request = api.WatchBoardRequest(force=self._force, after_sequence=self.sequence)
        return DispatchServiceStub(self.replicas.channel).WatchBoard(request, metadata=self.replicas.headers)

    def take(self, message: api.WatchBoardResponse) -> None:
        if message.snapshot_begins:
            for kept in (self.incidents, self.units, self.assignments, self.tasks, self.nearby):
                kept.clear()
        if message.HasField("change"):
            self._apply(message.change)

    def _apply(self, change: types.BoardChange) -> None:
        self.sequence = max(self.sequence, change.sequence)
        if change.HasField("unit"):
            _keep(self.units, change.unit.unit_id, change.unit, over=False)
        if change.HasField("incident"):
            over = change.incident.state == types.DISPATCH_STATE_RESULTED
            _keep(self.incidents, change.incident.incident_id, change.incident, over=over)
        if change.HasField("assignment"):
            over = change.assignment.state == types.ASSIGNMENT_STATE_ENDED
            _keep(self.assignments, change.assignment.assignment_id, change.assignment, over=over)
        if change.HasField("task"):
            _keep(self.tasks, change.task.task_id, change.task, over=change.task.HasField("done_at"))
        if change.HasField("emergency_nearby"):
            told = change.emergency_nearby
            _keep(self.nearby, f"{told.emergency_id}/{told.unit_id}", told, over=told.over)

    def assignments_of(self, incident_id: str) -> list[types.Assignment]:
        """The open assignments of an incident."""
        return [one for one in self.assignments.values() if one.incident_id == incident_id]


def _keep(kept: dict[str, Any], name: str, item: Any, *, over: bool) -> None:
    if over:
        kept.pop(name, None)
    else:
        kept[name] = item
