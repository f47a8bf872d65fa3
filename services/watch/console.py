"""A position in the control room: it shows emergencies, says so, and goes to another replica when its own is gone."""

import asyncio
import random
import time
from collections.abc import Collection
from typing import Any
from uuid import uuid4

import grpc

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from services.watch.following import Following
from services.watch.replicas import Replicas

# How often it is said that something is on the screen, where nobody answers, and what is waited in between. With the
# next word of that emergency it begins anew.
_MOST_TRIES = 20
_AGAIN_SECONDS = (0.1, 5.0)


class Console(Following[api.WatchEmergenciesResponse]):
    """One position. `seen` is when each emergency was first on its screen, `alarms_at` each of its presses and duress
    codes, by the monotonic clock."""

    def __init__(self, name: str, force: str, replicas: Replicas) -> None:
        super().__init__(replicas)
        self.name, self.force = name, force
        self.emergencies: dict[str, types.Emergency] = {}
        self.seen: dict[str, float] = {}
        self.alarms_at: dict[str, float] = {}
        # When each level of each emergency was first on its screen.
        self.levels: dict[tuple[str, int], float] = {}
        self.alarms: dict[str, types.PathAlarm] = {}
        self._resume_token = ""
        # Alarms of each emergency as they were last on the screen, and those of which a replica has heard that.
        self._alarms: dict[str, frozenset[str]] = {}
        self._confirmed: dict[str, frozenset[str]] = {}
        self._confirming: dict[str, asyncio.Task[None]] = {}

    def open(self) -> Any:
        request = api.WatchEmergenciesRequest(force=self.force, console=self.name, resume_token=self._resume_token)
        stub = EmergencyServiceStub(self.replicas.channel)
        return stub.WatchEmergencies(request, metadata=self.replicas.headers)

    def take(self, message: api.WatchEmergenciesResponse) -> None:
        if message.resume_token:
            self._resume_token = message.resume_token
        if message.snapshot_begins:
            self.emergencies.clear()
            self.alarms.clear()
        if message.HasField("path_alarm"):
            self.alarms[message.path_alarm.site] = message.path_alarm
        if message.HasField("emergency"):
            self._show(message.emergency)

    async def acknowledge(self, emergency_id: str) -> types.Emergency:
        """A person takes it: those of its alarms that were on the screen, and no other (ADR 0014).

        Raises LookupError where it never was on the screen, and grpc.aio.AioRpcError where it is refused or no replica
        answers.
        """
        request = api.AcknowledgeEmergencyRequest(
            request_id=str(uuid4()),
            force=self.force,
            emergency_id=emergency_id,
            console=self.name,
            seen_signal_ids=self.alarms_seen(emergency_id),
        )
        reply = await self.ask("AcknowledgeEmergency", EmergencyServiceStub, request)
        acknowledged: types.Emergency = reply.emergency
        return acknowledged

    def alarms_seen(self, emergency_id: str) -> list[str]:
        """The alarms of an emergency that were on the screen, for whatever is done about it. Raises LookupError."""
        return sorted(self._alarms[emergency_id])

    def _show(self, emergency: types.Emergency) -> None:
        now, name = time.monotonic(), emergency.emergency_id
        self.emergencies[name] = emergency
        self.levels.setdefault((name, emergency.level), now)
        self.seen.setdefault(name, now)
        for alarm in emergency.alarm_signal_ids:
            self.alarms_at.setdefault(alarm, now)
        self._alarms[name] = self._alarms.get(name, frozenset()) | frozenset(emergency.alarm_signal_ids)
        if self._unconfirmed(name) and name not in self._confirming:
            task = self._confirming[name] = asyncio.create_task(self._confirm(name))
            task.add_done_callback(lambda _: self._confirming.pop(name, None))

    def _unconfirmed(self, emergency_id: str) -> frozenset[str]:
        return self._alarms[emergency_id] - self._confirmed.get(emergency_id, frozenset())

    async def _confirm(self, emergency_id: str) -> None:
        """Says what is on the screen until a replica has heard all of it (R-OS-02). Meanwhile it goes on being shown,
        and escalated."""
        delay, tries = _AGAIN_SECONDS[0], 0
        while self._unconfirmed(emergency_id) and tries < _MOST_TRIES:
            shown = self._alarms[emergency_id]
            if await self._say_shown(emergency_id, shown):
                self._confirmed[emergency_id] = shown
                delay, tries = _AGAIN_SECONDS[0], 0
                continue
            tries += 1
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))
            delay = min(_AGAIN_SECONDS[1], 2 * delay)

    async def _say_shown(self, emergency_id: str, alarms: Collection[str]) -> bool:
        request = api.ConfirmShownRequest(
            request_id=str(uuid4()),
            force=self.force,
            emergency_id=emergency_id,
            console=self.name,
            seen_signal_ids=sorted(alarms),
        )
        try:
            await self.ask("ConfirmShown", EmergencyServiceStub, request)
        except grpc.aio.AioRpcError:
            self.replicas.left += 1
            return False
        return True
