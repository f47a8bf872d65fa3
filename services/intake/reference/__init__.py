"""Code tables of call intake, as data with validity dates, so that a force corrects them without a release.

A grade's line names its source. The offences are those that crime recording may record; a test keeps both alike.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from services.intake.domain import GradingScheme, Promise
from services.kernel.errors import Refused
from services.kernel.reference import read_table, valid_from, valid_to


@dataclass(frozen=True, slots=True)
class OffenceCode:
    """A recorded-crime code and the days on which an offence under it could be committed."""

    code: str
    valid_from: date
    valid_to: date

    @property
    def always(self) -> bool:
        """Whether it was an offence on every day."""
        return self.valid_from == date.min and self.valid_to == date.max

    def overlaps(self, first: date, last: date) -> bool:
        """Whether it was an offence on at least one day of a stretch."""
        return self.valid_from <= last and first <= self.valid_to


@cache
def offence_codes() -> dict[str, OffenceCode]:
    """The offences that an allegation may name, by code."""
    return {
        row["code"]: OffenceCode(row["code"], valid_from(row), valid_to(row))
        for row in read_table(__package__, "offences.csv")
    }


@cache
def grading_scheme(force: str, on: date) -> GradingScheme:
    """A force's grades on a day. Raises Refused(SCHEME_MISSING) for a force that has none."""
    promises = {
        row["grade"]: Promise(
            grade=row["grade"],
            meaning=row["meaning"],
            attendance=timedelta(minutes=int(row["attendance_minutes"])) if row["attendance_minutes"] else None,
            roles=frozenset(row["roles"].split()),
        )
        for row in read_table(__package__, "grading_schemes.csv")
        if row["force"] == force and valid_from(row) <= on <= valid_to(row)
    }
    if not promises:
        raise Refused("SCHEME_MISSING", rule="no grading scheme of this force is in force on that day")
    return GradingScheme(force, promises)
