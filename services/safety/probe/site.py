"""The synthetic presses of one site: every minute one, through the public door, to a watcher at every replica."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

import grpc

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.pause import pause
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter, histogram
from services.safety.probe.watcher import CALL_SECONDS, Watcher

_LOG = logger(__name__)
# What has not come by then is not seen. A real press has to be within two (R-OS-01).
_SEEN_SECONDS = 5.0
# Sites press apart, and not in step with anything else that is done every minute.
_JITTER = 0.1

PRESSES = counter(
    "peel_probe_presses",
    "Synthetic presses by force, site and outcome: seen (at every replica), partly (not at all of them), failed.",
    action="failed: nobody would see a real press of that site; act at once. partly: a replica is down or deaf; the "
    "probe's log names it.",
    labels=("force", "site", "outcome"),
)
SECONDS = histogram(
    "peel_probe_seconds",
    "How long it took from a synthetic press until the last replica's watcher had it.",
    action="Above 1 s: presses are shown late. Compare the replicas' peel_emergency_peer_seconds and their load.",
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where radios come in: a force's control room or data centre."""

    force: str
    name: str


class Prober:
    """Presses for one site."""

    def __init__(
        self, site: Site, watchers: Sequence[Watcher], seconds: float, patience: float = _SEEN_SECONDS
    ) -> None:
        """Every so many `seconds` one press, which is seen within `patience` or not at all."""
        self._site, self._watchers, self._seconds, self._patience = site, watchers, seconds, patience
        self._first = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Presses until `stop` is set. The first press waits a moment for the watchers."""
        await pause(random.uniform(1.0, 2.0), stop)
        while not stop.is_set():
            begun = time.monotonic()
            await self.press()
            rest = self._seconds * random.uniform(1 - _JITTER, 1 + _JITTER) - (time.monotonic() - begun)
            await pause(max(0.0, rest), stop)

    async def press(self) -> None:
        """One press, and a watcher's word at each replica that had it."""
        press_id, begun = str(uuid4()), time.monotonic()
        expected = {watcher: watcher.expect(press_id) for watcher in self._watchers}
        try:
            async with asyncio.timeout(self._patience):
                await self._send(press_id)
                await asyncio.wait(expected.values())
        except TimeoutError:
            pass
        seconds = time.monotonic() - begun
        seen = {watcher: one.result() for watcher, one in expected.items() if one.done()}
        for one in expected.values():
            one.cancel()
        confirmed = [await self._confirm(watcher, shown) for watcher, shown in seen.items()]
        self._note([watcher.address for watcher in self._watchers if watcher not in seen], seconds, any(confirmed))

    async def _send(self, press_id: str) -> None:
        """Presses at one replica after the other, beginning with another one each time, until one answers."""
        request = api.PressEmergencyRequest(
            force=self._site.force,
            radio=f"probe-{self._site.name}",
            press_id=press_id,
            trigger=types.TRIGGER_SYNTHETIC,
            site=self._site.name,
        )
        self._first += 1
        tries = 0
        while True:
            watcher = self._watchers[(self._first + tries) % len(self._watchers)]
            try:
                await watcher.stub.PressEmergency(request, timeout=CALL_SECONDS, metadata=watcher.headers())
            except grpc.aio.AioRpcError as error:
                _LOG.warning("a synthetic press is not taken", replica=watcher.address, error=error.code().name)
                tries += 1
                await asyncio.sleep(0.1)
            else:
                return

    async def _confirm(self, watcher: Watcher, shown: types.Emergency) -> bool:
        try:
            await watcher.confirm(shown)
        except grpc.aio.AioRpcError as error:
            _LOG.warning("a synthetic press is not confirmed", replica=watcher.address, error=error.code().name)
            return False
        return True

    def _note(self, missed: Sequence[str], seconds: float, confirmed: bool) -> None:
        outcome = "failed" if not confirmed else "partly" if missed else "seen"
        PRESSES.labels(self._site.force, self._site.name, outcome).inc()
        if outcome == "seen":
            SECONDS.observe(seconds)
            return
        _LOG.error(
            "a synthetic press was not seen everywhere",
            site=self._site.name,
            force=self._site.force,
            outcome=outcome,
            missed=sorted(missed),
        )
