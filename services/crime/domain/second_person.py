"""Second-person review: what one person would not record, another has to find as well (R-CR-06).

Mandatory for domestic abuse, sexual offences and offences against children, where a quiet decision not to record does
most harm (F1, F2). Until the second person decides, the report is undecided and its clock runs.
"""

from collections.abc import Iterable, Sequence

from services.crime.domain.protected import is_protected
from services.crime.domain.recording import Finding
from services.crime.domain.records import Allegation, Proposal, Report, ReportedContact
from services.crime.domain.tables import Tables
from services.crime.domain.terms import CrimeFlag, Stratum

_MANDATORY = frozenset({CrimeFlag.DOMESTIC_ABUSE, CrimeFlag.CHILD_SEXUAL_ABUSE, CrimeFlag.CHILD_SEXUAL_EXPLOITATION})


def proposals(report: Report, findings: Iterable[Finding], by: str, tables: Tables) -> tuple[Proposal, ...]:
    """The findings not to record for which somebody else has not proposed the same reason yet.

    None: the findings stand. `by` is who decides, the subject of their token.
    """
    told = {allegation.number: allegation for allegation in report.contact.allegations}
    proposed = {(one.allegation_number, one.reason) for one in report.proposals if one.by != by}
    return tuple(
        Proposal(finding.allegation_number, finding.reason, by, finding.decided_at)
        for finding in findings
        if finding.reason
        and (finding.allegation_number, finding.reason) not in proposed
        and needs_second_person(told[finding.allegation_number], report.contact, tables)
    )


def needs_second_person(allegation: Allegation, contact: ReportedContact, tables: Tables) -> bool:
    """Whether one person alone may not turn this down."""
    offence = tables.offences.find(allegation.offence_code)
    sexual = offence is not None and offence.stratum is Stratum.SEXUAL
    return sexual or not _MANDATORY.isdisjoint(allegation.flags) or is_protected(allegation, offence, contact)


def proposed(report: Report, fresh: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The report's proposals with fresh ones, one an allegation: the newest."""
    replaced = {one.allegation_number for one in fresh}
    return (*(one for one in report.proposals if one.allegation_number not in replaced), *fresh)
