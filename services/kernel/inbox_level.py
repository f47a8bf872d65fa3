"""What waits on Kafka for a service's worker, measured by the API process: a worker that is dead measures nothing."""

import threading
from importlib import import_module

from services.kernel.backlog import show
from services.kernel.clock import SystemClock
from services.kernel.kafka import BrokerError, UnreadWatch
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger

_LOG = logger(__name__)


class InboxLevel:
    """Sets the gauges of `<service>.inbox`, on a thread of its own: asking the broker blocks, and may take long."""

    def __init__(self, settings: Settings, service: str) -> None:
        self._service = service
        self._every_seconds = settings.inbox_seconds
        self._stopping = threading.Event()
        topics: tuple[str, ...] = import_module(f"services.{service}.worker").reactions.topics
        self._watch = UnreadWatch(settings, service, topics) if topics else None
        # Nobody waits for its end: a broker that is away must not keep a process from stopping.
        self._thread = threading.Thread(target=self._run, name="inbox-level", daemon=True)

    def start(self) -> None:
        """Begins to measure, where the service reacts to events at all."""
        if self._watch is not None:
            self._thread.start()

    def stop(self) -> None:
        """Measures no more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.measure()
            self._stopping.wait(self._every_seconds)
        if self._watch is not None:
            self._watch.close()

    def measure(self) -> None:
        """Asks once. While the broker does not answer the gauges stay as they are; the worker says that it is away."""
        if self._watch is None:
            return
        try:
            unread = self._watch.look()
        except (BrokerError, OSError) as error:
            _LOG.debug("inbox not measured", error=type(error).__name__)
            return
        # By the machine's clock, as the broker's: a rehearsal steps the kernel's.
        age = (SystemClock().now() - unread.oldest).total_seconds() if unread.oldest else 0.0
        show(f"{self._service}.inbox", "platform on-call", unread.size, max(0.0, age))
