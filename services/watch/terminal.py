"""A unit's terminal: it holds the unit's stream open; its crew acknowledges what it is told."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import grpc

from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api
from peel.dispatch.v1.unit_api_pb2_grpc import UnitServiceStub
from services.watch.following import Following
from services.watch.replicas import Replicas


class Terminal(Following[api.WatchUnitResponse]):
    """The terminal of one unit. With `acknowledges`, its crew takes what it is told at once."""

    def __init__(self, unit_id: str, replicas: Replicas, *, acknowledges: bool = False) -> None:
        super().__init__(replicas)
        self.unit_id = unit_id
        self.unit: types.Unit | None = None
        # Every assignment as it was last told, ended ones too; those that ended unseen are forgotten.
        self.assignments: dict[str, types.Assignment] = {}
        # Emergencies that somebody nearby has and nobody has taken (R-OS-03).
        self.nearby: dict[str, types.EmergencyNearby] = {}
        # When each version of each hazard answer was first told, by the monotonic clock.
        self.told: dict[tuple[str, int], float] = {}
        self._acknowledges = acknowledges
        self._begun: set[tuple[str, int]] = set()
        self._sequence = 0
        self._working: set[asyncio.Task[None]] = set()

    def open(self) -> Any:
        request = api.WatchUnitRequest(unit_id=self.unit_id, after_sequence=self._sequence)
        return UnitServiceStub(self.replicas.channel).WatchUnit(request, metadata=self.replicas.headers)

    def take(self, message: api.WatchUnitResponse) -> None:
        if message.snapshot_begins:
            # What follows is everything: what is not in it ended while nobody could say so.
            self.unit = None
            self.assignments.clear()
            self.nearby.clear()
        self._sequence = max(self._sequence, message.sequence)
        if message.HasField("unit"):
            self.unit = message.unit
        if message.HasField("assignment"):
            told = message.assignment
            self.assignments[told.assignment_id] = told
            self.told.setdefault((told.assignment_id, told.hazard.version), time.monotonic())
            if self._acknowledges:
                self.acknowledge(told)
        if message.HasField("emergency_nearby"):
            near = message.emergency_nearby
            if near.over:
                self.nearby.pop(near.emergency_id, None)
            else:
                self.nearby[near.emergency_id] = near

    def acknowledge(self, told: types.Assignment) -> None:
        """Begins to acknowledge whatever of it is not acknowledged: the assignment, and its hazards."""
        if told.state == types.ASSIGNMENT_STATE_ENDED:
            return
        if told.state == types.ASSIGNMENT_STATE_SENT:
            self._begin(told.assignment_id, 0, self._acknowledge_assignment(told.assignment_id))
        if told.hazard_acknowledged < told.hazard.version:
            version = told.hazard.version
            self._begin(told.assignment_id, version, self._acknowledge_hazard(told.assignment_id, version))

    def _begin(self, assignment_id: str, version: int, work: Coroutine[Any, Any, None]) -> None:
        if (assignment_id, version) in self._begun:
            work.close()
            return
        self._begun.add((assignment_id, version))
        task = asyncio.create_task(self._do(assignment_id, version, work))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _do(self, assignment_id: str, version: int, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except grpc.aio.AioRpcError:
            # Not carried out: whoever looks at it next tries again.
            self._begun.discard((assignment_id, version))

    async def _acknowledge_assignment(self, assignment_id: str) -> None:
        request = api.AcknowledgeAssignmentRequest(
            request_id=_request_id(assignment_id, "assignment"), assignment_id=assignment_id
        )
        await self.ask("AcknowledgeAssignment", UnitServiceStub, request, tries=40)

    async def _acknowledge_hazard(self, assignment_id: str, version: int) -> None:
        request = api.AcknowledgeHazardRequest(
            request_id=_request_id(assignment_id, f"hazard-{version}"), assignment_id=assignment_id, version=version
        )
        await self.ask("AcknowledgeHazard", UnitServiceStub, request, tries=40)


def _request_id(assignment_id: str, step: str) -> str:
    """The same for every try of the same step."""
    return str(uuid5(NAMESPACE_URL, f"{assignment_id}/{step}"))
