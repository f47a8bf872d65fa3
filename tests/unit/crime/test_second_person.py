"""What one person would not record, a second has to find as well: R-CR-06."""

from dataclasses import replace
from datetime import date

import pytest

from services.crime.domain import (
    Allegation,
    CrimeFlag,
    NonRecordingReason,
    Proposal,
    Report,
    ReporterRelation,
    Ruling,
    decide_by_person,
    proposals,
    proposed,
)
from tests.unit.crime.building import (
    DECISION_MAKER,
    HOUR,
    NOON,
    RAPE,
    REGISTRAR,
    TABLES,
    alleging,
    record,
    told,
    turn_down,
)

Reason = NonRecordingReason
ELSEWHERE, SCHOOL = Reason.OTHER_AGENCY_DEALING, Reason.SCHOOLS_PROTOCOL
MANDATORY = {
    "domestic abuse": alleging(flags=(CrimeFlag.DOMESTIC_ABUSE,)),
    "a sexual offence": alleging("20A"),
    "rape": alleging(RAPE),
    "child sexual abuse": alleging(flags=(CrimeFlag.CHILD_SEXUAL_ABUSE,)),
    "a child of nine": alleging(victim_born=date(2009, 1, 2)),
    "an offence against children": alleging("13"),
}


def waiting(*allegations: Allegation) -> Report:
    return told(*allegations, by=ReporterRelation.WITNESS)


def says(report: Report, by: str, *rulings: Ruling) -> tuple[Proposal, ...]:
    """What of these rulings has to wait for somebody else."""
    findings = decide_by_person(report, rulings, DECISION_MAKER | REGISTRAR, TABLES, NOON + HOUR)
    return proposals(report, findings, by, TABLES)


def after(report: Report, by: str, *rulings: Ruling) -> Report:
    return replace(report, proposals=proposed(report, says(report, by, *rulings)))


@pytest.mark.parametrize("allegation", MANDATORY.values(), ids=MANDATORY.keys())
def test_two_people_turn_down_what_did_most_harm(allegation: Allegation) -> None:  # R-CR-06, F1
    report = waiting(allegation)
    assert says(report, "ann", turn_down(1, ELSEWHERE)) == (Proposal(1, ELSEWHERE, "ann", NOON + HOUR),)
    anns = after(report, "ann", turn_down(1, ELSEWHERE))
    assert says(anns, "bea", turn_down(1, ELSEWHERE)) == ()


def test_nobody_is_their_own_second_person(  # R-CR-06
) -> None:
    anns = after(waiting(alleging(RAPE)), "ann", turn_down(1, ELSEWHERE))
    again = after(anns, "ann", turn_down(1, ELSEWHERE))
    assert says(again, "ann", turn_down(1, ELSEWHERE)) != ()


def test_two_people_who_differ_in_the_reason_have_not_agreed() -> None:  # R-CR-06
    anns = after(waiting(alleging(RAPE)), "ann", turn_down(1, ELSEWHERE))
    beas = after(anns, "bea", turn_down(1, SCHOOL))
    assert [(one.by, one.reason) for one in beas.proposals] == [("bea", SCHOOL)]
    assert says(beas, "ann", turn_down(1, SCHOOL)) == ()


def test_one_person_records_and_turns_down_the_rest() -> None:  # R-CR-06
    assert says(waiting(alleging(RAPE)), "ann", record(1)) == ()
    assert says(waiting(alleging()), "ann", turn_down(1, ELSEWHERE)) == ()


def test_only_what_needs_a_second_person_waits_for_one() -> None:  # R-CR-06
    report = waiting(alleging(victim="ann"), alleging(RAPE, victim="cat"))
    found = says(report, "ann", turn_down(1, ELSEWHERE), turn_down(2, ELSEWHERE))
    assert [one.allegation_number for one in found] == [2]
