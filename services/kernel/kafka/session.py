"""One KafkaConsumer from its making to its end, all on the thread that calls `run`."""

import asyncio
import random
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

from kafka import KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import FencedInstanceIdError, KafkaError
from kafka.structs import OffsetAndMetadata

from services.kernel.kafka.client import open_client, record_of
from services.kernel.kafka.records import Failure, Handler, Partition, Progress, Record
from services.kernel.kafka.watchdog import Stall, Watchdog
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter, gauge

_LOG = logger(__name__)

# A join that ends between two polls is thrown away by the client, so polls are long and the gaps between them short.
# A poll returns as soon as there is a record: nothing waits for this.
_POLL_SECONDS = 0.7
_SHORTEST_POLL_SECONDS = 0.05
_RETRY_SECONDS = (0.2, 30.0)
# What should pass by itself and has not for so long is no longer a passing trouble.
_LONG_SECONDS = 60.0
_COMMIT_SECONDS = 5.0
_LAST_COMMIT_SECONDS = 0.8
_CLOSE_SECONDS = 1.0

REBALANCES = counter(
    "peel_consumer_partitions_moved",
    "Partitions that this consumer was given or lost, by group and way.",
    labels=("group", "way"),
    action="Steady growth without deployments: a rebalance storm; look for workers that restart or share an instance.",
)
COMMIT_FAILURES = counter(
    "peel_consumer_commit_failures",
    "Offset commits that failed. The inbox absorbs what is delivered again.",
    labels=("group",),
    action="A few around a rebalance are usual; a steady rate means that this worker lost its place in the group.",
)
STUCK = gauge(
    "peel_consumer_stuck_partitions",
    "Partitions held until a person looks: an error of ours, the dead-letter limit, or a minute without progress.",
    labels=("group",),
    action="Any: /readyz of the worker names the reason; events of those partitions wait, none is lost.",
)
LAG = gauge(
    "peel_consumer_lag",
    "Records in the broker that this consumer has not handled yet, over its partitions, as of its last fetch.",
    labels=("group",),
    action="Growing: the reactions are slower than the events; look at peel_consumer_batch_seconds, add replicas. Of a "
    "worker that is dead nothing is exported: the backlog `inbox` of its API process is.",
)


class TopicMissing(KafkaError):  # type: ignore[misc]
    """A topic of the subscription does not exist: the migration that makes it has not run."""


@dataclass(slots=True)
class _Held:
    """A partition that waits before its next try."""

    failure: Failure
    offset: int
    tries: int
    since: float
    resume_at: float

    def needs_a_person(self, now: float) -> bool:
        return self.failure.stuck or now - self.since > _LONG_SECONDS


@dataclass(frozen=True, slots=True)
class State:
    """What others may know of the consumer. Replaced, never changed, so that any thread may read it."""

    polled_at: float
    assigned: frozenset[Partition]
    standby: bool
    unanswered: bool
    # How long the oldest record of the last batch had waited, where more wait behind it, else 0.
    behind_seconds: float
    stuck: Mapping[Partition, str]


class Session:
    """Polls, hands each partition's records to the handler side by side, waits for all of them, commits, polls again.

    Because nothing is in flight during a poll, a partition is never taken away under a batch. A partition that fails is
    paused, set back to where it failed, and tried again with growing, jittered delays; the others go on.
    """

    def __init__(
        self,
        settings: Settings,
        group: str,
        topics: tuple[str, ...],
        handler: Handler,
        loop: asyncio.AbstractEventLoop,
        stopping: threading.Event,
        watchdog: Watchdog,
    ) -> None:
        self._settings, self._group, self._topics = settings, group, topics
        self._handler, self._loop, self._stopping, self._watchdog = handler, loop, stopping, watchdog
        self._assigned: frozenset[Partition] = frozenset()
        self._held: dict[Partition, _Held] = {}
        self._next: dict[Partition, int] = {}
        # How long the first record of the last batch had waited when it was handed over.
        self._waited: dict[Partition, float] = {}
        self.state = State(time.monotonic(), frozenset(), standby=False, unanswered=False, behind_seconds=0, stuck={})

    def run(self) -> Stall | None:
        """Consumes until told to stop (None) or stalled. Raises KafkaError where the broker's client gives up."""
        consumer = self._open()
        try:
            self._subscribe(consumer)
            while not self._stopping.is_set():
                self._turn(consumer)
                if stall := self._watchdog.stalled(self._assigned, self._paused()):
                    return stall
            return None
        finally:
            # Without a time-out closing may wait for half a minute. Nothing is committed here: each batch was.
            consumer.close(autocommit=False, timeout_ms=_CLOSE_SECONDS * 1_000)

    def _open(self) -> KafkaConsumer:
        return open_client(
            KafkaConsumer,
            self._settings,
            group_id=self._group,
            # These five are what the guarantee rests on, so no setting changes them.
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            partition_assignment_strategy=[CooperativeStickyAssignor],
            group_instance_id=self._settings.instance,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=300_000,
            request_timeout_ms=30_000,
            fetch_max_wait_ms=250,
            metadata_max_age_ms=60_000,
            allow_auto_create_topics=False,
        )

    def _subscribe(self, consumer: KafkaConsumer) -> None:
        # A join made without metadata is one of the two ways to stall; asking fetches it first.
        for topic in self._topics:
            if not consumer.partitions_for_topic(topic):
                raise TopicMissing(topic)
        consumer.subscribe(list(self._topics))

    def _turn(self, consumer: KafkaConsumer) -> None:
        self._resume_due(consumer)
        batches = consumer.poll(timeout_ms=int(1_000 * self._step()))
        self._follow_assignment(consumer)
        if batches:
            self._watchdog.received()
            self._round(consumer, {_ours(at): [record_of(found) for found in batch] for at, batch in batches.items()})
        self._tell(consumer)

    def _paused(self) -> set[Partition]:
        now = time.monotonic()
        return {at for at, held in self._held.items() if held.resume_at > now}

    def _step(self) -> float:
        soonest = min((self._held[at].resume_at for at in self._paused()), default=float("inf"))
        return max(_SHORTEST_POLL_SECONDS, min(_POLL_SECONDS, soonest - time.monotonic()))

    def _resume_due(self, consumer: KafkaConsumer) -> None:
        due = self._held.keys() - self._paused()
        consumer.resume(*(_theirs(at) for at in due))

    def _follow_assignment(self, consumer: KafkaConsumer) -> None:
        """Compared after each poll instead of listened to: listeners run on the client's own thread."""
        assigned = frozenset(_ours(at) for at in consumer.assignment())
        if assigned == self._assigned:
            return
        REBALANCES.labels(self._group, "given").inc(len(assigned - self._assigned))
        REBALANCES.labels(self._group, "lost").inc(len(self._assigned - assigned))
        _LOG.info("partitions", group=self._group, assigned=[str(at) for at in sorted(assigned)])
        self._assigned = assigned
        self._held = {at: held for at, held in self._held.items() if at in assigned}
        self._next = {at: offset for at, offset in self._next.items() if at in assigned}
        self._waited = {at: seconds for at, seconds in self._waited.items() if at in assigned}
        # A partition that was lost and given back has forgotten that it was paused.
        consumer.pause(*(_theirs(at) for at in self._paused()))

    def _round(self, consumer: KafkaConsumer, batches: Mapping[Partition, Sequence[Record]]) -> None:
        started = {
            at: asyncio.run_coroutine_threadsafe(self._handler(at, records), self._loop)
            for at, records in batches.items()
        }
        self._finish(list(started.values()))
        offsets = {}
        for at, future in started.items():
            first, end = batches[at][0].offset, batches[at][-1].offset + 1
            progress = _progress(at, future, first)
            self._next[at] = progress.next_offset
            self._waited[at] = batches[at][0].age_seconds
            if progress.next_offset > first:
                offsets[_theirs(at)] = OffsetAndMetadata(progress.next_offset, "", -1)
            if progress.next_offset < end:
                consumer.seek(_theirs(at), progress.next_offset)
            self._hold_or_release(consumer, at, progress)
        if offsets:
            self._commit(consumer, offsets)

    def _finish(self, futures: list[Future[Progress]]) -> None:
        """Waits for every batch; once the process stops, no longer than its grace. What is cut off rolls back."""
        pending = set(futures)
        give_up_at = float("inf")
        while pending and time.monotonic() < give_up_at:
            _, pending = wait(pending, timeout=0.1)
            if self._stopping.is_set() and give_up_at == float("inf"):
                give_up_at = time.monotonic() + self._settings.drain_grace_seconds
        for future in pending:
            future.cancel()

    def _hold_or_release(self, consumer: KafkaConsumer, at: Partition, progress: Progress) -> None:
        before = self._held.pop(at, None)
        if progress.failure is None:
            return
        now, tries = time.monotonic(), 1
        since = now
        if before is not None and before.offset == progress.next_offset:
            tries, since = before.tries + 1, before.since
        low, high = _RETRY_SECONDS
        delay = min(high, low * 2 ** min(tries - 1, 12)) * random.uniform(0.8, 1.2)
        self._held[at] = _Held(progress.failure, progress.next_offset, tries, since, now + delay)
        consumer.pause(_theirs(at))
        say = _LOG.error if progress.failure.stuck else _LOG.warning
        say(
            "partition held",
            partition=str(at),
            offset=progress.next_offset,
            reason=progress.failure.reason,
            stuck=progress.failure.stuck,
            tries=tries,
            seconds=round(delay, 2),
        )

    def _commit(self, consumer: KafkaConsumer, offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
        seconds = _LAST_COMMIT_SECONDS if self._stopping.is_set() else _COMMIT_SECONDS
        try:
            consumer.commit(offsets, timeout_ms=seconds * 1_000)
        except FencedInstanceIdError:
            # Another process consumes under this instance's name. Rebuilding would fence that one, and so on for ever.
            raise
        except KafkaError as error:
            COMMIT_FAILURES.labels(self._group).inc()
            _LOG.warning("offsets not committed", group=self._group, error=type(error).__name__)
        else:
            self._watchdog.committed()

    def _tell(self, consumer: KafkaConsumer) -> None:
        now = time.monotonic()
        stuck = {at: held.failure.reason for at, held in self._held.items() if held.needs_a_person(now)}
        ends = {at: consumer.highwater(_theirs(at)) for at in self._next}
        lag = {at: max(0, (end or 0) - self._next[at]) for at, end in ends.items()}
        behind = max((self._waited[at] for at, records in lag.items() if records), default=0.0)
        unanswered = self._watchdog.unanswered
        self.state = State(now, self._assigned, self._watchdog.standby, unanswered, behind, stuck)
        STUCK.labels(self._group).set(len(stuck))
        LAG.labels(self._group).set(sum(lag.values()))


def _progress(at: Partition, future: Future[Progress], first: int) -> Progress:
    if future.cancelled():
        return Progress(first, Failure("stopping", stuck=False))
    error = future.exception()
    if error is None:
        return future.result()
    _LOG.error("batch failed", partition=str(at), offset=first, exc_info=error)
    return Progress(first, Failure(type(error).__name__, stuck=True))


def _ours(partition: TopicPartition) -> Partition:
    return Partition(partition.topic, partition.partition)


def _theirs(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)
