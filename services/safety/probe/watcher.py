"""A console at one replica, as a client of the public API: it sees what the consoles there are sent."""

import asyncio
import random
from typing import TYPE_CHECKING

import grpc

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import gauge
from services.kernel.tls import client_channel

if TYPE_CHECKING:
    from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceAsyncStub

_LOG = logger(__name__)
CALL_SECONDS = 1.0
# Three of the heartbeats that a stream is sent: whoever hears none of them is connected to nobody.
_SILENT_SECONDS = 15.0
_RETRY_SECONDS = (0.1, 2.0)

WATCHING = gauge(
    "peel_probe_watching",
    "1 while the probe has a stream of emergencies open at a replica, by its address and force.",
    action="0 while that replica runs: no console can watch there either. Its log says why.",
    labels=("replica", "force"),
)


class Watcher:
    """One stream, opened anew whenever it breaks, and the presses that are waited for."""

    def __init__(self, address: str, force: str, console: str, settings: Settings) -> None:
        self.address, self._force, self._console, self._settings = address, force, console, settings
        self._channel = client_channel(address, settings.tls_ca)
        self._waited_for: dict[str, asyncio.Future[types.Emergency]] = {}
        self.watching = asyncio.Event()

    @property
    def stub(self) -> "EmergencyServiceAsyncStub":
        return EmergencyServiceStub(self._channel)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The token, read again at each call: it is exchanged while the probe runs."""
        file = self._settings.peer_token_file
        return (("authorization", f"Bearer {file.read_text().strip()}"),) if file is not None else ()

    def expect(self, press_id: str) -> asyncio.Future[types.Emergency]:
        """Comes true when this watcher is sent the press. Whoever waits no longer cancels it."""
        expected: asyncio.Future[types.Emergency] = asyncio.get_running_loop().create_future()
        self._waited_for[press_id] = expected
        expected.add_done_callback(lambda _: self._waited_for.pop(press_id, None))
        return expected

    async def confirm(self, shown: types.Emergency) -> None:
        """Says that the press is on a screen. Raises grpc.aio.AioRpcError."""
        request = api.ConfirmShownRequest(
            request_id=str(new_id()),
            force=self._force,
            emergency_id=shown.emergency_id,
            console=self._console,
            seen_signal_ids=shown.alarm_signal_ids,
        )
        await self.stub.ConfirmShown(request, timeout=CALL_SECONDS, metadata=self.headers())

    async def run(self, stop: asyncio.Event) -> None:
        """Watches until `stop` is set."""
        watching, stopping = asyncio.create_task(self._keep_watching()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
        finally:
            for task in (watching, stopping):
                task.cancel()
            await asyncio.gather(watching, stopping, return_exceptions=True)
            await self._channel.close(None)

    async def _keep_watching(self) -> None:
        shortest, longest = _RETRY_SECONDS
        delay = shortest
        while True:
            WATCHING.labels(self.address, self._force).set(0)
            try:
                await self._watch()
                why = "ended"
            except grpc.aio.AioRpcError as error:
                why = error.code().name
            except (TimeoutError, OSError) as error:
                why = type(error).__name__
            if self.watching.is_set():
                delay = shortest
            self.watching.clear()
            _LOG.warning("the probe does not watch", replica=self.address, error=why)
            await asyncio.sleep(delay * random.uniform(0.8, 1.2))
            delay = min(longest, delay * 2)

    async def _watch(self) -> None:
        """Reads the stream. Raises TimeoutError where nothing comes, not even a heartbeat."""
        request = api.WatchEmergenciesRequest(force=self._force, console=self._console, synthetic=True)
        stream = self.stub.WatchEmergencies(request, metadata=self.headers())
        try:
            while True:
                async with asyncio.timeout(_SILENT_SECONDS):
                    reply = await stream.read()
                if not isinstance(reply, api.WatchEmergenciesResponse):
                    return
                self._see(reply)
        finally:
            stream.cancel()

    def _see(self, reply: api.WatchEmergenciesResponse) -> None:
        if not self.watching.is_set():
            WATCHING.labels(self.address, self._force).set(1)
            self.watching.set()
        for press in reply.emergency.presses:
            expected = self._waited_for.get(press.press_id)
            if expected is not None and not expected.done():
                expected.set_result(reply.emergency)
