"""The National Crime Recording Standard: domain facts 2.1 and 2.2."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.crime.domain import (
    RULES,
    CrimeFlag,
    IncidentCategory,
    NonRecordingReason,
    Period,
    Place,
    Point,
    ReporterRelation,
    ReportState,
    decide_by_rules,
    mark_overdue,
)
from tests.unit.crime.building import (
    ASSAULT,
    CANNABIS,
    COMMON_ASSAULT,
    DAMAGE,
    DAY,
    HOUR,
    KNIFE,
    NOON,
    SHOPLIFTING,
    TABLES,
    alleging,
    settled,
    told,
    told_of,
)

SPEAK_FOR_THE_VICTIM = (
    ReporterRelation.VICTIM,
    ReporterRelation.PARENT_OR_CARER,
    ReporterRelation.PROFESSIONAL_THIRD_PARTY,
)
DO_NOT = (ReporterRelation.OTHER_THIRD_PARTY, ReporterRelation.WITNESS, ReporterRelation.OFFICER)


def test_every_report_is_due_24_hours_after_first_contact() -> None:  # R-CR-01
    assert told(alleging()).due_at == NOON + 24 * HOUR


def test_the_duty_was_72_hours_before_april_2015() -> None:  # 2.1 rule 5
    contact = datetime(2015, 3, 31, 12, tzinfo=UTC)
    assert told(alleging(), at=contact).due_at == contact + timedelta(hours=72)


def test_the_duty_is_24_hours_on_the_night_the_clocks_change() -> None:  # R-CR-01
    ten_to_midnight = datetime(2018, 10, 27, 22, 50, tzinfo=UTC)
    assert told(alleging(), at=ten_to_midnight).due_at - ten_to_midnight == timedelta(hours=24)


def test_the_due_time_does_not_move_when_the_report_is_decided_late_or_marked_overdue() -> None:  # R-CR-01
    report = told(alleging(), by=ReporterRelation.WITNESS)
    late = mark_overdue(report, report.due_at + 5 * HOUR)
    decided, _ = settled(late, decide_by_rules(told(alleging()), TABLES, report.due_at + 9 * HOUR))
    assert report.due_at == late.due_at == decided.due_at


def test_a_report_without_an_allegation_is_decided_at_once() -> None:  # 2.1 rule 1
    report = told(category=IncidentCategory.ASB_NUISANCE, by=ReporterRelation.WITNESS)
    (finding,) = decide_by_rules(report, TABLES, NOON + HOUR)
    decided, crimes = settled(report, [finding])
    assert (finding.allegation_number, finding.reason) == (0, NonRecordingReason.NO_CRIME_ALLEGED)
    assert (decided.state, decided.decided_at, crimes) == (ReportState.DECIDED, NOON + HOUR, ())
    assert decided.decisions[0].authority == RULES


@pytest.mark.parametrize("relation", SPEAK_FOR_THE_VICTIM)
def test_a_victims_word_is_enough_and_so_is_that_of_those_who_speak_for_them(relation: ReporterRelation) -> None:
    findings = decide_by_rules(told(alleging(), by=relation), TABLES, NOON)  # 2.1 rules 2 and 6
    assert told_of(findings) == {1: "recorded"}


@pytest.mark.parametrize("relation", DO_NOT)
def test_another_persons_word_waits_for_a_person(relation: ReporterRelation) -> None:  # 2.1 rule 6
    assert decide_by_rules(told(alleging(), by=relation), TABLES, NOON) == ()


@pytest.mark.parametrize("relation", DO_NOT)
def test_whoever_reports_it_a_victim_who_confirms_is_enough(relation: ReporterRelation) -> None:  # 2.1 rule 6
    findings = decide_by_rules(told(alleging(victim_confirms=True), by=relation), TABLES, NOON)
    assert told_of(findings) == {1: "recorded"}


def test_credible_evidence_to_the_contrary_waits_for_a_person_and_is_never_turned_down_by_rule() -> None:  # 2.1 rule 2
    doubted = alleging(victim_confirms=True, credible_evidence_to_contrary=True)
    assert decide_by_rules(told(doubted), TABLES, NOON) == ()


@pytest.mark.parametrize("relation", [*SPEAK_FOR_THE_VICTIM, *DO_NOT])
def test_a_state_based_offence_needs_its_points_to_prove_and_nobodys_confirmation(relation: ReporterRelation) -> None:
    made_out = told(alleging(CANNABIS, victim="", points_to_prove_made_out=True), by=relation)  # 2.1 rule 3
    not_made_out = told(alleging(CANNABIS, victim="", victim_confirms=True), by=relation)
    assert told_of(decide_by_rules(made_out, TABLES, NOON)) == {1: "recorded"}
    assert decide_by_rules(not_made_out, TABLES, NOON) == ()


def test_a_doubted_state_based_offence_waits_for_a_person() -> None:  # 2.1 rule 3
    doubted = alleging(KNIFE, victim="", points_to_prove_made_out=True, credible_evidence_to_contrary=True)
    assert decide_by_rules(told(doubted), TABLES, NOON) == ()


def test_all_crimes_disclosed_are_recorded_and_not_the_headline_alone() -> None:  # R-CR-03
    report = told(alleging(victim="ann"), alleging(DAMAGE, victim="ben"), alleging(SHOPLIFTING, victim="shop"))
    assert told_of(decide_by_rules(report, TABLES, NOON)) == {1: "recorded", 2: "recorded", 3: "recorded"}


def test_a_group_waits_whole_where_one_of_its_allegations_waits() -> None:  # 2.2: counting needs to see them all
    report = told(
        alleging(COMMON_ASSAULT, victim="ann", suspect="sam", victim_confirms=True),
        alleging(ASSAULT, victim="ann", suspect="sam", credible_evidence_to_contrary=True, victim_confirms=True),
        alleging(DAMAGE, victim="ben", suspect="sam", victim_confirms=True),
        by=ReporterRelation.WITNESS,
    )
    findings = decide_by_rules(report, TABLES, NOON)
    decided, crimes = settled(report, findings)
    assert told_of(findings) == {3: "recorded"}
    assert [one.number for one in decided.undecided()] == [1, 2]
    assert (decided.state, decided.decided_at, len(crimes)) == (ReportState.UNDECIDED, None, 1)


def test_deciding_again_finds_nothing_more() -> None:  # I5: a replayed event has no second effect
    report = told(alleging(victim="ann"), alleging(DAMAGE, victim="ben"))
    decided, _ = settled(report, decide_by_rules(report, TABLES, NOON))
    empty = told()
    nothing_alleged, _ = settled(empty, decide_by_rules(empty, TABLES, NOON))
    assert decide_by_rules(decided, TABLES, NOON) == decide_by_rules(nothing_alleged, TABLES, NOON) == ()


@pytest.mark.parametrize("code", ["no such code", "28A", "AF"])
def test_an_offence_that_a_force_cannot_record_waits_for_a_person_and_is_not_lost(code: str) -> None:  # I2
    assert decide_by_rules(told(alleging(code)), TABLES, NOON) == ()


def test_an_offence_is_judged_by_the_day_it_happened() -> None:  # 2.7: tables have validity
    in_2016 = Period(datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 5, 2, tzinfo=UTC))
    in_2014 = Period(datetime(2014, 5, 1, tzinfo=UTC), datetime(2014, 5, 2, tzinfo=UTC))
    coercive_behaviour = "8U"
    assert decide_by_rules(told(alleging("28A", occurred=in_2016)), TABLES, NOON)
    assert decide_by_rules(told(alleging("28A"), occurred=in_2016), TABLES, NOON)
    assert not decide_by_rules(told(alleging(coercive_behaviour, occurred=in_2014)), TABLES, NOON)
    assert decide_by_rules(told(alleging(coercive_behaviour, occurred=in_2016)), TABLES, NOON)
    assert decide_by_rules(told(alleging(coercive_behaviour, occurred=Period(end=NOON))), TABLES, NOON)


def test_a_report_is_overdue_once_from_its_due_time_and_stays_marked() -> None:  # R-CR-01
    report = told(alleging(), by=ReporterRelation.WITNESS)
    overdue = mark_overdue(report, report.due_at)
    assert mark_overdue(report, report.due_at - timedelta(microseconds=1)) == report
    assert overdue.overdue_at == report.due_at
    assert mark_overdue(overdue, report.due_at + HOUR) == overdue


def test_a_decided_report_is_never_overdue() -> None:  # R-CR-01
    report = told(alleging())
    decided, _ = settled(report, decide_by_rules(report, TABLES, NOON))
    assert mark_overdue(decided, decided.due_at + HOUR) == decided


def test_a_crime_is_dated_by_when_it_was_committed_and_placed_where_it_occurred() -> None:  # 2.3: location and date
    here = Place(Point(53.8, -1.55), "On or near Ash Mount", "", "E01011229")
    between = Period(NOON - DAY, NOON - HOUR)
    report = told(
        alleging(ASSAULT, "ann"), alleging(DAMAGE, "ben", occurred=Period(NOON - HOUR, None)), occurred=between
    )
    placed = replace(report, contact=replace(report.contact, place=here))
    _, (anns, bens) = settled(placed, decide_by_rules(placed, TABLES, NOON))
    assert (anns.occurred, bens.occurred) == (between, Period(NOON - HOUR, None))
    assert anns.place == bens.place == here
    # Nobody said where, or when: nothing is invented, and it is recorded all the same.
    unknown = told(alleging())
    _, (crime,) = settled(unknown, decide_by_rules(unknown, TABLES, NOON))
    assert (crime.place, crime.occurred) == (None, None)


def test_a_crime_keeps_what_the_report_said_of_it() -> None:  # 2.2
    when = Period(NOON - 3 * HOUR, NOON - 2 * HOUR)
    allegation = alleging(ASSAULT, "ann", "sam", occurred=when, flags=(CrimeFlag.DOMESTIC_ABUSE,))
    report = told(allegation)
    decided, (crime,) = settled(report, decide_by_rules(report, TABLES, NOON + HOUR))
    assert (crime.offence_code, crime.victim_ref, crime.suspect_ref, crime.occurred) == (ASSAULT, "ann", "sam", when)
    assert (crime.reported_at, crime.recorded_at, crime.rule_set) == (NOON, NOON + HOUR, "NCRS-2018")
    assert crime.flags == (CrimeFlag.DOMESTIC_ABUSE,)
    assert (decided.decisions[0].crime_id, decided.decisions[0].crime_number) == (crime.crime_id, crime.number)
