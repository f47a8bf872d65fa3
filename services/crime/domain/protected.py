"""Whom the recording standard protects where their own word is missing: a child or vulnerable victim (2.1, rule 6)."""

from datetime import date

from services.crime.domain.offences import Offence
from services.crime.domain.records import Allegation, ReportedContact
from services.crime.domain.terms import CrimeFlag
from services.crime.domain.validity import local_date

_OF_CHILDREN = frozenset({CrimeFlag.CHILD_SEXUAL_ABUSE, CrimeFlag.CHILD_SEXUAL_EXPLOITATION})
_OF_AGE = 18


def is_protected(allegation: Allegation, offence: Offence | None, contact: ReportedContact) -> bool:
    """Whether the alleged victim is a child or vulnerable: as told, by date of birth, by flag, or by the offence."""
    born = allegation.victim_born
    return (
        allegation.victim_vulnerable
        or not _OF_CHILDREN.isdisjoint(allegation.flags)
        or (offence is not None and offence.victim_protected)
        or (born is not None and _age(born, local_date(contact.first_contact_at)) < _OF_AGE)
    )


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
