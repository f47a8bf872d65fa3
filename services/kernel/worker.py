"""The worker process of a service, hosted by nameko's ServiceContainer, which is confined to this file.

Nothing is monkey-patched: patched, grpcio freezes. So three kinds of threads stay apart. On the main thread eventlet's
hub runs nameko's life cycle and nothing that blocks. One thread runs the asyncio loop and all parts on it. The broker's
clients have threads of their own. Calling into the container from any other thread than its own ends in stuck threads
and crashes; whatever comes from there goes through `Bridge`.
"""

import asyncio
import logging
import os
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

import uvloop

from services.kernel.contract import personal_field_names
from services.kernel.database import TRANSIENT
from services.kernel.heap import freeze_heap
from services.kernel.parts import Parts
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger, set_up_logging
from services.kernel.telemetry.metrics import REHEARSAL
from services.table import SERVICES

# Nothing on the hub looks up a name; a resolver for it would cost 15 MB and half a second of the start.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
with warnings.catch_warnings():
    # eventlet says so at each import; that it is confined to this file is the answer.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import eventlet
    from eventlet.event import Event as GreenEvent
    from eventlet.hubs import trampoline
    from nameko.containers import ServiceContainer
    from nameko.extensions import Entrypoint, SharedExtension

_LOG = logger(__name__)
_START_SECONDS = 20.0
_CLOSE_SECONDS = 1.0
# After its grace the consumer cuts off its batch, commits what is done and closes.
_AFTER_GRACE_SECONDS = 3.0
# What a drain may take beyond its grace before the process is ended the hard way, which loses nothing.
_OVERTIME_SECONDS = 7.0
_LATE = object()


class PartEnded(RuntimeError):
    """A part of the worker ended though nobody asked it to."""


class Bridge:
    """From any thread, or a signal handler, to one green thread: `put` is safe anywhere, `get` blocks only that one."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque()
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def put(self, item: Any) -> None:
        self._items.append(item)
        try:
            os.write(self._write, b"x")
        except BlockingIOError:
            # The pipe is full of wake-ups already.
            return

    def get(self) -> Any:
        while not self._items:
            trampoline(self._read, read=True)
            try:
                os.read(self._read, 4096)
            except BlockingIOError:
                continue
        return self._items.popleft()


class AsyncioThread(SharedExtension):  # type: ignore[misc]
    """The thread of the asyncio loop and the parts that live there. Stopped last."""

    def setup(self) -> None:
        self._bridge = Bridge()
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._turn, name="asyncio", daemon=True)
        self._thread.start()
        opening = Parts.open(self.container.config["service"], self.container.config["settings"])
        # Blocks the hub: there is nothing else to run yet.
        self.parts = asyncio.run_coroutine_threadsafe(opening, self._loop).result(_START_SECONDS)

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def start(self) -> None:
        self.container.spawn_managed_thread(self._deliver, "asyncio-results")

    def _deliver(self) -> None:
        """Hands results to the green threads that wait for them, until told that there are no more."""
        while (delivery := self._bridge.get()) is not None:
            waiting, future = delivery
            waiting.send(future)

    def begin(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        """Starts work on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def wait(self, future: Future[None]) -> None:
        """Waits for work without blocking the hub. Raises what the work raised."""
        waiting = GreenEvent()
        future.add_done_callback(lambda done: self._bridge.put((waiting, done)))
        waiting.wait().result()

    def signal(self, event: asyncio.Event) -> None:
        """Sets an event of the loop."""
        self._loop.call_soon_threadsafe(event.set)

    def stop(self) -> None:
        closing = asyncio.run_coroutine_threadsafe(self.parts.close(_CLOSE_SECONDS), self._loop)
        closing.result(2 * _CLOSE_SECONDS)
        self._bridge.put(None)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_SECONDS)


class RunningPart(Entrypoint):  # type: ignore[misc]
    """Runs the part that has the decorated method's name, from the container's start to its stop."""

    aio = AsyncioThread()

    def start(self) -> None:
        self._stop = asyncio.Event()
        self._stopping = False
        part = getattr(self.aio.parts, self.method_name)
        self._run: Future[None] = self.aio.begin(part(self._stop))
        self._green = self.container.spawn_managed_thread(self._follow, self.method_name)

    def _follow(self) -> None:
        self.aio.wait(self._run)
        if not self._stopping:
            # An error here makes nameko kill the container, and the process exits with status 1.
            raise PartEnded(self.method_name)

    def stop(self) -> None:
        self.kill()
        seconds = self.container.config["settings"].drain_grace_seconds + _AFTER_GRACE_SECONDS
        if eventlet.with_timeout(seconds, self._green.wait, timeout_value=_LATE) is _LATE:
            _LOG.error("part did not end within its grace", part=self.method_name)

    def kill(self) -> None:
        self._stopping = True
        self.aio.signal(self._stop)


_runs: Callable[[Callable[["_Host"], None]], Callable[["_Host"], None]] = RunningPart.decorator


class _Host:
    """What nameko is shown: one entrypoint a part, by the part's name."""

    name = "worker"

    @_runs
    def consume(self) -> None: ...

    @_runs
    def relay(self) -> None: ...

    @_runs
    def fire(self) -> None: ...

    @_runs
    def repeat(self) -> None: ...

    @_runs
    def tidy(self) -> None: ...

    @_runs
    def watch(self) -> None: ...


def run_worker(service: str, settings: Settings) -> int:
    """Runs until SIGTERM or SIGINT, or until a part fails; returns the exit status."""
    # Of every service: a worker holds the events of others.
    set_up_logging(settings.log_level, personal_field_names(SERVICES), service=service, process="worker")
    # At INFO it repeats what an error says, which may quote a row.
    logging.getLogger("nameko").setLevel(logging.WARNING)
    REHEARSAL.set(settings.rehearsal)
    if settings.rehearsal:
        _LOG.warning("REHEARSAL: this process runs on a rehearsal clock; no real duty is being timed")
    container = ServiceContainer(_Host, {"service": service, "settings": settings})
    signals = Bridge()
    for number in (signal.SIGTERM, signal.SIGINT):
        # A handler by itself would not wake the hub.
        signal.signal(number, lambda received, _: signals.put(received))
    try:
        container.start()
    except TRANSIENT as error:
        _LOG.error("cannot start", error=type(error).__name__)
        return 1
    freeze_heap()
    _LOG.info("working")
    eventlet.spawn(_drain_on_signal, container, signals, settings)
    try:
        container.wait()
    except Exception as error:  # noqa: BLE001 - whatever ended a part ends the process, by its status and one clear line
        _LOG.error("worker fails", exc_info=error)
        _limit_ending(settings)
        return 1
    _LOG.info("stopped")
    return 0


def _drain_on_signal(container: ServiceContainer, signals: Bridge, settings: Settings) -> None:
    signals.get()
    _LOG.info("draining")
    _limit_ending(settings)
    container.stop()


def _limit_ending(settings: Settings) -> None:
    """Ends the process the hard way where ending it cleanly takes too long."""
    limit = threading.Timer(settings.drain_grace_seconds + _OVERTIME_SECONDS, os._exit, (1,))
    limit.daemon = True
    limit.start()
