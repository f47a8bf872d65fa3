"""Reports, allegations and crimes in few words, for the tests of crime recording. All people are invented."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.crime.domain import (
    Allegation,
    Channel,
    CountingRule,
    Crime,
    CrimeIdentity,
    Finding,
    IncidentCategory,
    NonRecordingReason,
    OutcomeEvidence,
    Period,
    Report,
    ReportedContact,
    ReporterRelation,
    Role,
    Ruling,
    Tables,
    VictimDecision,
    VictimDecisionMeans,
    register,
    settle,
)
from services.crime.reference import tables
from services.kernel.errors import PeelError

TABLES: Tables = tables()

REPORT_ID = UUID("0190a000-0000-7000-8000-000000000001")
CONTACT_ID = UUID("0190a000-0000-7000-8000-000000000002")

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOON = datetime(2018, 7, 4, 11, 0, tzinfo=UTC)  # 12 o'clock, British Summer Time
RECORDER = frozenset({Role.CRIME_RECORDER})
DECISION_MAKER = frozenset({Role.DECISION_MAKER})
REGISTRAR = frozenset({Role.CRIME_REGISTRAR})
OFFICER = frozenset({Role.OFFICER})

ASSAULT = "8N"
COMMON_ASSAULT = "105A"
HARASSMENT = "8L"
STALKING = "8Q"
DAMAGE = "58C"
BURGLARY = "28E"
SHOPLIFTING = "46"
RAPE = "19C"
ROBBERY = "34B"
CANNABIS = "92E"
KNIFE = "10D"


def alleging(offence: str = ASSAULT, victim: str = "victim", suspect: str = "", **known: object) -> Allegation:
    """An allegation; its number is given when it is told. An offence against the state has no victim."""
    return replace(Allegation(0, offence, victim, suspect), **known)  # type: ignore[arg-type]


def told(
    *allegations: Allegation,
    by: ReporterRelation = ReporterRelation.VICTIM,
    at: datetime = NOON,
    category: IncidentCategory = IncidentCategory.CRIME,
    occurred: Period | None = None,
) -> Report:
    """The registered report of a contact in which somebody told the police all this."""
    numbered = tuple(replace(allegation, number=number) for number, allegation in enumerate(allegations, start=1))
    contact = ReportedContact(
        CONTACT_ID, "west-yorkshire", Channel.EMERGENCY_999, by, category, at, numbered, occurred=occurred
    )
    return register(REPORT_ID, contact, TABLES)


def record(number: int, offence: str = "") -> Ruling:
    return Ruling(number, record=True, offence_code=offence)


def turn_down(number: int, reason: NonRecordingReason) -> Ruling:
    return Ruling(number, record=False, reason=reason)


def identities(findings: Sequence[Finding]) -> dict[int, CrimeIdentity]:
    """An id and a number for each crime to be."""
    numbers = [finding.allegation_number for finding in findings if finding.recorded]
    return {number: CrimeIdentity(UUID(int=number), f"1318{number:07d}") for number in numbers}


def settled(report: Report, findings: Sequence[Finding]) -> tuple[Report, tuple[Crime, ...]]:
    return settle(report, findings, identities(findings))


def told_of(findings: Sequence[Finding]) -> dict[int, str]:
    """Each finding in words: "recorded", "FINISHED_INCIDENT in 1", or the reason."""
    return {finding.allegation_number: _in_words(finding) for finding in findings}


def _in_words(finding: Finding) -> str:
    if finding.reason is not NonRecordingReason.UNSPECIFIED:
        return finding.reason.name
    if finding.absorbed_by is not CountingRule.UNSPECIFIED:
        return f"{finding.absorbed_by.name} in {finding.counted_in}"
    return "recorded"


def a_crime(offence: str = ASSAULT, victim: str = "victim", suspect: str = "", recorded_at: datetime = NOON) -> Crime:
    return Crime(
        crime_id=UUID(int=1),
        number="13180000001",
        force="west-yorkshire",
        report_id=REPORT_ID,
        contact_id=CONTACT_ID,
        allegation_number=1,
        offence_code=offence,
        victim_ref=victim,
        suspect_ref=suspect,
        flags=(),
        place=None,
        occurred=None,
        reported_at=recorded_at,
        recorded_at=recorded_at,
        rule_set="NCRS-2018",
    )


def victim_declined(at: datetime = NOON) -> OutcomeEvidence:
    """The record of a victim's decision not to support the case."""
    return OutcomeEvidence(victim_decision=VictimDecision(at, VictimDecisionMeans.BODY_WORN_VIDEO, "BWV-2018-0042"))


@contextmanager
def refused(reason: str) -> Iterator[pytest.ExceptionInfo[PeelError]]:
    """Expects a refusal for this reason."""
    with pytest.raises(PeelError) as caught:
        yield caught
    assert caught.value.reason == reason
