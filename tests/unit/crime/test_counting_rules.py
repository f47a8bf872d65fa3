"""The counting rules: domain facts 2.3."""

from datetime import UTC, datetime

import pytest

from services.crime.domain import CrimeFlag, Period, ReporterRelation, decide_by_rules
from tests.unit.crime.building import (
    ASSAULT,
    BURGLARY,
    CANNABIS,
    COMMON_ASSAULT,
    DAMAGE,
    DAY,
    HARASSMENT,
    HOUR,
    NOON,
    RAPE,
    ROBBERY,
    SHOPLIFTING,
    STALKING,
    TABLES,
    alleging,
    settled,
    told,
    told_of,
)

IN_2016 = datetime(2016, 7, 4, 12, tzinfo=UTC)
IN_2018 = NOON
IN_2024 = datetime(2024, 7, 4, 12, tzinfo=UTC)


def counted(*offences: str, at: datetime = NOON) -> dict[int, str]:
    """What becomes of these offences, alleged at once by one victim against one suspect."""
    report = told(*(alleging(offence, "ann", "sam") for offence in offences), at=at)
    return told_of(decide_by_rules(report, TABLES, at))


def test_one_crime_for_each_victim() -> None:  # 2.3 D
    report = told(*(alleging(ASSAULT, victim, "sam") for victim in ("ann", "ben", "cat")))
    assert told_of(decide_by_rules(report, TABLES, NOON)) == {1: "recorded", 2: "recorded", 3: "recorded"}


def test_victims_whom_nobody_named_are_not_taken_for_one_person() -> None:  # 2.3 D: never fewer crimes than victims
    report = told(alleging(SHOPLIFTING, victim=""), alleging(SHOPLIFTING, victim=""))
    assert told_of(decide_by_rules(report, TABLES, NOON)) == {1: "recorded", 2: "recorded"}


def test_several_acts_of_one_offence_reported_at_once_are_one_finished_incident() -> None:  # 2.3 E
    assert counted(ASSAULT, ASSAULT, ASSAULT) == {
        1: "recorded",
        2: "FINISHED_INCIDENT in 1",
        3: "FINISHED_INCIDENT in 1",
    }


def test_a_later_report_of_a_further_act_is_a_new_crime() -> None:  # 2.3 E
    assert counted(ASSAULT) == counted(ASSAULT, at=NOON.replace(hour=18)) == {1: "recorded"}


def test_the_acts_of_two_offenders_against_one_victim_are_two_crimes() -> None:  # 2.3 E: the same offender
    report = told(alleging(ASSAULT, "ann", "sam"), alleging(ASSAULT, "ann", "tom"))
    assert told_of(decide_by_rules(report, TABLES, NOON)) == {1: "recorded", 2: "recorded"}


def between(start: datetime, end: datetime | None = None) -> Period:
    return Period(start, end or start + HOUR)


FIRST, TWENTIETH = datetime(2018, 7, 1, 2, tzinfo=UTC), datetime(2018, 7, 20, 22, tzinfo=UTC)


@pytest.mark.parametrize("named_by_contact", [True, False])
def test_unknown_offenders_of_different_days_are_not_one_offender(named_by_contact: bool) -> None:  # 2.3 E and F, F1
    """A burglary on the 1st and a robbery on the 20th by people nobody knows, told by their one victim at once."""
    burglary = alleging(BURGLARY, "ann", occurred=None if named_by_contact else between(FIRST))
    robbery = alleging(ROBBERY, "ann", occurred=between(TWENTIETH))
    report = told(burglary, robbery, at=TWENTIETH + DAY, occurred=between(FIRST) if named_by_contact else None)
    findings = decide_by_rules(report, TABLES, TWENTIETH + DAY)
    assert told_of(findings) == {1: "recorded", 2: "recorded"}


def test_unknown_offenders_of_one_incident_count_as_one() -> None:  # 2.3 E and F
    during = between(FIRST)
    for second in (None, during, between(FIRST + HOUR), between(FIRST - DAY, FIRST)):
        report = told(alleging(DAMAGE, "ann"), alleging(ASSAULT, "ann", occurred=second), occurred=during)
        assert told_of(decide_by_rules(report, TABLES, NOON)) == {1: "PRINCIPAL_CRIME in 2", 2: "recorded"}
    report = told(alleging(DAMAGE, "ann"), alleging(ASSAULT, "ann"))
    assert told_of(decide_by_rules(report, TABLES, NOON)) == {1: "PRINCIPAL_CRIME in 2", 2: "recorded"}


def test_an_incident_is_no_chain_of_incidents() -> None:  # 2.3 E: all of it has to share a moment
    hours = [(0, 2), (1, 4), (3, 6)]
    acts = [alleging(DAMAGE, "ann", occurred=between(FIRST + a * HOUR, FIRST + b * HOUR)) for a, b in hours]
    assert told_of(decide_by_rules(told(*acts), TABLES, NOON)) == {
        1: "recorded",
        2: "FINISHED_INCIDENT in 1",
        3: "recorded",
    }


def test_an_end_that_nobody_knows_covers_nothing_else() -> None:  # 2.3 E: under-recording is F1
    since, on = Period(FIRST, None), between(FIRST + DAY)
    for half_open in (since, Period(None, FIRST), Period()):
        report = told(alleging(DAMAGE, "ann", occurred=half_open), alleging(ASSAULT, "ann", occurred=on))
        assert told_of(decide_by_rules(report, TABLES, NOON)) == {1: "recorded", 2: "recorded"}


def test_a_named_offender_is_one_offender_whenever_it_was() -> None:  # 2.3 E
    acts = [alleging(ASSAULT, "ann", "sam", occurred=between(day)) for day in (FIRST, FIRST + DAY)]
    assert told_of(decide_by_rules(told(*acts), TABLES, NOON)) == {1: "recorded", 2: "FINISHED_INCIDENT in 1"}


def test_unknown_people_of_different_days_wait_apart() -> None:  # 2.2: what needs nobody is recorded at once
    report = told(
        alleging(BURGLARY, "ann", occurred=between(FIRST)),
        alleging(ROBBERY, "ann", occurred=between(FIRST + DAY), credible_evidence_to_contrary=True),
    )
    assert told_of(decide_by_rules(report, TABLES, NOON)) == {1: "recorded"}


def test_an_offence_against_the_state_counts_once_for_each_suspect() -> None:  # 2.3 D and E
    offences = [alleging(CANNABIS, "", suspect, points_to_prove_made_out=True) for suspect in ("sam", "sam", "tom")]
    findings = decide_by_rules(told(*offences, by=ReporterRelation.OFFICER), TABLES, NOON)
    assert told_of(findings) == {1: "recorded", 2: "FINISHED_INCIDENT in 1", 3: "recorded"}


def test_of_several_offences_the_most_serious_counts() -> None:  # 2.3 F
    assert counted(DAMAGE, COMMON_ASSAULT, ASSAULT) == {
        1: "PRINCIPAL_CRIME in 3",
        2: "PRINCIPAL_CRIME in 3",
        3: "recorded",
    }


@pytest.mark.parametrize("property_crime", [BURGLARY, DAMAGE, "48", "39"])
@pytest.mark.parametrize("violent_crime", [COMMON_ASSAULT, "20A", "3B"])
def test_violence_and_sexual_offences_outrank_property(violent_crime: str, property_crime: str) -> None:  # 2.3 F
    assert counted(property_crime, violent_crime) == {1: "PRINCIPAL_CRIME in 2", 2: "recorded"}


def test_an_act_within_a_finished_incident_counts_within_the_principal_crime() -> None:  # 2.3 E and F
    assert counted(DAMAGE, DAMAGE, ASSAULT) == {1: "PRINCIPAL_CRIME in 3", 2: "PRINCIPAL_CRIME in 3", 3: "recorded"}


def test_until_2018_harassment_counted_by_its_seriousness() -> None:  # 2.3
    assert counted(HARASSMENT, ASSAULT, at=IN_2016) == {1: "PRINCIPAL_CRIME in 2", 2: "recorded"}


def test_from_2018_to_2023_a_course_of_conduct_is_recorded_in_addition() -> None:  # 2.3
    assert counted(HARASSMENT, ASSAULT, at=IN_2018) == {1: "recorded", 2: "recorded"}


def test_in_addition_means_one_course_of_conduct_and_one_other_crime() -> None:  # 2.3
    assert counted(HARASSMENT, STALKING, ASSAULT, DAMAGE, HARASSMENT, at=IN_2018) == {
        1: "PRINCIPAL_CRIME in 2",
        2: "recorded",
        3: "recorded",
        4: "PRINCIPAL_CRIME in 3",
        5: "PRINCIPAL_CRIME in 2",
    }


def test_from_may_2023_the_course_of_conduct_is_the_principal_crime() -> None:  # 2.3
    assert counted(ASSAULT, HARASSMENT, DAMAGE, at=IN_2024) == {
        1: "PRINCIPAL_CRIME in 2",
        2: "recorded",
        3: "PRINCIPAL_CRIME in 2",
    }


def test_from_may_2023_a_rape_is_the_principal_crime_beside_a_course_of_conduct() -> None:  # 2.3, recommended
    assert counted(STALKING, RAPE, at=IN_2024) == {1: "PRINCIPAL_CRIME in 2", 2: "recorded"}


@pytest.mark.parametrize("at", [IN_2016, IN_2018, IN_2024])
def test_a_course_of_conduct_alone_is_one_crime_in_every_rule_set(at: datetime) -> None:  # 2.3
    assert counted(HARASSMENT, STALKING, HARASSMENT, at=at) == {
        1: "PRINCIPAL_CRIME in 2",
        2: "recorded",
        3: "PRINCIPAL_CRIME in 2",
    }


@pytest.mark.parametrize(
    ("first_contact", "rules"),
    [
        (datetime(2015, 3, 31, 22, 59, tzinfo=UTC), "NCRS-2002"),
        (datetime(2015, 3, 31, 23, 0, tzinfo=UTC), "NCRS-2015"),
        (datetime(2018, 3, 31, 22, 59, tzinfo=UTC), "NCRS-2015"),
        (datetime(2018, 3, 31, 23, 0, tzinfo=UTC), "NCRS-2018"),
        (datetime(2023, 4, 30, 22, 59, tzinfo=UTC), "NCRS-2018"),
        (datetime(2023, 4, 30, 23, 0, tzinfo=UTC), "NCRS-2023"),
    ],
)
def test_rules_change_at_midnight_of_the_forces_own_time(first_contact: datetime, rules: str) -> None:  # 2.3
    assert TABLES.rule_sets.at(first_contact).name == rules


def test_a_report_is_judged_by_the_rules_of_its_first_contact_however_late_it_is_decided() -> None:  # 2.3
    report = told(alleging(HARASSMENT, "ann", "sam"), alleging(ASSAULT, "ann", "sam"), at=IN_2016)
    findings = decide_by_rules(report, TABLES, at=IN_2018)
    assert told_of(findings) == {1: "PRINCIPAL_CRIME in 2", 2: "recorded"}
    assert {finding.rule_set for finding in findings} == {"NCRS-2015"}


def test_an_absorbed_allegation_names_the_crime_it_counts_within() -> None:  # 2.3: nothing disappears
    report = told(alleging(DAMAGE, "ann", "sam"), alleging(ASSAULT, "ann", "sam"))
    decided, (crime,) = settled(report, decide_by_rules(report, TABLES, NOON))
    assert {one.crime_number for one in decided.decisions} == {crime.number}
    assert crime.allegation_number == 2


def test_a_crime_carries_the_flags_of_what_counts_within_it() -> None:  # 2.9: the domestic abuse stratum
    report = told(
        alleging(DAMAGE, "ann", "sam", flags=(CrimeFlag.DOMESTIC_ABUSE, CrimeFlag.ALCOHOL)),
        alleging(ASSAULT, "ann", "sam", flags=(CrimeFlag.KNIFE,)),
        alleging(ASSAULT, "ben", "sam"),
    )
    _, (anns, bens) = settled(report, decide_by_rules(report, TABLES, NOON))
    assert anns.flags == (CrimeFlag.DOMESTIC_ABUSE, CrimeFlag.ALCOHOL, CrimeFlag.KNIFE)
    assert bens.flags == ()
