"""A group member for as long as its process lives: rebuilt when it stalls or fails."""

import asyncio
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from kafka.errors import FencedInstanceIdError, KafkaError

from services.kernel.kafka.records import Handler
from services.kernel.kafka.session import Session, State
from services.kernel.kafka.watchdog import Stall, Watchdog
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter

_LOG = logger(__name__)
_REBUILD_SECONDS = (0.5, 30.0)
# A stall that comes back at once will not be healed by haste: each rebuild in a row doubles the watchdog's patience.
_LONGEST_PATIENCE = 300.0
# Longer than the longest batch, so that only a consumer that has stopped turning is told of.
_POLLED_LATELY_SECONDS = 120.0

REBUILDS = counter(
    "peel_consumer_rebuilds",
    "Consumers that were closed and built again, by group and cause: a kind of stall, or the client's error.",
    labels=("group", "cause"),
    action="Errors while the broker is away are usual. Stalls that repeat: compare the group with `peel backlogs`.",
)


class Consumer:
    """Consumes topics as one member of a group; one native thread owns the client, from its making to its end."""

    def __init__(self, settings: Settings, group: str, topics: tuple[str, ...], handler: Handler) -> None:
        self._settings, self._group, self._topics, self._handler = settings, group, topics, handler
        self._stopping = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kafka-consumer")
        self._session: Session | None = None
        self._trouble: str | None = "not started"

    async def run(self, stop: asyncio.Event) -> None:
        """Consumes until `stop` is set and the batch in hand is done, or its grace is over.

        The handler runs on this event loop. Raises FencedInstanceIdError where another process took this instance's
        name, and whatever else ends the consumer's thread.
        """
        loop = asyncio.get_running_loop()
        ended = loop.run_in_executor(self._thread, self._consume, loop)
        stopping: asyncio.Future[bool] = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
            self._stopping.set()
            await ended
        finally:
            self._stopping.set()
            stopping.cancel()
            self._thread.shutdown(wait=False)

    def wrong(self) -> str | None:
        """What keeps this consumer from its work, None where nothing does. For /readyz; from any thread."""
        session = self._session
        if session is None or self._trouble:
            return self._trouble
        return self._lacking(session.state)

    def _lacking(self, state: State) -> str | None:
        if time.monotonic() - state.polled_at > _POLLED_LATELY_SECONDS:
            return "has not polled lately"
        if state.stuck:
            return "; ".join(f"{at} is held: {reason}" for at, reason in sorted(state.stuck.items()))
        if state.unanswered:
            return "the broker does not answer"
        if state.behind_seconds > self._settings.consumer_lag_seconds:
            return f"is behind: reacts to events of {state.behind_seconds:.0f} s ago, and more wait"
        return None if state.assigned or state.standby else "has no partitions"

    def _consume(self, loop: asyncio.AbstractEventLoop) -> None:
        """The thread: sessions one after the other until told to stop."""
        stalls = rebuilds = 0
        while not self._stopping.is_set():
            patience = min(_LONGEST_PATIENCE, self._settings.watchdog_seconds * 2.0**stalls)
            watchdog = Watchdog(self._settings, self._group, self._topics, patience)
            session = Session(self._settings, self._group, self._topics, self._handler, loop, self._stopping, watchdog)
            self._session, self._trouble = session, None
            end = self._lead(session)
            if end is None:
                return
            if watchdog.lived:
                stalls = rebuilds = 0
            stalls = min(stalls + isinstance(end, Stall), 10)
            rebuilds = min(rebuilds + 1, 10)
            self._rest(end, rebuilds)

    def _rest(self, end: Stall | KafkaError, rebuilds: int) -> None:
        """Says what happened and waits before the next session."""
        cause = end.name if isinstance(end, Stall) else type(end).__name__
        low, high = _REBUILD_SECONDS
        seconds = min(high, low * 2.0 ** (rebuilds - 1)) * random.uniform(0.8, 1.2)
        self._trouble = f"being rebuilt: {cause}"
        REBUILDS.labels(self._group, cause).inc()
        _LOG.warning("consumer is rebuilt", group=self._group, cause=cause, seconds=round(seconds, 2))
        self._stopping.wait(seconds)

    def _lead(self, session: Session) -> Stall | KafkaError | None:
        """Runs a session to its end; says why another has to follow, None where none has to."""
        try:
            return session.run()
        except FencedInstanceIdError:
            _LOG.error("another process consumes as this instance", group=self._group, instance=self._settings.instance)
            raise
        except KafkaError as error:
            return error
