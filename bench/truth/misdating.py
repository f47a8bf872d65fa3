"""How a date of birth comes to be written wrongly: one mistake each, as keys, forms and memories make them."""

import calendar
import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta

Kind = Callable[[date, random.Random], str | None]


def wrong_digit(born: date, rng: random.Random) -> str | None:
    """One digit typed as another, where that is still a date."""
    text = f"{born:%Y%m%d}"
    for _ in range(20):
        at = rng.randrange(2, 8)
        typed = _date(text[:at] + rng.choice("0123456789") + text[at + 1 :])
        if typed and typed != born.isoformat():
            return typed
    return None


def digits_crossed(born: date, rng: random.Random) -> str | None:
    """Two neighbouring digits in the wrong order."""
    text = f"{born:%Y%m%d}"
    crossed = {_date(text[:at] + text[at + 1] + text[at] + text[at + 2 :]) for at in range(2, 7)}
    fitting = sorted(typed for typed in crossed if typed and typed != born.isoformat())
    return rng.choice(fitting) if fitting else None


def day_for_month(born: date, _rng: random.Random) -> str | None:
    """The American order."""
    return _changed(born, f"{born:%Y}-{born:%d}-{born:%m}") if born.day <= 12 else None


def other_century(born: date, _rng: random.Random) -> str | None:
    """A year of two digits, completed wrongly."""
    return _date(f"{born.year + (100 if born.year < 1960 else -100):04d}{born:%m%d}")


def neighbour_year(born: date, rng: random.Random) -> str | None:
    """A year too early or too late, as when somebody works it out from an age."""
    return _date(f"{born.year + rng.choice((-1, 1)):04d}{born:%m%d}")


def off_by_a_day(born: date, rng: random.Random) -> str | None:
    """The day before or after."""
    return (born + timedelta(days=rng.choice((-1, 1)))).isoformat()


def neighbour_month(born: date, rng: random.Random) -> str | None:
    """June for July."""
    month = born.month + rng.choice((-1, 1))
    return _date(f"{born:%Y}{month:02d}{born:%d}") if 1 <= month <= 12 else None


def first_of_january(born: date, _rng: random.Random) -> str | None:
    """The year is all that was known, and the form wanted a date."""
    return _changed(born, f"{born:%Y}-01-01")


def _changed(born: date, typed: str) -> str | None:
    return typed if typed != born.isoformat() else None


def _date(digits: str) -> str | None:
    """The digits as an ISO date, where there is such a day."""
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return date(year, month, day).isoformat()


KINDS: Mapping[str, Kind] = {
    kind.__name__: kind for kind in (wrong_digit, digits_crossed, day_for_month, other_century, neighbour_year)
}
HELD_OUT: Mapping[str, Kind] = {kind.__name__: kind for kind in (off_by_a_day, neighbour_month, first_of_january)}
