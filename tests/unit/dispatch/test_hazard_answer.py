"""I3: no assignment without an answer, and what is found later is told until it is acknowledged (R-MK-02, R-MK-03)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.dispatch.domain.hazard_answer import (
    Check,
    acknowledge,
    checked_again,
    first_answer,
    markers_changed,
    to_acknowledge,
    updated,
)
from services.dispatch.domain.records import Assignment, HazardAnswer
from services.dispatch.domain.terms import HazardOutcome, HazardSeverity, NotCheckedReason
from services.kernel.errors import Refused
from tests.unit.dispatch.sent import NOON, a_hazard, an_assignment, an_id

LATER = NOON + timedelta(seconds=5)
STALE = NotCheckedReason.REPLICA_STALE


def answer(*, reason: NotCheckedReason = NotCheckedReason.UNSPECIFIED, hazards: tuple[int, ...] = ()) -> HazardAnswer:
    return first_answer(Check(tuple(a_hazard(number) for number in hazards), 1.5, reason), NOON)


def told(of: HazardAnswer, **known: object) -> Assignment:
    return an_assignment(hazard=of, **known)


def test_the_first_answer_is_one_of_three() -> None:  # I3
    assert answer(hazards=(7,)).outcome is HazardOutcome.MARKERS_FOUND
    assert answer().outcome is HazardOutcome.NONE_FOUND
    assert answer().replica_staleness_seconds == 1.5
    assert (answer(reason=STALE).outcome, answer(reason=STALE).reason) == (HazardOutcome.NOT_CHECKED, STALE)


def test_what_a_stale_replica_knows_is_told_and_not_relied_on() -> None:  # R-MK-02
    known = answer(reason=STALE, hazards=(7,))
    assert known.outcome is HazardOutcome.NOT_CHECKED
    assert [hazard.marker_id for hazard in known.hazards] == [an_id(7)]


def test_the_gravest_hazard_comes_first() -> None:
    lesser, expired = a_hazard(1, severity=HazardSeverity.LOW), a_hazard(2, expired=True)
    found = first_answer(Check((lesser, expired, a_hazard(3))), NOON)
    assert [hazard.marker_id for hazard in found.hazards] == [an_id(3), an_id(2), an_id(1)]


def test_a_marker_made_later_is_a_new_version() -> None:  # I3
    newer = markers_changed(answer(), {an_id(7): a_hazard(7)}, 0.5, LATER)
    assert newer is not None
    assert (newer.outcome, newer.version, newer.checked_at) == (HazardOutcome.MARKERS_FOUND, 2, LATER)
    assert newer.replica_staleness_seconds == 0.5


def test_a_marker_that_says_the_same_to_the_crew_is_no_new_version() -> None:
    assert markers_changed(answer(hazards=(7,)), {an_id(7): a_hazard(7, marker_version=2)}, 0.5, LATER) is None
    assert markers_changed(answer(), {an_id(8): None}, 0.5, LATER) is None


def test_a_warning_that_is_gone_is_told_as_withdrawn() -> None:
    newer = markers_changed(answer(hazards=(7,)), {an_id(7): None}, 0.5, LATER)
    assert newer is not None
    assert [hazard.withdrawn for hazard in newer.hazards] == [True]
    assert markers_changed(newer, {an_id(7): None}, 0.5, LATER) is None


def test_many_markers_at_once_are_one_version() -> None:
    changed = {an_id(7): None, an_id(8): a_hazard(8), an_id(9): None}
    newer = markers_changed(answer(hazards=(7,)), changed, 0.5, LATER)
    assert newer is not None
    told = [(hazard.marker_id, hazard.withdrawn) for hazard in newer.hazards]
    assert (newer.version, told) == (2, [(an_id(8), False), (an_id(7), True)])


def test_a_marker_leaves_it_said_that_the_rest_was_not_checked() -> None:  # I3
    newer = markers_changed(answer(reason=STALE), {an_id(7): a_hazard(7)}, 0.5, LATER)
    assert newer is not None
    assert (newer.outcome, newer.reason, len(newer.hazards)) == (HazardOutcome.NOT_CHECKED, STALE, 1)


def test_a_look_that_succeeds_replaces_one_that_did_not() -> None:  # I3
    newer = checked_again(answer(reason=STALE), Check((), 0.1), LATER)
    assert newer is not None
    assert (newer.outcome, newer.version) == (HazardOutcome.NONE_FOUND, 2)


def test_a_look_that_fails_again_for_the_same_reason_tells_nothing_new() -> None:
    assert checked_again(answer(reason=STALE), Check((), 99.0, STALE), LATER) is None


def test_what_is_not_found_any_more_is_told_as_withdrawn_only_by_a_look_that_succeeds() -> None:
    before = answer(reason=STALE, hazards=(7,))
    assert checked_again(before, Check((), 99.0, STALE), LATER) is None
    newer = checked_again(before, Check((), 0.1), LATER)
    assert newer is not None
    assert (newer.outcome, newer.hazards[0].withdrawn) == (HazardOutcome.MARKERS_FOUND, True)


def test_nothing_found_is_acknowledged_with_the_assignment_itself() -> None:
    assert not to_acknowledge(told(answer()))
    assert to_acknowledge(told(answer(hazards=(7,))))
    assert to_acknowledge(told(answer(reason=STALE)))


def test_that_a_doubt_is_settled_is_acknowledged_too() -> None:  # pushed until acknowledged
    newer = checked_again(answer(reason=STALE), Check(), LATER)
    assert newer is not None
    assert to_acknowledge(updated(told(answer(reason=STALE)), newer, LATER))


def test_an_older_version_leaves_the_newest_unacknowledged() -> None:  # R-MK-03
    newest = told(replace(answer(hazards=(7,)), version=3))
    old = acknowledge(newest, 2, LATER)
    assert (old.hazard_acknowledged, to_acknowledge(old)) == (2, True)
    known = acknowledge(old, 3, LATER)
    assert (known.hazard_acknowledged_at, to_acknowledge(known)) == (LATER, False)
    assert acknowledge(known, 1, LATER + timedelta(seconds=1)) is known


def test_nobody_knows_a_version_that_was_not_told_yet() -> None:
    with pytest.raises(Refused, match="HAZARD_VERSION_UNKNOWN"):
        acknowledge(told(answer(hazards=(7,))), 2, LATER)


def test_a_newer_answer_does_not_give_a_silent_crew_more_time() -> None:  # R-MK-03: 15 s, then by voice
    newer = replace(answer(hazards=(7, 8)), version=2)
    silent = told(answer(hazards=(7,)))
    assert updated(silent, newer, LATER).hazard_told_at == NOON
    assert updated(acknowledge(silent, 1, LATER), newer, LATER).hazard_told_at == LATER
