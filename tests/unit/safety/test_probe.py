"""The probe says loudly what it did not see (R-OS-07), against replicas that are told how to behave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from deploy.local.ports import free_port
from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.errors import OperatorFault
from services.kernel.settings import Settings
from services.kernel.telemetry.metrics import REGISTRY
from services.safety.probe.process import Probe, sites_of
from services.safety.probe.site import Prober, Site
from services.safety.probe.watcher import Watcher

FORCE = "west-yorkshire"


class Replica:
    """Takes presses and shows them at all replicas, unless it is `deaf`, `refuses`, or ends each stream `early`."""

    def __init__(self, *, deaf: bool = False, refuses: bool = False, early: bool = False) -> None:
        self.deaf, self.refuses, self.early = deaf, refuses, early
        self.all: list[Replica] = [self]
        self.confirmed: list[tuple[str, str]] = []
        self.tokens: set[object] = set()
        self.streams = 0
        # A stream is open that will not end.
        self.stands = asyncio.Event()
        self._shown: asyncio.Queue[types.Emergency] = asyncio.Queue()

    async def watch(self, _: api.WatchEmergenciesRequest, context: Any) -> AsyncIterator[api.WatchEmergenciesResponse]:
        self.tokens.add(dict(context.invocation_metadata()).get("authorization"))
        self.streams += 1
        ends = self.early and self.streams == 1
        if not ends:
            self.stands.set()
        yield api.WatchEmergenciesResponse(snapshot_begins=True)
        while not ends:
            yield api.WatchEmergenciesResponse(emergency=await self._shown.get())

    async def press(self, request: api.PressEmergencyRequest, context: Any) -> api.PressEmergencyResponse:
        if self.refuses:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "REASON: rule")
        press = types.Press(press_id=request.press_id, trigger=request.trigger, site=request.site)
        for replica in self.all:
            if not replica.deaf:
                replica._shown.put_nowait(types.Emergency(emergency_id=request.press_id, presses=[press]))
        return api.PressEmergencyResponse(emergency_id=request.press_id)

    async def confirm(self, request: api.ConfirmShownRequest, _: Any) -> api.ConfirmShownResponse:
        self.confirmed.append((request.emergency_id, request.console))
        return api.ConfirmShownResponse()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        server, port = grpc.aio.server(), free_port()
        handlers = {
            "WatchEmergencies": grpc.unary_stream_rpc_method_handler(
                self.watch, api.WatchEmergenciesRequest.FromString, api.WatchEmergenciesResponse.SerializeToString
            ),
            "PressEmergency": grpc.unary_unary_rpc_method_handler(
                self.press, api.PressEmergencyRequest.FromString, api.PressEmergencyResponse.SerializeToString
            ),
            "ConfirmShown": grpc.unary_unary_rpc_method_handler(
                self.confirm, api.ConfirmShownRequest.FromString, api.ConfirmShownResponse.SerializeToString
            ),
        }
        name = "peel.safety.v1.EmergencyService"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            await server.stop(None)


def outcomes(site: str) -> dict[str, float]:
    """How the presses of a site went."""
    return {
        outcome: count
        for outcome in ("seen", "partly", "failed")
        if (count := _sample(force=FORCE, site=site, outcome=outcome))
    }


def _sample(**labels: str) -> float:
    return REGISTRY.get_sample_value("peel_probe_presses_total", labels) or 0.0


def pressed(site: str, *replicas: Replica, presses: int = 1, token: Path | None = None) -> dict[str, float]:
    """Presses for a site at these replicas, once all of them are watched; returns how that went."""

    async def run() -> None:
        stop = asyncio.Event()
        async with AsyncExitStack() as stack, asyncio.timeout(20):
            for replica in replicas:
                replica.all = list(replicas)
            addresses = [await stack.enter_async_context(replica.serving()) for replica in replicas]
            settings = Settings(peer_token_file=token)
            watchers = [Watcher(address, FORCE, f"probe-{at}", settings) for at, address in enumerate(addresses, 1)]
            running = [asyncio.create_task(watcher.run(stop)) for watcher in watchers]
            for replica, watcher in zip(replicas, watchers, strict=True):
                await replica.stands.wait()
                await watcher.watching.wait()
            prober = Prober(Site(FORCE, site), watchers, 60, patience=0.5)
            for _ in range(presses):
                await prober.press()
            stop.set()
            await asyncio.gather(*running)

    asyncio.run(run())
    return outcomes(site)


def test_a_press_that_every_replica_showed_is_confirmed_at_each(tmp_path: Path) -> None:
    one, two, token = Replica(), Replica(), tmp_path / "token"
    token.write_text("secret\n")
    assert pressed("everywhere", one, two, token=token) == {"seen": 1}
    assert [console for _, console in (*one.confirmed, *two.confirmed)] == ["probe-1", "probe-2"]
    assert one.tokens == {"Bearer secret"}


def test_a_replica_that_does_not_show_it_is_told_of() -> None:
    one, deaf = Replica(), Replica(deaf=True)
    assert pressed("deaf", one, deaf) == {"partly": 1}
    assert (len(one.confirmed), len(deaf.confirmed)) == (1, 0)


def test_a_press_goes_to_whichever_replica_takes_it() -> None:
    assert pressed("refused", Replica(), Replica(refuses=True), presses=2) == {"seen": 2}


def test_what_nobody_takes_or_shows_has_failed() -> None:
    assert pressed("dead", Replica(refuses=True), Replica(refuses=True)) == {"failed": 1}
    assert pressed("dark", Replica(deaf=True)) == {"failed": 1}


def test_a_stream_that_ends_is_opened_again() -> None:
    broken = Replica(early=True)
    assert pressed("broken", broken) == {"seen": 1}
    assert broken.streams == 2


def test_which_sites_are_probed() -> None:
    assert Site(FORCE, "wakefield") in sites_of(Settings())
    named = Settings(probe_sites="west-yorkshire/leeds, greater-manchester/salford")
    assert sites_of(named) == [Site(FORCE, "leeds"), Site("greater-manchester", "salford")]
    with pytest.raises(OperatorFault, match="PEEL_PROBE_SITES"):
        sites_of(Settings(probe_sites="leeds"))
    with pytest.raises(OperatorFault, match="nothing to probe"):
        Probe(Settings(addresses={}))
