"""What goes through Kafka and what becomes of it, in our own words."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Headers: TypeAlias = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One partition of a topic."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.number}]"


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the broker keeps it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    # How long ago it was published, when it was read.
    age_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to publish. Records of one key keep their order."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a partition cannot go on.

    `reason` is an error's class and code, never a value. `stuck` says that time alone will not heal it: a person has to
    look, and the worker is not ready until then.
    """

    reason: str
    stuck: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch of one partition came: the offset to go on from, and what stopped it there, if anything did."""

    next_offset: int
    failure: Failure | None = None


# Handles a batch of one partition, in order. What it raises holds the partition at the batch's start, as stuck.
Handler: TypeAlias = Callable[[Partition, Sequence[Record]], Coroutine[Any, Any, Progress]]
