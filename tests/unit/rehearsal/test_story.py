"""The whole story of each row, told to the rules alone: what comes out is what the public file says of it.

This is the rehearsal without a platform: intake's checks, the recording standard, the counting rules, the outcomes and
the publication rules, as pure functions. All people are invented.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from deploy.rehearsal.contacts import PlannedContact
from deploy.rehearsal.rehearsal import Plan
from deploy.rehearsal.street import ANTI_SOCIAL_BEHAVIOUR
from deploy.rehearsal.telling import open_request
from services.crime import publication
from services.crime.domain import (
    Crime,
    CrimeIdentity,
    Finding,
    NonRecordingReason,
    Report,
    ReportState,
    Ruling,
    decide_by_person,
    decide_by_rules,
    record_outcome,
    register,
    settle,
)
from services.crime.messages import disposal_from, evidence_from, reported_contact_from
from services.crime.reference import tables
from services.intake.messages import contact_from, contact_message
from services.kernel.validation import Check
from tests.unit.rehearsal.months import real_month

FORCE = "west-yorkshire"


def identities(findings: Sequence[Finding]) -> dict[int, CrimeIdentity]:
    new = [finding.allegation_number for finding in findings if finding.recorded]
    return {number: CrimeIdentity(UUID(int=number), f"1318{number:07d}") for number in new}


def decided(contact: PlannedContact) -> tuple[Report, tuple[Crime, ...]]:
    """The report of a contact with its crimes, after the rules and then a person decided."""
    taken = contact_from(open_request(contact, FORCE), contact.request_id, contact.at)
    report = register(UUID(int=0), reported_contact_from(contact_message(taken)), tables())
    findings = decide_by_rules(report, tables(), contact.at)
    report, crimes = settle(report, findings, identities(findings))
    # Exactly what waits in the plan waits in the ledger.
    assert (report.state is ReportState.UNDECIDED) == (contact.decide_at is not None)
    if contact.decide_at is None:
        return report, crimes
    role = "ROLE_DECISION_MAKER" if contact.turned_down else "ROLE_CRIME_RECORDER"
    rulings = [ruling(one.number, contact.disclosures[one.number - 1].recorded) for one in report.undecided()]
    findings = decide_by_person(report, rulings, {role}, tables(), contact.decide_at)
    report, more = settle(report, findings, identities(findings))
    return report, (*crimes, *more)


def ruling(number: int, recorded: bool) -> Ruling:
    reason = NonRecordingReason.UNSPECIFIED if recorded else NonRecordingReason.VICTIM_NOT_TRACED
    return Ruling(number, record=recorded, reason=reason)


def ended(crime: Crime, contact: PlannedContact, final: datetime) -> Crime:
    """The crime once all that is planned of it is recorded, each act at its own time."""
    ending = contact.disclosures[crime.allegation_number - 1].ending
    before = crime.recorded_at
    for act in ending.acts if ending else ():
        assert before < act.at <= final
        before = act.at
        check = Check(act.at)
        evidence, disposal = evidence_from(act.evidence, check), disposal_from(act.disposal, check)
        check.done()
        crime = record_outcome(
            crime,
            act.code,
            evidence,
            disposal,
            roles={f"ROLE_{act.authority.upper()}"},
            offence=tables().offences.by_code[crime.offence_code],
            tables=tables(),
            at=act.at,
        )
    return crime


def published(month: Plan) -> Iterator[tuple[str, ...]]:
    """The month's public file, by the rules."""
    final = month.calendar.final
    for contact in month.contacts:
        report, crimes = decided(contact)
        assert report.state is ReportState.DECIDED
        for crime in crimes:
            row = publication.crime_row(ended(crime, contact, final), month.span.month, final, tables())
            assert row is not None
            yield (row.lsoa_code, row.location, row.longitude, row.latitude, row.crime_type, row.last_outcome_category)
        if not crimes:
            # Nothing recorded: only anti-social behaviour is planned to end so.
            place = contact.disclosures[0].row
            yield (*place.spot, ANTI_SOCIAL_BEHAVIOUR, "")


def test_every_row_comes_back_as_the_public_file_has_it() -> None:
    month = real_month()
    told = Counter((*row.spot, row.crime_type, row.outcome) for row in month.file.rows)
    assert Counter(published(month)) == told


def test_a_row_without_a_location_is_given_no_place() -> None:
    contacts = real_month(None).contacts
    unplaced = [contact for contact in contacts if contact.disclosures[0].row.location == "No Location"]
    assert len(unplaced) == 883
    assert not any(open_request(contact, FORCE).HasField("place") for contact in unplaced)


def test_the_request_is_the_same_to_the_byte_when_it_is_told_again() -> None:
    for contact in real_month().contacts[:300]:
        once, again = (open_request(contact, FORCE).SerializeToString(deterministic=True) for _ in range(2))
        assert once == again


def test_the_account_does_not_hold_the_words_of_the_row() -> None:
    """The export is computed from the offence and the outcome, so what it is compared with must not travel along."""
    for contact in real_month().contacts[:300]:
        request = open_request(contact, FORCE)
        row = contact.disclosures[0].row
        assert not row.outcome or row.outcome not in request.narrative
        assert row.text.split(",")[0] not in str(request) or not row.is_crime
