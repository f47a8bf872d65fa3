"""A position in the control room: it shows emergencies, says so, and goes to another replica when its own is gone."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import grpc

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from services.watch.following import Following
from services.watch.replicas import Replicas


class Console(Following[api.WatchEmergenciesResponse]):
    """One position. `seen` is when each emergency was first on its screen, by the monotonic clock."""

    def __init__(self, name: str, force: str, replicas: Replicas) -> None:
        super().__init__(replicas)
        self.name, self._force = name, force
        self.emergencies: dict[str, types.Emergency] = {}
        self.seen: dict[str, float] = {}
        # When each level of each emergency was first on its screen.
        self.levels: dict[tuple[str, int], float] = {}
        self.alarms: dict[str, types.PathAlarm] = {}
        self._resume_token = ""
        self._confirming: set[asyncio.Task[None]] = set()

    def open(self) -> Any:
        request = api.WatchEmergenciesRequest(force=self._force, console=self.name, resume_token=self._resume_token)
        stub = EmergencyServiceStub(self.replicas.channel)
        return stub.WatchEmergencies(request, metadata=self.replicas.headers)

    def take(self, message: api.WatchEmergenciesResponse) -> None:
        if message.resume_token:
            self._resume_token = message.resume_token
        if message.snapshot_begins:
            self.emergencies.clear()
        if message.HasField("path_alarm"):
            self.alarms[message.path_alarm.site] = message.path_alarm
        if message.HasField("emergency"):
            self._show(message.emergency)

    async def acknowledge(self, emergency_id: str) -> types.Emergency:
        """A person takes it. Raises grpc.aio.AioRpcError where that is refused or no replica answers."""
        request = api.AcknowledgeEmergencyRequest(
            request_id=str(uuid4()), force=self._force, emergency_id=emergency_id, console=self.name
        )
        reply = await self.ask("AcknowledgeEmergency", EmergencyServiceStub, request)
        acknowledged: types.Emergency = reply.emergency
        return acknowledged

    def _show(self, emergency: types.Emergency) -> None:
        now, name = time.monotonic(), emergency.emergency_id
        self.emergencies[name] = emergency
        self.levels.setdefault((name, emergency.level), now)
        if name not in self.seen:
            self.seen[name] = now
            task = asyncio.create_task(self._confirm(name))
            self._confirming.add(task)
            task.add_done_callback(self._confirming.discard)

    async def _confirm(self, emergency_id: str) -> None:
        """Says that it is on the screen. It goes on being shown, and escalated, where nobody hears that."""
        request = api.ConfirmShownRequest(
            request_id=str(uuid4()), force=self._force, emergency_id=emergency_id, console=self.name
        )
        try:
            await self.ask("ConfirmShown", EmergencyServiceStub, request)
        except grpc.aio.AioRpcError:
            self.replicas.left += 1
