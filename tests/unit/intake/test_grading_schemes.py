"""What each force promises, on which days, and who may give it (domain facts 3.4)."""

from datetime import date, timedelta

import pytest

from services.intake.domain import Promise
from services.intake.reference import grading_scheme
from services.kernel.contract import rpc_policy
from services.kernel.reference import read_table
from tests.contract import declared
from tests.unit.intake.building import DISPATCHER, HANDLER, refused

GMP, WEST_YORKSHIRE = "greater-manchester", "west-yorkshire"
LAST_OLD, FIRST_NEW = date(2022, 1, 31), date(2022, 2, 1)


def promises(force: str, on: date) -> dict[str, Promise]:
    return dict(grading_scheme(force, on).promises)


@pytest.mark.parametrize("on", [date(2018, 7, 4), LAST_OLD])
def test_greater_manchester_graded_by_number_until_february_2022(on: date) -> None:
    assert list(promises(GMP, on)) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("on", [FIRST_NEW, date(2026, 11, 24)])
def test_greater_manchester_has_grade_c_since(on: date) -> None:
    found = promises(GMP, on)
    assert sorted(found) == ["1", "2", "5", "C"]
    assert found["C"].attendance is None


@pytest.mark.parametrize("on", [date(2018, 7, 4), FIRST_NEW])
def test_west_yorkshire_grades_by_number(on: date) -> None:
    assert list(promises(WEST_YORKSHIRE, on)) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("force", [GMP, WEST_YORKSHIRE])
@pytest.mark.parametrize("on", [LAST_OLD, FIRST_NEW])
def test_an_emergency_is_attended_in_15_minutes_and_a_priority_in_60(force: str, on: date) -> None:
    found = promises(force, on)
    assert found["1"].attendance == timedelta(minutes=15)
    assert found["2"].attendance == timedelta(minutes=60)
    assert found["5"].attendance is None


@pytest.mark.parametrize("force", [GMP, WEST_YORKSHIRE])
def test_only_a_dispatcher_resolves_without_deployment(force: str) -> None:
    found = promises(force, FIRST_NEW)
    assert found["5"].roles == DISPATCHER
    assert found["1"].roles == HANDLER | DISPATCHER


def test_a_force_without_a_scheme_cannot_grade() -> None:
    with refused("SCHEME_MISSING"):
        grading_scheme("durham", FIRST_NEW)


def test_a_day_before_the_first_scheme_has_none() -> None:
    with refused("SCHEME_MISSING"):
        grading_scheme(WEST_YORKSHIRE, date(1999, 12, 31))


def test_every_line_names_its_source_and_no_grade_stands_twice_on_a_day() -> None:
    lines = list(read_table("services.intake.reference", "grading_schemes.csv"))
    assert all(line["source"].strip() and line["meaning"].strip() for line in lines)
    for force in {line["force"] for line in lines}:
        for on in (LAST_OLD, FIRST_NEW):
            valid = [
                line["grade"]
                for line in lines
                if line["force"] == force and line["valid_from"] <= on.isoformat() <= (line["valid_to"] or "9999")
            ]
            assert len(set(valid)) == len(valid) == len(promises(force, on))


def test_whoever_may_give_a_grade_may_call_grade_contact() -> None:
    callers = next(rpc_policy(method).roles for method in declared.methods() if method.name == "GradeContact")
    lines = read_table("services.intake.reference", "grading_schemes.csv")
    assert {role for line in lines for role in line["roles"].split()} <= callers
