"""The verdict on units sent where firearms may be: each of iOPS's failures alone makes it fail (I3, F12, F14)."""

from collections import Counter
from collections.abc import Callable

import pytest

from deploy.prove.firearms import Seen, verdict_of
from deploy.prove.stories import How


def safe() -> Seen:
    """What a review should come to."""
    outcomes = Counter(
        {"HAZARD_OUTCOME_MARKERS_FOUND": 270, "HAZARD_OUTCOME_NONE_FOUND": 206, "HAZARD_OUTCOME_NOT_CHECKED": 24}
    )
    told = Counter({How.NAME: 119, How.ADDRESS: 60, How.PHONE: 40, How.VEHICLE: 40, How.ASSOCIATE: 40})
    return Seen(outcomes=outcomes, at_once=200, pushed=[0.2] * 99, told=told, false_alarms=1)


def one_late_name(seen: Seen) -> None:
    seen.missed[How.NAME] += 1
    seen.late_missed += 1


def one_address(seen: Seen) -> None:
    seen.missed[How.ADDRESS] += 1


def many_names(seen: Seen) -> None:
    seen.missed[How.NAME] += 3


def no_answer(seen: Seen) -> None:
    seen.outcomes["HAZARD_OUTCOME_UNSPECIFIED"] += 1


def never_blind(seen: Seen) -> None:
    del seen.outcomes["HAZARD_OUTCOME_NOT_CHECKED"]


def test_a_safe_review_passes_with_a_name_that_nobody_could_know() -> None:  # R-MK-01
    seen = safe()
    assert verdict_of(seen).passed
    seen.missed[How.NAME] += 1
    verdict = verdict_of(seen)
    assert (verdict.passed, verdict.figures["recall_by_misspelt_name"]) == (True, 0.9917)
    assert (verdict.figures["markers_never_told"], verdict.figures["late_markers_not_pushed"]) == (1, 0)
    assert verdict.figures["false_alarms_of_units_sent_to_nobody_marked"] == 1


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (one_late_name, "1 late markers were never pushed"),
        (one_address, "1 markers were never told"),
        (many_names, "only 97.5% of the markers by a misspelt name were told"),
        (no_answer, "1 units were sent without a hazard answer"),
        (never_blind, "no unit was told NOT_CHECKED while the replica stood still"),
    ],
)
def test_one_unit_that_was_not_told_fails_it(wrong: Callable[[Seen], None], fault: str) -> None:
    seen = safe()
    wrong(seen)
    (found,) = verdict_of(seen).faults
    assert found.startswith(fault)
