"""The National Crime Recording Standard: what becomes a crime, and by when (domain facts 2.1 and 2.2).

A decision is made in two steps. First the findings: what is recorded, counted within another crime, or not recorded.
Then, once each new crime has its id and number, `settle` writes them into the report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.crime.domain.counting import Candidate, Counted, count, groups
from services.crime.domain.offences import Offence, days_of
from services.crime.domain.records import Allegation, Crime, Decision, Report, ReportedContact, Transfer
from services.crime.domain.tables import Tables
from services.crime.domain.terms import Basis, CountingRule, NonRecordingReason, ReporterRelation, ReportState

# The authority of what no person decided.
RULES = "RULES"

# Whose word counts as the victim's own (rule 6). An officer's does not: a victim has to confirm.
_SPEAKS_FOR_VICTIM = frozenset(
    {ReporterRelation.VICTIM, ReporterRelation.PARENT_OR_CARER, ReporterRelation.PROFESSIONAL_THIRD_PARTY}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one allegation: recorded, counted within another's crime, or not recorded for a reason."""

    allegation_number: int
    decided_at: datetime
    # The role that authorised it, or RULES.
    authority: str
    rule_set: str
    # The offence recorded; empty with a reason.
    offence_code: str = ""
    # The allegation whose crime this is: its own number where it is recorded, 0 with a reason.
    counted_in: int = 0
    absorbed_by: CountingRule = CountingRule.UNSPECIFIED
    reason: NonRecordingReason = NonRecordingReason.UNSPECIFIED
    # With a reason: the record that it leaves (2.4), and the transfer that the reason rests on (2.1, rule 7).
    reported_incident: str = ""
    transfer: Transfer | None = None

    @property
    def recorded(self) -> bool:
        """Whether this allegation becomes a crime of its own, which needs an id and a number."""
        return self.counted_in == self.allegation_number and not self.reason


@dataclass(frozen=True, slots=True)
class CrimeIdentity:
    """The id and number given to a new crime."""

    crime_id: UUID
    number: str


def register(report_id: UUID, contact: ReportedContact, tables: Tables) -> Report:
    """The report that a contact becomes. Its duty runs from first contact, whenever it is registered (R-CR-01)."""
    return Report(
        report_id, contact, due_at=contact.first_contact_at + tables.rule_sets.at(contact.first_contact_at).duty
    )


def confirmed(allegation: Allegation, contact: ReportedContact) -> bool:
    """Whether the victim, or somebody whose word counts as the victim's, says that it happened (rule 6)."""
    return allegation.victim_confirms or contact.relation in _SPEAKS_FOR_VICTIM


def meets_standard(allegation: Allegation, offence: Offence, contact: ReportedContact) -> bool:
    """Whether it is recorded without anybody having to weigh it (rules 2 and 3)."""
    if allegation.credible_evidence_to_contrary:
        return False
    if offence.basis is Basis.STATE:
        return allegation.points_to_prove_made_out
    return confirmed(allegation, contact)


def offence_of(allegation: Allegation, code: str, contact: ReportedContact, tables: Tables) -> Offence | None:
    """The offence of that code, if it was one on the days when this is said to have happened."""
    days = days_of(allegation.occurred or contact.occurred, contact.first_contact_at)
    return tables.offences.recordable(code, days)


def decide_by_rules(report: Report, tables: Tables, at: datetime) -> tuple[Finding, ...]:
    """The findings that need no person.

    All allegations that the counting rules may count as one are recorded together or wait together, because those need
    to see them all. No rule ever turns an allegation down: that is for a person.
    """
    rule_set = tables.rule_sets.at(report.contact.first_contact_at)
    if not report.contact.allegations and report.state is ReportState.UNDECIDED:
        return (Finding(0, at, RULES, rule_set.name, reason=NonRecordingReason.NO_CRIME_ALLEGED),)
    counted = count(_ready(report, tables), report.contact.occurred, rule_set)
    return tuple(found(one, at, RULES, rule_set.name) for one in counted)


def _ready(report: Report, tables: Tables) -> list[Candidate]:
    """The undecided allegations whose whole group meets the standard."""
    contact = report.contact
    offences = {
        allegation.number: offence_of(allegation, allegation.offence_code, contact, tables)
        for allegation in report.undecided()
    }
    ready = {
        allegation.number: Candidate(allegation, offence)
        for allegation in report.undecided()
        if (offence := offences[allegation.number]) and meets_standard(allegation, offence, contact)
    }
    told = [(allegation, offences[allegation.number]) for allegation in report.undecided()]
    return [
        ready[allegation.number]
        for group in groups(told, contact.occurred)
        if all(one.number in ready for one in group)
        for allegation in group
    ]


def found(counted: Counted, at: datetime, authority: str, rule_set: str) -> Finding:
    """The finding on an allegation that counts as a crime or within one."""
    return Finding(
        counted.candidate.allegation.number,
        at,
        authority,
        rule_set,
        offence_code=counted.candidate.offence.code,
        counted_in=counted.principal.allegation.number,
        absorbed_by=counted.rule,
    )


def settle(
    report: Report, findings: Sequence[Finding], identities: Mapping[int, CrimeIdentity], by: str = ""
) -> tuple[Report, tuple[Crime, ...]]:
    """The report with these findings as decisions, and the new crimes.

    `identities` holds one for each finding that is `recorded`, by allegation number; `by` is who decided, if a person.
    """
    decisions = (*report.decisions, *(_decision(finding, identities, by) for finding in findings))
    settled = replace(report, decisions=tuple(sorted(decisions, key=lambda one: one.allegation_number)))
    if findings and not settled.undecided():
        settled = replace(settled, state=ReportState.DECIDED, decided_at=max(one.decided_at for one in findings))
    return settled, tuple(_crime(report, one, findings, identities, by) for one in findings if one.recorded)


def _decision(finding: Finding, identities: Mapping[int, CrimeIdentity], by: str) -> Decision:
    identity = None if finding.reason else identities[finding.counted_in]
    return Decision(
        finding.allegation_number,
        finding.decided_at,
        finding.authority,
        finding.rule_set,
        crime_id=identity.crime_id if identity else None,
        crime_number=identity.number if identity else "",
        absorbed_by=finding.absorbed_by,
        reason=finding.reason,
        decided_by=by,
        reported_incident=finding.reported_incident,
        transfer=finding.transfer,
    )


def _crime(
    report: Report, finding: Finding, findings: Sequence[Finding], identities: Mapping[int, CrimeIdentity], by: str
) -> Crime:
    contact = report.contact
    allegations = {allegation.number: allegation for allegation in contact.allegations}
    allegation = allegations[finding.allegation_number]
    # What was known of an absorbed allegation, such as domestic abuse, is known of the crime that it counts within.
    within = [one.allegation_number for one in findings if one.counted_in == finding.allegation_number]
    flags = sorted({flag for number in within for flag in allegations[number].flags})
    return Crime(
        crime_id=identities[finding.allegation_number].crime_id,
        number=identities[finding.allegation_number].number,
        force=contact.force,
        report_id=report.report_id,
        contact_id=contact.contact_id,
        allegation_number=allegation.number,
        offence_code=finding.offence_code,
        victim_ref=allegation.victim_ref,
        suspect_ref=allegation.suspect_ref,
        flags=tuple(flags),
        place=contact.place,
        occurred=allegation.occurred or contact.occurred,
        reported_at=contact.first_contact_at,
        recorded_at=finding.decided_at,
        rule_set=finding.rule_set,
        recorded_by=by,
    )


def mark_overdue(report: Report, at: datetime) -> Report:
    """The report as its duty ran out: marked once where it is still undecided, and the mark stays (R-CR-01)."""
    if report.state is ReportState.DECIDED or report.overdue_at is not None or at < report.due_at:
        return report
    return replace(report, overdue_at=at)
