"""N100 and N200: the record that a reported rape or modern slavery leaves where no crime is recorded (2.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.crime.domain.terms import NonRecordingReason
from services.crime.domain.validity import ALWAYS, Validity


@dataclass(frozen=True, slots=True)
class ReportedIncident:
    """One record: "N100/2" for these offences, turned down for this reason. UNSPECIFIED: for every other reason."""

    code: str
    offences: frozenset[str]
    reason: NonRecordingReason
    validity: Validity = ALWAYS


def reported_incident(
    table: Iterable[ReportedIncident], offences: Iterable[str], reason: NonRecordingReason, on: date
) -> str:
    """The code of the record where one of these offences, alleged or ruled on, is not recorded; empty where none is."""
    concerned = [one for one in table if one.validity.covers(on) and not one.offences.isdisjoint(offences)]
    fitting = [one for one in concerned if one.reason is reason]
    others = [one for one in concerned if one.reason is NonRecordingReason.UNSPECIFIED]
    return next((one.code for one in (*fitting, *others)), "")
