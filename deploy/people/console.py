"""A position in the control room: it shows emergencies, says so, and goes to another replica when its own is gone."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import grpc

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from services.kernel.tls import client_channel

if TYPE_CHECKING:
    from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceAsyncStub

Metadata = tuple[tuple[str, str], ...]
_CALL_SECONDS = 2.0
# The stream says every few seconds that it lives; silent for longer, it is dead.
_SILENT_SECONDS = 12.0
_AGAIN_SECONDS = 0.05


class Replicas:
    """The replicas of the emergency path, as a client sees them: any of them will do, and one that fails is left."""

    def __init__(self, addresses: Sequence[str], authority: Path | None, headers: Metadata, *, first: int = 0) -> None:
        """`first` says which replica to begin with."""
        self._channels = [client_channel(address, authority) for address in addresses]
        stubs = [EmergencyServiceStub(channel) for channel in self._channels]
        start = first % len(stubs)
        self._turn: Iterator[EmergencyServiceAsyncStub] = cycle((*stubs[start:], *stubs[:start]))
        self.headers = headers
        self.stub = next(self._turn)
        # Calls that were made again because no answer came.
        self.retries = 0

    def leave(self) -> None:
        """Goes to the next replica."""
        self.stub = next(self._turn)
        self.retries += 1

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close(None)


class Console:
    """One position. `seen` is when each emergency was first on its screen, by the monotonic clock."""

    def __init__(self, name: str, force: str, replicas: Replicas) -> None:
        self.name, self._force, self._replicas = name, force, replicas
        self.emergencies: dict[str, types.Emergency] = {}
        self.seen: dict[str, float] = {}
        # When each level of each emergency was first on its screen.
        self.levels: dict[tuple[str, int], float] = {}
        self.alarms: dict[str, types.PathAlarm] = {}
        self.snapshots = 0
        self.changed = asyncio.Event()
        self.watching = asyncio.Event()
        self._resume_token = ""
        self._confirming: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Watches until it is cancelled."""
        while True:
            with suppress(grpc.aio.AioRpcError, TimeoutError):
                await self._watch()
            self.watching.clear()
            self._replicas.leave()
            await asyncio.sleep(_AGAIN_SECONDS * random.uniform(0.5, 1.5))

    async def acknowledge(self, emergency_id: str) -> types.Emergency:
        """A person takes it. Made again at the next replica where no answer comes."""
        request = api.AcknowledgeEmergencyRequest(
            request_id=str(uuid4()), force=self._force, emergency_id=emergency_id, console=self.name
        )
        while True:
            try:
                stub, headers = self._replicas.stub, self._replicas.headers
                reply = await stub.AcknowledgeEmergency(request, timeout=_CALL_SECONDS, metadata=headers)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                self._replicas.leave()
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return reply.emergency

    async def _watch(self) -> None:
        request = api.WatchEmergenciesRequest(force=self._force, console=self.name, resume_token=self._resume_token)
        call = self._replicas.stub.WatchEmergencies(request, metadata=self._replicas.headers)
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

    def _take(self, message: api.WatchEmergenciesResponse) -> None:
        now = time.monotonic()
        if message.resume_token:
            self._resume_token = message.resume_token
        if message.snapshot_begins:
            self.emergencies.clear()
            self.snapshots += 1
        if message.HasField("path_alarm"):
            self.alarms[message.path_alarm.site] = message.path_alarm
        if message.HasField("emergency"):
            self._show(message.emergency, now)
        self.changed.set()

    def _show(self, emergency: types.Emergency, now: float) -> None:
        self.emergencies[emergency.emergency_id] = emergency
        self.levels.setdefault((emergency.emergency_id, emergency.level), now)
        if emergency.emergency_id not in self.seen:
            self.seen[emergency.emergency_id] = now
            task = asyncio.create_task(self._confirm(emergency.emergency_id))
            self._confirming.add(task)
            task.add_done_callback(self._confirming.discard)

    async def _confirm(self, emergency_id: str) -> None:
        request = api.ConfirmShownRequest(
            request_id=str(uuid4()), force=self._force, emergency_id=emergency_id, console=self.name
        )
        # Said once more at the other replica; a screen that was not confirmed goes on showing it all the same.
        for _ in range(4):
            stub, headers = self._replicas.stub, self._replicas.headers
            try:
                await stub.ConfirmShown(request, timeout=_CALL_SECONDS, metadata=headers)
            except grpc.aio.AioRpcError:
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return
