"""The counting rules change from year to year, so the rules themselves are data with dates (domain facts 2.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from services.crime.domain.validity import Validity, local_date


class ConductRule(Enum):
    """How a course of conduct (harassment, stalking, coercive behaviour) counts beside other offences."""

    # By its seriousness, as any offence does.
    LIKE_ANY_OTHER = "LIKE_ANY_OTHER"
    # Recorded in addition to the most serious other offence.
    IN_ADDITION = "IN_ADDITION"
    # The principal crime, unless an offence that outranks it is alleged as well.
    PRINCIPAL = "PRINCIPAL"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The recording standard and counting rules of a span of years."""

    name: str
    validity: Validity
    # How long after first contact the decision is due.
    duty: timedelta
    conduct: ConductRule


@dataclass(frozen=True, slots=True)
class RuleSets:
    """Every rule set; together they cover the calendar, one a day."""

    all: Sequence[RuleSet]

    def at(self, first_contact_at: datetime) -> RuleSet:
        """The rules in force on the day of first contact, by which a report is judged whenever it is decided."""
        day = local_date(first_contact_at)
        return next(rules for rules in self.all if rules.validity.covers(day))
