"""The code tables keep the promises that the rules rely on: domain facts 2.4 to 2.7."""

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from services.crime.domain import Basis, CancellationGround, CourtDisposal, Stratum, Validity
from services.crime.reference import forces, loader, lsoa_names
from tests.unit.crime.building import TABLES

REFERENCE = Path(loader.__file__).parent
CATEGORIES = {
    "Bicycle theft": 1,
    "Burglary": 16,
    "Criminal damage and arson": 7,
    "Drugs": 4,
    "Other crime": 28,
    "Other theft": 8,
    "Possession of weapons": 6,
    "Public order": 4,
    "Robbery": 2,
    "Shoplifting": 1,
    "Theft from the person": 1,
    "Vehicle crime": 4,
    "Violence and sexual offences": 54,
}
OFFENCES = TABLES.offences.by_code


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_132_codes_of_2017_18_and_four_newer_ones_are_there() -> None:  # 2.7
    table = rows(REFERENCE / "offences.csv")
    newer = [row["code"] for row in table if row["source"].startswith("from memory, unsure")]
    assert sorted(newer) == ["104A", "104B", "8T", "8U"]
    assert len(table) == len(OFFENCES) == 132 + len(newer)
    assert sum(int(row["count_2017_18"]) for row in table) == 5_519_401


def test_every_code_has_a_crime_type_of_the_public_file() -> None:  # 2.7
    assert Counter(offence.category for offence in OFFENCES.values()) == CATEGORIES


def test_seriousness_is_an_order_without_ties() -> None:  # 2.3 F
    assert sorted(offence.seriousness for offence in OFFENCES.values()) == list(range(1, len(OFFENCES) + 1))


def test_what_outranks_a_course_of_conduct_is_what_is_most_serious() -> None:  # 2.3: else the principal is ambiguous
    by_seriousness = sorted(OFFENCES.values(), key=lambda offence: offence.seriousness)
    outranking = [offence.outranks_conduct for offence in by_seriousness]
    assert outranking == sorted(outranking, reverse=True)
    assert all(offence.outranks_conduct for offence in by_seriousness if offence.rape)


def test_violence_and_sexual_offences_come_before_property_crime() -> None:  # 2.3 F
    property_crime = {"Burglary", "Vehicle crime", "Other theft", "Shoplifting", "Bicycle theft"}
    aggravated = {"29", "29A", "31", "31A"}
    taken = [one for one in OFFENCES.values() if one.category in property_crime and one.code not in aggravated]
    of_people = [one for one in OFFENCES.values() if one.stratum is not None]
    assert len(of_people) == 54
    assert max(one.seriousness for one in of_people) < min(one.seriousness for one in taken)


def test_six_codes_are_rape_and_four_a_course_of_conduct() -> None:  # 2.4, 2.3
    assert {one.code for one in OFFENCES.values() if one.rape} == {"19C", "19D", "19E", "19F", "19G", "19H"}
    assert {one.code for one in OFFENCES.values() if one.conduct} == {"8L", "8M", "8Q", "8U"}
    assert all(one.stratum is Stratum.SEXUAL for one in OFFENCES.values() if one.rape)


def test_drugs_and_weapons_are_offences_against_the_state() -> None:  # 2.1 rule 3
    against_the_state = [one for one in OFFENCES.values() if one.category in {"Drugs", "Possession of weapons"}]
    assert {one.basis for one in against_the_state} == {Basis.STATE}


def test_fraud_is_recorded_nationally_and_never_by_a_force() -> None:  # 2.1 rule 8
    assert {one.code for one in OFFENCES.values() if not one.recordable} == {"AF", "CIFAS", "FFA UK", "UK Finance"}


def test_codes_for_outcomes_only_ended_with_march_2017() -> None:  # 2.7
    outcome_only = {one.code for one in OFFENCES.values() if "(outcome only)" in one.description}
    ended = {one.code for one in OFFENCES.values() if one.validity == Validity(last=date(2017, 3, 31))}
    assert outcome_only == ended == {"28A", "28B", "28C", "28D", "29", "30A", "30B", "31"}


def test_intake_takes_exactly_the_codes_that_crime_can_record() -> None:  # 2.7: the services never import each other
    intake = REFERENCE.parents[1] / "intake" / "reference" / "offences.csv"
    columns = ("code", "valid_from", "valid_to")
    recordable = [row for row in rows(REFERENCE / "offences.csv") if row["recordable"] == "yes"]
    expected = sorted(tuple(row[column] for column in columns) for row in recordable)
    assert [tuple(row[column] for column in columns) for row in rows(intake)] == expected


def test_one_rule_set_and_no_more_is_in_force_on_every_day() -> None:  # 2.3
    in_order = sorted(TABLES.rule_sets.all, key=lambda rules: rules.validity.first)
    assert in_order[0].validity.first == date.min
    assert in_order[-1].validity.last == date.max
    for earlier, later in pairwise(in_order):
        assert later.validity.first - earlier.validity.last == timedelta(days=1)
    assert TABLES.rule_sets.at(datetime(1999, 1, 1, tzinfo=UTC)) == in_order[0]


def test_every_ground_and_every_disposal_is_described() -> None:  # 2.4, 2.6
    assert set(TABLES.grounds) == set(CancellationGround) - {CancellationGround.UNSPECIFIED}
    assert set(TABLES.disposals) == set(CourtDisposal) - {CourtDisposal.UNSPECIFIED}


def test_the_22_outcomes_and_their_alternates_are_there_each_with_a_public_category() -> None:  # 2.6
    assert set(TABLES.outcomes) == {str(number) for number in range(1, 23)} | {"1A", "2A", "3A"}
    untold = {code for code, rule in TABLES.outcomes.items() if not rule.public_category}
    assert untold == {"1", "1A", "19"}


def test_the_territorial_forces_have_codes_and_public_names() -> None:  # 10: forces
    known = forces()
    assert len(known) == 43 + len(["btp"])
    assert len({force.code for force in known.values()}) == len(known)
    assert (known["west-yorkshire"].code, known["west-yorkshire"].name) == ("13", "West Yorkshire Police")


def test_areas_have_names() -> None:
    names = lsoa_names()
    assert names["E01007329"] == "Barnsley 003A"
    assert names["E01004768"] == "Bolton 001A"


@pytest.mark.parametrize("table", sorted(path.name for path in REFERENCE.glob("*.csv")))
def test_every_line_names_its_source(table: str) -> None:  # house rule: reference data says where it comes from
    if table != "lsoa.csv":  # one source for the whole file: README.md beside it
        assert all(row["source"].strip() for row in rows(REFERENCE / table))
    assert table in (REFERENCE / "README.md").read_text(encoding="utf-8")
