"""Rows of the public street-level file, from the ledger alone.

An exact place is never published: only one that is already in the public form, a map point "on or near" a street.
A crime's public id is a digest of its own id, which holds 74 random bits: nobody can count back from one to the other.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from peel.intake.v1.types_pb2 import Contact
from services.crime.domain import (
    Crime,
    Place,
    Report,
    Tables,
    incident_category,
    is_published,
    public_outcome,
)
from services.crime.ledger import NonCrimeReport
from services.crime.messages import reported_contact_from
from services.crime.reference import forces, lsoa_names
from services.crime.store import LedgerLine

# What the public file says where the place is unknown, or known too well to be shown.
NO_LOCATION = "No Location"
_PUBLIC_FORM = "on or near "
# The ledger's category for a report that alleges no crime and is no anti-social behaviour.
OTHER_INCIDENT = "Other incident"


@dataclass(frozen=True, slots=True)
class StreetRow:
    """A row, with the columns of the public file in their order."""

    crime_id: str
    month: str
    reported_by: str
    falls_within: str
    longitude: str
    latitude: str
    location: str
    lsoa_code: str
    lsoa_name: str
    crime_type: str
    last_outcome_category: str
    context: str


def ledger_lines(report: Report, tables: Tables) -> Iterator[LedgerLine]:
    """The lines that a report has in the ledger: one an allegation, or one that says it alleges nothing."""
    for allegation in report.contact.allegations:
        category = line_category(report, allegation.number, allegation.offence_code, tables)
        yield LedgerLine(allegation.number, allegation.offence_code, category, allegation.flags)
    if not report.contact.allegations:
        yield LedgerLine(0, "", _incident(report, tables), ())


def line_category(report: Report, number: int, offence_code: str, tables: Tables) -> str:
    """The public category of one line: that of its offence, or of the incident where it was decided to be no crime."""
    decision = next((one for one in report.decisions if one.allegation_number == number), None)
    offence = tables.offences.find(offence_code)
    if offence is None or (decision is not None and decision.reason):
        return _incident(report, tables)
    return offence.category


def _incident(report: Report, tables: Tables) -> str:
    return incident_category(report.contact.category, tables.publication) or OTHER_INCIDENT


def crime_row(crime: Crime, month: str, as_of: datetime, tables: Tables) -> StreetRow | None:
    """The row of a crime; None for one that is not published."""
    if not is_published(crime):
        return None
    return _row(
        hashlib.sha256(crime.crime_id.bytes).hexdigest(),
        month,
        crime.force,
        crime.place,
        tables.offences.by_code[crime.offence_code].category,
        public_outcome(crime, as_of, tables),
    )


def incident_row(report: NonCrimeReport, month: str, force: str, tables: Tables) -> StreetRow | None:
    """The row of anti-social behaviour; None for another incident, which the public file does not hold."""
    category = incident_category(report.category, tables.publication)
    if not category:
        return None
    place = reported_contact_from(Contact.FromString(report.contact)).place
    return _row("", month, force, place, category, "")


def _row(crime_id: str, month: str, force: str, place: Place | None, crime_type: str, outcome: str) -> StreetRow:
    known = forces().get(force)
    # A force that the table does not name yet: its incidents are its own all the same.
    name = known.name if known else force
    lsoa = place.lsoa if place else ""
    shown = place if place and place.address.lower().startswith(_PUBLIC_FORM) else None
    point = shown.point if shown else None
    return StreetRow(
        crime_id=crime_id,
        month=month,
        reported_by=name,
        falls_within=name,
        longitude=f"{point.longitude:.6f}" if point else "",
        latitude=f"{point.latitude:.6f}" if point else "",
        location=shown.address if shown else NO_LOCATION,
        lsoa_code=lsoa,
        lsoa_name=lsoa_names().get(lsoa, ""),
        crime_type=crime_type,
        last_outcome_category=outcome,
        context="",
    )
