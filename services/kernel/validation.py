"""Collects what is wrong with a request, every field of it, before anything is refused."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum
from functools import cache
from typing import TypeVar
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from services.kernel.errors import Invalid, Violation
from services.kernel.wire import moment

E = TypeVar("E", bound=IntEnum)
Entry = TypeVar("Entry")

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Check:
    """One request under check. Each method returns the usable value, or a stand-in after noting a violation."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._violations: list[Violation] = []

    def violation(self, field: str, rule: str, reason: str = "INVALID_VALUE") -> None:
        """Notes a broken rule. The rule must not quote the value."""
        self._violations.append(Violation(field, rule, reason))

    def done(self) -> None:
        """Raises Invalid where anything was noted."""
        if self._violations:
            raise Invalid(self._violations)

    def uuid(self, field: str, text: str) -> UUID:
        """A UUID."""
        try:
            return UUID(text)
        except ValueError:
            self.violation(field, "must be a UUID")
            return UUID(int=0)

    def known(self, field: str, value: int, kind: type[E], *, required: bool = True) -> E:
        """A member of the enum, and not the unspecified one where it is required."""
        try:
            member = kind(value)
        except ValueError:
            self.violation(field, "is not a value of the enum that this version knows", "ENUM_UNKNOWN")
            return kind(0)
        if required and value == 0:
            self.violation(field, "must be given")
        return member

    def text(self, field: str, value: str, *, longest: int, required: bool = False, pattern: str | None = None) -> str:
        """Text of at most `longest` characters, wholly of the pattern where one is given and the text is not empty."""
        if required and not value.strip():
            self.violation(field, "must be given")
        elif len(value) > longest:
            self.violation(field, f"must have at most {longest} characters")
        elif "\x00" in value:
            self.violation(field, "must not hold a null character")
        elif value and pattern and not _compiled(pattern).fullmatch(value):
            self.violation(field, f"must match {pattern}")
        return value

    def moment(self, field: str, value: Timestamp, *, given: bool) -> datetime | None:
        """Any moment of the calendar."""
        if not given:
            return None
        try:
            return moment(value)
        except (ValueError, OverflowError):
            self.violation(field, "is not a time")
            return None

    def time(self, field: str, value: Timestamp, *, required: bool, given: bool) -> datetime | None:
        """A moment between 1900 and now."""
        if required and not given:
            self.violation(field, "must be given")
        at = self.moment(field, value, given=given)
        if at is None:
            return None
        if at < EARLIEST:
            self.violation(field, "must not be before 1900")
            return None
        if at > self.now:
            self.violation(field, "must not be in the future")
            return None
        return at

    def entries(self, field: str, given: Sequence[Entry], *, most: int) -> Sequence[Entry]:
        """The entries of a repeated field; of too many only the first `most`, for the rest is refused unseen."""
        if len(given) <= most:
            return given
        self.violation(field, f"must have at most {most} entries")
        return given[:most]

    def size(self, field: str, value: int, *, default: int = 50, most: int = 500) -> int:
        """A page size."""
        if value < 0 or value > most:
            self.violation(field, f"must be between 1 and {most}")
        return value or default
