"""When people report: a stated model, because the public file gives the month and no more.

An hour of the month weighs the product of three factors, by the kind of crime: hour of the day, weekday, weekend
night. Stated, not measured: only the weekend peak has a source, domain facts section 6, "Fri/Sat 22:00-03:00, two to
three times the mean", and that from memory. Days and hours are those of the force, British Summer Time observed.
"""

import random
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import accumulate
from zoneinfo import ZoneInfo

_LOCAL = ZoneInfo("Europe/London")
_HOUR = timedelta(hours=1)


class Pattern(Enum):
    """How reports of a kind of crime spread over a day and a week."""

    NIGHT_LIFE = "night life"  # violence, disorder, robbery: evenings, and weekend nights above all
    FOUND_LATER = "found later"  # burglary and vehicle crime: found in the morning or on coming home
    SHOP_HOURS = "shop hours"  # shoplifting
    PATROL = "patrol"  # drugs and weapons: found by officers, in the afternoon and at night


_PATTERNS = {
    **dict.fromkeys(("Shoplifting", "Theft from the person"), Pattern.SHOP_HOURS),
    **dict.fromkeys(("Burglary", "Vehicle crime", "Bicycle theft", "Other theft", "Other crime"), Pattern.FOUND_LATER),
    **dict.fromkeys(("Drugs", "Possession of weapons"), Pattern.PATROL),
}

# Weight of each hour of the day, from midnight.
_CURVES: Mapping[Pattern, tuple[float, ...]] = {
    Pattern.NIGHT_LIFE: (8, 6, 5, 3, 2, 2, 2, 3, 5, 6, 7, 7, 8, 8, 8, 9, 10, 10, 11, 11, 11, 11, 10, 9),
    Pattern.FOUND_LATER: (2, 1, 1, 1, 2, 4, 8, 12, 14, 13, 11, 9, 8, 8, 8, 8, 9, 11, 12, 10, 8, 6, 5, 3),
    Pattern.SHOP_HOURS: (1, 1, 1, 0.5, 0.5, 0.5, 1, 3, 6, 9, 12, 13, 14, 14, 14, 14, 14, 12, 9, 7, 5, 3, 2, 1),
    Pattern.PATROL: (9, 8, 6, 4, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10, 10, 10, 10, 11, 11),
}
# Monday first.
_WEEKDAYS: Mapping[Pattern, tuple[float, ...]] = {
    Pattern.NIGHT_LIFE: (0.95, 0.9, 0.9, 0.95, 1.05, 1.15, 1.1),
    Pattern.FOUND_LATER: (1.15, 1.0, 1.0, 1.0, 1.0, 0.95, 0.9),
    Pattern.SHOP_HOURS: (1.0, 1.0, 1.0, 1.0, 1.1, 1.1, 0.8),
    Pattern.PATROL: (0.9, 0.95, 0.95, 1.0, 1.1, 1.15, 0.95),
}
# Friday and Saturday, 22:00 to 03:00 of the next morning.
_WEEKEND_NIGHT: Mapping[Pattern, float] = {
    Pattern.NIGHT_LIFE: 2.4,
    Pattern.FOUND_LATER: 1.0,
    Pattern.SHOP_HOURS: 1.0,
    Pattern.PATROL: 1.8,
}


def pattern_of(crime_type: str) -> Pattern:
    """The pattern of a crime type of the public file; night life where nothing else is stated."""
    return _PATTERNS.get(crime_type, Pattern.NIGHT_LIFE)


def weight(pattern: Pattern, local: datetime) -> float:
    """How much the hour that starts then, in the force's own time, weighs."""
    evening = local if local.hour >= 22 else local - timedelta(days=1)
    weekend_night = evening.weekday() in (4, 5) and (local.hour >= 22 or local.hour < 3)
    factor = _WEEKEND_NIGHT[pattern] if weekend_night else 1.0
    return _CURVES[pattern][local.hour] * _WEEKDAYS[pattern][local.weekday()] * factor


@dataclass(frozen=True, slots=True)
class Span:
    """A month ("2018-07") of the force's own time, as aware UTC moments. The end is not part of it."""

    month: str
    start: datetime
    end: datetime

    @property
    def hours(self) -> list[datetime]:
        """The start of every hour of it."""
        return [self.start + _HOUR * at for at in range(round((self.end - self.start) / _HOUR))]


def span_of(month: str) -> Span:
    """The span of a month. Raises ValueError for what is no month."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=_LOCAL)
    after = (first.replace(day=28) + timedelta(days=7)).replace(day=1)
    return Span(month, first.astimezone(UTC), after.astimezone(UTC))


class Demand:
    """Draws times of first contact within a month."""

    def __init__(self, span: Span) -> None:
        self._hours = span.hours
        local = [hour.astimezone(_LOCAL) for hour in self._hours]
        self._sums = {pattern: list(accumulate(weight(pattern, hour) for hour in local)) for pattern in Pattern}

    def first_contact(self, crime_type: str, rng: random.Random) -> datetime:
        """A moment of the month, to the second."""
        sums = self._sums[pattern_of(crime_type)]
        hour = self._hours[bisect(sums, rng.random() * sums[-1], hi=len(sums) - 1)]
        return hour + timedelta(seconds=rng.randrange(3600))
