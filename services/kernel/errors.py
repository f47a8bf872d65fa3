"""The ways a request can be turned down, free of any transport.

Every error carries a machine-readable reason and the rule it comes from. Neither ever holds a value from the request:
an error message is telemetry, and telemetry is a disclosure channel (I7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

# An error travels in gRPC's trailing metadata, of which a client takes 8 KiB: a longer one arrives as another error.
_MOST_NAMED = 20


class Kind(Enum):
    """What the caller should make of it; the doors translate it to their own status."""

    INVALID = "invalid"
    NOT_FOUND = "not found"
    REFUSED = "refused"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    CONFLICT = "conflict"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"


class PeelError(Exception):
    """Something the caller is told about, by reason (UPPER_SNAKE) and rule (a sentence)."""

    kind = Kind.REFUSED

    def __init__(self, reason: str, *, rule: str, metadata: dict[str, str] | None = None) -> None:
        super().__init__(f"{reason}: {rule}")
        self.reason = reason
        self.rule = rule
        self.metadata = metadata or {}


class Refused(PeelError):
    """A rule forbids it in the present state; or, with `permission`, to this caller."""

    def __init__(
        self, reason: str, *, rule: str, permission: bool = False, metadata: dict[str, str] | None = None
    ) -> None:
        super().__init__(reason, rule=rule, metadata=metadata)
        self.kind = Kind.FORBIDDEN if permission else Kind.REFUSED


class NotFound(PeelError):
    """There is no such record, or it is another force's: the answer is the same for both."""

    kind = Kind.NOT_FOUND

    def __init__(self, record: str) -> None:
        super().__init__("NOT_FOUND", rule=f"no such {record} in the caller's force")


class Conflict(PeelError):
    """The same name already stands for something else."""

    kind = Kind.CONFLICT


class Unauthenticated(PeelError):
    """Nobody knows who is calling."""

    kind = Kind.UNAUTHENTICATED


class Busy(PeelError):
    """A bounded queue is full; the caller may try again shortly."""

    kind = Kind.BUSY


class Unavailable(PeelError):
    """A part that this call needs does not answer; nothing was half-written."""

    kind = Kind.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that breaks one rule. The field is a path in the request: "people[2].phone"."""

    field: str
    rule: str
    reason: str = "INVALID_VALUE"


class Invalid(PeelError):
    """The input itself is wrong, whatever the state: the fields that break a rule are named, the first 20 of them."""

    kind = Kind.INVALID

    def __init__(self, violations: Sequence[Violation], reason: str = "INVALID_INPUT") -> None:
        named = tuple(violations[:_MOST_NAMED])
        parts = [f"{v.field}: {v.rule}" for v in named]
        if more := len(violations) - len(named):
            parts.append(f"and {more} more")
        super().__init__(reason, rule="; ".join(parts))
        self.violations = named


class TooLarge(Invalid):
    """What would have to be told of it is more than the broker carries: nothing is stored that cannot be told."""

    def __init__(self, event: str, most: int) -> None:
        rule = f"what would be told of it as {event} must not exceed {most:,} bytes: give fewer or shorter fields"
        PeelError.__init__(self, "EVENT_TOO_LARGE", rule=rule)
        # No one field of it is too long.
        self.violations = ()


class OperatorFault(Exception):
    """Something that whoever runs a command can mend, said in one line."""
