"""Rules and codes hold from one day to another, and a day is one of the force's own time."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


def local_date(at: datetime) -> date:
    """The day that an aware time falls on in England and Wales, summer time observed."""
    return at.astimezone(ZoneInfo("Europe/London")).date()


@dataclass(frozen=True, slots=True)
class Validity:
    """From one day to another, both included; open ends are the first and last day of the calendar."""

    first: date = date.min
    last: date = date.max

    def covers(self, day: date) -> bool:
        """Whether it holds on that day."""
        return self.first <= day <= self.last

    def overlaps(self, first: date, last: date) -> bool:
        """Whether it holds on at least one day of a stretch."""
        return self.first <= last and first <= self.last


ALWAYS = Validity()
