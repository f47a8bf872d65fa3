"""The offences that a force records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.crime.domain.records import Period
from services.crime.domain.terms import Basis, Stratum
from services.crime.domain.validity import ALWAYS, Validity, local_date


@dataclass(frozen=True, slots=True)
class Offence:
    """One recorded-crime code, as reference data describes it."""

    code: str
    description: str
    # Crime type of the public street-level file.
    category: str
    basis: Basis
    # Unique within the table; 1 is the most serious.
    seriousness: int
    # Violence or sexual offences, where it counts to one of them.
    stratum: Stratum | None = None
    rape: bool = False
    # Its victim is a child or vulnerable, or it would be another offence.
    victim_protected: bool = False
    # A course of conduct: harassment, stalking, coercive behaviour.
    conduct: bool = False
    # So serious that a course of conduct is never the principal crime beside it.
    outranks_conduct: bool = False
    # Covers an offence triable only summarily, so that a time limit for prosecution can run out.
    summary_only: bool = False
    # False for what a national body records and a force never does.
    recordable: bool = True
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True)
class OffenceTable:
    """Every offence, by recorded-crime code."""

    by_code: Mapping[str, Offence]

    def find(self, code: str) -> Offence | None:
        """The offence of that code, if there is one."""
        return self.by_code.get(code)

    def recordable(self, code: str, days: tuple[date, date]) -> Offence | None:
        """The offence of that code, if a force may record one that happened between these days."""
        offence = self.find(code)
        if offence is None or not offence.recordable or not offence.validity.overlaps(*days):
            return None
        return offence


def days_of(occurred: Period | None, reported_at: datetime) -> tuple[date, date]:
    """First and last day on which it may have happened: the day of the report where nobody said."""
    reported = local_date(reported_at)
    if occurred is None or (occurred.start is None and occurred.end is None):
        return reported, reported
    first = local_date(occurred.start) if occurred.start else date.min
    last = local_date(occurred.end) if occurred.end else reported
    return first, max(first, last)
