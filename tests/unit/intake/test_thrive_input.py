"""What an assessment of risk must say: something of each of its six parts."""

import pytest

from peel.intake.v1 import api_pb2 as api
from services.intake.messages import thrive_from
from services.kernel.errors import Invalid
from services.kernel.wire import stamp
from tests.unit.intake.building import DAY, NOW


def assessment(**parts: str) -> api.AssessThriveRequest:
    said = dict.fromkeys(("threat", "harm", "risk", "investigation", "vulnerability", "engagement"), "none known")
    request = api.AssessThriveRequest()
    for part, words in (said | parts).items():
        setattr(request.thrive, part, words)
    return request


def test_an_assessment_says_something_of_each_part() -> None:  # domain facts 3.3
    found = thrive_from(assessment(harm="bruising"), NOW)
    assert (found.harm, found.risk, found.assessed_at) == ("bruising", "none known", NOW)


@pytest.mark.parametrize("part", ["threat", "harm", "risk", "investigation", "vulnerability", "engagement"])
@pytest.mark.parametrize("said", ["", "  \n", "x" * 4001, "a\x00b"])
def test_an_assessment_that_does_not_is_refused(part: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        thrive_from(assessment(**{part: said}), NOW)
    assert [one.field for one in refused.value.violations] == [f"thrive.{part}"]


def test_when_it_was_assessed_is_not_the_callers_to_say() -> None:
    request = assessment()
    request.thrive.assessed_at.CopyFrom(stamp(NOW - DAY))
    assert thrive_from(request, NOW).assessed_at == NOW
