"""A unit's terminal: it holds the unit's stream open and acknowledges what it is told, as a crew would."""

import asyncio
import random
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import grpc

from deploy.people.line import Line
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api

_AGAIN_SECONDS = 0.1
_SILENT_SECONDS = 20.0


class Terminal:
    """The terminal of one unit. `role` is that of its crew's token."""

    def __init__(self, line: Line, unit_id: str, role: str, *, acknowledges: bool = True) -> None:
        self.unit_id = unit_id
        # Every assignment as it was last told.
        self.assignments: dict[str, types.Assignment] = {}
        # When each version of each hazard answer was first told, by the monotonic clock.
        self.told: dict[tuple[str, int], float] = {}
        self.acknowledged: set[tuple[str, int]] = set()
        self.changed = asyncio.Event()
        self.watching = asyncio.Event()
        self._line, self._role, self._acknowledges = line, role, acknowledges
        self._sequence = 0
        self._working: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Watches until it is cancelled; a stream that breaks off is begun again where it was."""
        while True:
            with suppress(grpc.aio.AioRpcError, TimeoutError):
                await self._watch()
            self.watching.clear()
            await asyncio.sleep(_AGAIN_SECONDS * random.uniform(0.5, 1.5))

    async def _watch(self) -> None:
        request = api.WatchUnitRequest(unit_id=self.unit_id, after_sequence=self._sequence)
        call = self._line.units.WatchUnit(request, metadata=self._line.headers(self._role))
        stream = aiter(call)
        try:
            while True:
                message = await asyncio.wait_for(anext(stream), _SILENT_SECONDS)
                self.watching.set()
                self._take(message)
        except StopAsyncIteration:
            return
        finally:
            call.cancel()

    def _take(self, message: api.WatchUnitResponse) -> None:
        self._sequence = max(self._sequence, message.sequence)
        if message.HasField("assignment"):
            told = message.assignment
            self.assignments[told.assignment_id] = told
            self.told.setdefault((told.assignment_id, told.hazard.version), time.monotonic())
            if self._acknowledges and told.state != types.ASSIGNMENT_STATE_ENDED:
                self._work(told)
        self.changed.set()

    def _work(self, told: types.Assignment) -> None:
        if told.state == types.ASSIGNMENT_STATE_SENT:
            self._begin(self._acknowledge_assignment(told.assignment_id))
        if told.hazard_acknowledged < told.hazard.version:
            self._begin(self._acknowledge_hazard(told.assignment_id, told.hazard.version))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _acknowledge_assignment(self, assignment_id: str) -> None:
        request = api.AcknowledgeAssignmentRequest(
            request_id=_request_id(assignment_id, "assignment"), assignment_id=assignment_id
        )
        await self._line.ask(self._line.units.AcknowledgeAssignment, request, self._role)

    async def _acknowledge_hazard(self, assignment_id: str, version: int) -> None:
        if (assignment_id, version) in self.acknowledged:
            return
        self.acknowledged.add((assignment_id, version))
        request = api.AcknowledgeHazardRequest(
            request_id=_request_id(assignment_id, f"hazard-{version}"), assignment_id=assignment_id, version=version
        )
        await self._line.ask(self._line.units.AcknowledgeHazard, request, self._role)


def _request_id(assignment_id: str, step: str) -> str:
    """The same for every try of the same step."""
    return str(uuid5(NAMESPACE_URL, f"{assignment_id}/{step}"))
