"""An offence is judged by the days on which it may have happened, in the force's own time, as recording judges it."""

from datetime import UTC, datetime

import pytest

from peel.intake.v1 import api_pb2 as api
from services.intake.domain import Period
from services.kernel.wire import stamp
from tests.unit.intake.building import DAY, HOUR, NOW, OLD_BURGLARY, alleged, contact, during, opening, violations

MARCH, APRIL = datetime(2017, 3, 1, 12, tzinfo=UTC), datetime(2017, 4, 20, 12, tzinfo=UTC)


def old_burglary(own: Period | None, whole: Period | None, *, now: datetime = NOW) -> api.OpenContactRequest:
    request = opening()
    request.ClearField("occurred")
    if whole is not None:
        request.occurred.CopyFrom(during(whole.start, whole.end))
    request.first_contact_at.CopyFrom(stamp(now))
    request.ClearField("allegations")
    request.allegations.append(alleged(OLD_BURGLARY, occurred=during(own.start, own.end) if own else None))
    return request


@pytest.mark.parametrize(
    ("own", "whole"),
    [
        (Period(MARCH, MARCH), None),
        # The contact's own period where the allegation has none, as the contract promises.
        (None, Period(MARCH, MARCH)),
        (Period(MARCH, MARCH), Period(NOW - DAY, NOW - DAY)),
        # Nobody knows when in that time: it may have been on a day on which the code held.
        (Period(MARCH, APRIL), None),
        (Period(None, MARCH), None),
        (Period(MARCH, None), None),
    ],
)
def test_an_offence_is_judged_by_the_days_on_which_it_may_have_happened(
    own: Period | None, whole: Period | None
) -> None:
    assert contact(old_burglary(own, whole)).allegations[0].offence_code == OLD_BURGLARY


@pytest.mark.parametrize(
    ("own", "whole"),
    [
        (None, None),
        (Period(APRIL, APRIL), Period(MARCH, MARCH)),
        (Period(APRIL, None), None),
        (None, Period(APRIL, NOW)),
    ],
)
def test_an_offence_that_was_none_on_any_of_those_days_is_refused(own: Period | None, whole: Period | None) -> None:
    assert [one.reason for one in violations(old_burglary(own, whole))] == ["OFFENCE_NOT_VALID"]


def test_a_day_is_one_of_the_forces_own_time() -> None:
    # Half past eleven in the evening UTC is past midnight in British Summer Time: 1 April.
    night = datetime(2017, 3, 31, 23, 30, tzinfo=UTC)
    assert [one.reason for one in violations(old_burglary(Period(night, night), None))] == ["OFFENCE_NOT_VALID"]
    contact(old_burglary(Period(night - HOUR, night - HOUR), None))
