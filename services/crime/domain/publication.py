"""What the public is told: the columns of the street-level file that depend on rules."""

from datetime import datetime, timedelta

from services.crime.domain.records import Crime
from services.crime.domain.tables import Publication, Tables
from services.crime.domain.terms import CrimeState, IncidentCategory

_ANTI_SOCIAL = frozenset(
    {IncidentCategory.ASB_PERSONAL, IncidentCategory.ASB_NUISANCE, IncidentCategory.ASB_ENVIRONMENTAL}
)


def is_published(crime: Crime) -> bool:
    """Whether the crime has a row: a cancelled one has none."""
    return crime.state is not CrimeState.CANCELLED


def public_outcome(crime: Crime, as_of: datetime, tables: Tables) -> str:
    """The last outcome category of a published crime, as somebody who looks at `as_of` is told it."""
    publication = tables.publication
    if crime.outcome is None:
        since, patience = crime.recorded_at, publication.undecided_for
        return _by_age(since, as_of, patience, publication.undecided, publication.undecided_late)
    if crime.outcome.disposal:
        return tables.disposals[crime.outcome.disposal]
    rule = tables.outcomes[crime.outcome.code]
    if rule.court:
        since, patience = crime.outcome.recorded_at, publication.charged_for
        return _by_age(since, as_of, patience, publication.charged, publication.charged_late)
    return rule.public_category


def _by_age(since: datetime, as_of: datetime, patience: timedelta, waiting: str, too_long: str) -> str:
    return too_long if as_of - since >= patience else waiting


def incident_category(category: IncidentCategory, publication: Publication) -> str:
    """The crime type of a report that alleges no crime: anti-social behaviour has one, any other incident none."""
    return publication.anti_social_behaviour if category in _ANTI_SOCIAL else ""
