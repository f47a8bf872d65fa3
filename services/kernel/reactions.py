"""What a service reacts to: events of any service, its own timers coming due, and the passing of time."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from google.protobuf.message import Message

from services.kernel.contract import event_policy
from services.kernel.transaction import Transaction

if TYPE_CHECKING:
    from services.kernel.timers import Timer

Event = TypeVar("Event", bound=Message)
Told = TypeVar("Told")
Reacting: TypeAlias = Callable[[Told, Transaction], Awaitable[None]]
Reaction: TypeAlias = Reacting[Any]
Firing: TypeAlias = "Callable[[Timer, Transaction], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Consumed:
    """A kind of event, what it is read as, and what happens on it."""

    message: type[Message]
    topic: str
    read: Callable[[Any], Any]
    react: Reaction


@dataclass(frozen=True, slots=True)
class Turn:
    """What a service does by itself, about every so many seconds of real time."""

    seconds: float
    act: Callable[[Transaction], Awaitable[None]]


def _as_it_is(event: Any) -> Any:
    return event


class Reactions:
    """The Kafka and timer door of one service. A reaction runs in a transaction: it has its effect once, or none.

    A reaction that raises Refused or Invalid has its event set aside for a person after some tries; any other error
    holds the events behind it back until it is mended.
    """

    def __init__(self, service: str, *, first_topics: Sequence[str] = ()) -> None:
        """`first_topics` are those of the service's own events that go out before any other's."""
        self.service = service
        self.first_topics = tuple(first_topics)
        self._first_kinds: set[str] = set()
        self._consumed: dict[str, Consumed] = {}
        self._firings: dict[str, Firing] = {}
        self._turns: dict[str, Turn] = {}

    @overload
    def consumes(self, message: type[Event]) -> Callable[[Reacting[Event]], Reacting[Event]]: ...

    @overload
    def consumes(
        self, message: type[Event], reading: Callable[[Event], Told]
    ) -> Callable[[Reacting[Told]], Reacting[Told]]: ...

    def consumes(
        self, message: type[Event], reading: Callable[[Event], Any] = _as_it_is
    ) -> Callable[[Reaction], Reaction]:
        """Declares what happens on a kind of event, and how it is read before: into what the reaction is handed.

        What cannot be read is the event's fault: where `reading` raises ValueError or OverflowError, the event is set
        aside for a person. The same error of a reaction is ours, and holds its partition.

        Raises LookupError for a message whose contract names no topic, ValueError for one already declared.
        """
        name = message.DESCRIPTOR.full_name
        topic = event_policy(message.DESCRIPTOR).topic
        if name in self._consumed:
            raise ValueError(f"{self.service} reacts to {name} twice")

        def declare(react: Reaction) -> Reaction:
            self._consumed[name] = Consumed(message, topic, reading, react)
            return react

        return declare

    def fires(self, kind: str, *, first: bool = False) -> Callable[[Firing], Firing]:
        """Declares what happens when a timer of this kind comes due. With `first` it waits for no timer of another
        kind, however many are due. Raises ValueError for one already declared."""
        if kind in self._firings:
            raise ValueError(f"{self.service} fires {kind} twice")

        def declare(fire: Firing) -> Firing:
            self._firings[kind] = fire
            if first:
                self._first_kinds.add(kind)
            return fire

        return declare

    def every(
        self, seconds: float
    ) -> Callable[[Callable[[Transaction], Awaitable[None]]], Callable[[Transaction], Awaitable[None]]]:
        """Declares what the service does by itself at such intervals of real time, by the function's name.

        In one transaction, on one worker at a time. An error is logged, and the next turn comes.
        """

        def declare(act: Callable[[Transaction], Awaitable[None]]) -> Callable[[Transaction], Awaitable[None]]:
            if act.__name__ in self._turns:
                raise ValueError(f"{self.service} does {act.__name__} twice")
            self._turns[act.__name__] = Turn(seconds, act)
            return act

        return declare

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of the events consumed, by name."""
        return tuple(sorted({consumed.topic for consumed in self._consumed.values()}))

    @property
    def events(self) -> Mapping[str, Consumed]:
        """The events consumed, by full message name."""
        return MappingProxyType(self._consumed)

    @property
    def firings(self) -> Mapping[str, Firing]:
        """What happens on a timer, by its kind."""
        return MappingProxyType(self._firings)

    @property
    def first_kinds(self) -> tuple[str, ...]:
        """The kinds of timers that fire before any other's."""
        return tuple(sorted(self._first_kinds))

    @property
    def turns(self) -> Mapping[str, Turn]:
        """What the service does by itself, by name."""
        return MappingProxyType(self._turns)
