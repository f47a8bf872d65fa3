"""The process of the probe: `peel safety probe`. It needs neither database nor broker, and goes by real time."""

import asyncio
import signal

import uvloop

from services.kernel.clock import SystemClock
from services.kernel.contract import personal_field_names
from services.kernel.errors import OperatorFault
from services.kernel.health import CHECK_SECONDS, Health, HealthServer
from services.kernel.heap import freeze_heap
from services.kernel.pause import pause
from services.kernel.reference import local_date
from services.kernel.serving import Background
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger, set_up_logging
from services.kernel.telemetry.metrics import REHEARSAL
from services.safety.probe.site import Prober, Site
from services.safety.probe.watcher import Watcher
from services.safety.reference.emergency import sites

_LOG = logger(__name__)
_SERVED_AS = "safety-emergency"
_STOP_SECONDS = 5.0


def run_probe(settings: Settings) -> int:
    """Probes until SIGTERM or SIGINT; returns the exit status. Raises OperatorFault where it has nothing to probe."""
    return uvloop.run(Probe(settings).run())


def sites_of(settings: Settings) -> list[Site]:
    """The sites that the settings name, else those of the reference table. Raises OperatorFault for what is none."""
    if not settings.probe_sites.strip():
        return [Site(force, name) for force, name in sites(local_date(SystemClock().now()))]
    found = []
    for named in settings.probe_sites.split(","):
        force, _, name = named.strip().partition("/")
        if not (force and name):
            raise OperatorFault("PEEL_PROBE_SITES: each site is force/site")
        found.append(Site(force, name))
    return found


class Probe:
    """Its watchers, a stream a replica and force, and what presses for each site."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sites = sites_of(settings)
        addresses = [one.strip() for one in settings.addresses.get(_SERVED_AS, "").split(",") if one.strip()]
        if not (self._sites and addresses):
            raise OperatorFault(f"nothing to probe: PEEL_ADDRESSES names no {_SERVED_AS}, or there is no site")
        self._addresses = addresses
        self._health = Health(rehearsal=settings.rehearsal)
        self._stop = asyncio.Event()

    async def run(self) -> int:
        settings = self._settings
        set_up_logging(settings.log_level, personal_field_names(("safety",)), service="safety", process="probe")
        REHEARSAL.set(settings.rehearsal)
        if settings.rehearsal:
            _LOG.warning("REHEARSAL: this process is part of a rehearsal; it goes by real time all the same")
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        pages, background = HealthServer(settings.metrics_listen, self._health), Background()
        pages.start()
        watchers = {
            force: [Watcher(address, force, f"probe-{at}", settings) for at, address in enumerate(self._addresses, 1)]
            for force in {site.force for site in self._sites}
        }
        everywhere = [watcher for of_force in watchers.values() for watcher in of_force]
        for watcher in everywhere:
            background.start(f"watch {watcher.address}", watcher.run)
        for site in self._sites:
            prober = Prober(site, watchers[site.force], settings.probe_seconds)
            background.start(f"press {site.name}", prober.run)
        background.start("health", lambda stop: self._watch(everywhere, stop))
        freeze_heap()
        _LOG.info("probing", sites=len(self._sites), replicas=len(self._addresses))
        waiting = [asyncio.create_task(one) for one in (self._stop.wait(), background.one_ended())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        failed = not self._stop.is_set()
        for task in waiting:
            task.cancel()
        self._health.draining = True
        await background.stop(_STOP_SECONDS)
        pages.stop()
        _LOG.info("stopped")
        return 1 if failed else 0

    async def _watch(self, watchers: list[Watcher], stop: asyncio.Event) -> None:
        """Keeps /readyz current: the probe can do its work as long as it can watch at one replica."""
        while not stop.is_set():
            deaf = sorted(watcher.address for watcher in watchers if not watcher.watching.is_set())
            self._health.set("watching", "no replica answers" if len(deaf) == len(watchers) else None)
            self._health.degrade("replicas", f"not watching at {', '.join(deaf)}" if deaf else None)
            self._health.set("start", None)
            self._health.turned()
            await pause(CHECK_SECONDS, stop)
