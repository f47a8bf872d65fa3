"""Notices a consumer that stalls without an error, which this client library's can.

Two of its faults end in a consumer that polls happily and gets nothing for ever: a join that finishes between two polls
is thrown away, and one that changed metadata caused can finish without its assignment being installed. So a consumer
that has shown no sign of life for a while is compared with what the broker says of it.
"""

import time
from collections.abc import Set
from enum import Enum

from kafka.errors import KafkaError

from services.kernel.kafka.groups import GroupView, view
from services.kernel.kafka.records import Partition
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger

_LOG = logger(__name__)


class Stall(Enum):
    """How a consumer stalls."""

    NO_PLACE = "the group does not know this consumer"
    NOT_INSTALLED = "the group's assignment is not this consumer's"
    NOT_FETCHING = "polls stay empty while records wait"


class Watchdog:
    """Watches one consumer from its making to its end. Belongs to the consumer's thread.

    Nothing is asked of the broker while batches are handled and committed. After `patience_seconds` without, one look
    is taken; what it finds has to be found again a quarter of that later, for a rebalance or a record may just be on
    its way. A consumer without partitions is well while the group agrees that there are none for it: a standby.
    """

    def __init__(self, settings: Settings, group: str, topics: tuple[str, ...], patience_seconds: float) -> None:
        self._settings, self._group, self._topics = settings, group, topics
        self._patience = patience_seconds
        self._suspicion: Stall | None = None
        self._received = False
        self.standby = False
        # The broker did not answer the last look.
        self.unanswered = False
        self.lived = False
        self._look_at = time.monotonic() + patience_seconds

    def received(self) -> None:
        """Records came."""
        self._received = True

    def committed(self) -> None:
        """A batch was handled and its offset committed: the group knows this consumer and it gets on."""
        self.lived = True
        self.unanswered = False
        self._suspicion = None
        self._wait(self._patience)

    def stalled(self, assigned: Set[Partition], held: Set[Partition]) -> Stall | None:
        """Whether the consumer has to be rebuilt; usually answers at once, asks the broker when it is time for a look.

        `held` are the partitions that wait for their back-off: nothing is fetched from them on purpose.
        """
        if time.monotonic() < self._look_at:
            return None
        try:
            seen = view(self._settings, self._group, self._topics)
        except KafkaError as error:
            # A new consumer would not reach the broker either; this one connects again by itself.
            _LOG.warning("broker does not answer the watchdog", error=type(error).__name__)
            self._suspicion = None
            self.unanswered = True
            # Sooner than otherwise: the worker is not ready until the broker answers again.
            self._wait(self._patience / 4)
            return None
        if self.unanswered:
            # Just back: its groups are on their way, and a look at them now would prove nothing.
            self.unanswered = False
            self._wait(self._patience)
            return None
        before, self._suspicion = self._suspicion, self._compare(seen, assigned, held)
        self.standby = seen.mine == frozenset() and not assigned
        self._wait(self._patience / 4 if self._suspicion else self._patience)
        return self._suspicion if self._suspicion is before else None

    def _compare(self, seen: GroupView, assigned: Set[Partition], held: Set[Partition]) -> Stall | None:
        if seen.mine is None:
            return Stall.NO_PLACE
        if seen.mine != assigned:
            return Stall.NOT_INSTALLED
        waiting = any(seen.lag.get(partition, 0) for partition in assigned - held)
        return Stall.NOT_FETCHING if waiting and not self._received else None

    def _wait(self, seconds: float) -> None:
        self._look_at = time.monotonic() + seconds
        self._received = False
