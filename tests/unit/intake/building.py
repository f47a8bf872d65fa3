"""Requests and contacts in few words, for the tests of call intake. All people are invented."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.period_pb2 import Period as PeriodMessage
from peel.type.v1.person_pb2 import Person as PersonMessage
from peel.type.v1.place_pb2 import Place as PlaceMessage
from peel.type.v1.place_pb2 import Point as PointMessage
from services.intake.domain import Contact, Thrive
from services.intake.messages import contact_from
from services.kernel.errors import Invalid, PeelError, Violation
from services.kernel.wire import optional_stamp, stamp

NOW = datetime(2018, 7, 4, 11, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CONTACT_ID = UUID("0190a000-0000-7000-8000-000000000001")
INCIDENT_ID = UUID("0190a000-0000-7000-8000-000000000002")
HANDLER = frozenset({"ROLE_CALL_HANDLER"})
DISPATCHER = frozenset({"ROLE_DISPATCHER"})

ASSAULT = "8N"
BURGLARY = "28E"
# Replaced by 28E and others on 1 April 2017.
OLD_BURGLARY = "28A"
# In force since 13 November 2018.
NEW_OFFENCE = "104A"


def during(start: datetime | None, end: datetime | None) -> PeriodMessage:
    """A stretch of time as a request says it."""
    return PeriodMessage(**{"from": optional_stamp(start)}, to=optional_stamp(end))


def alleged(code: str = ASSAULT, *, victim: str = "v1", occurred: PeriodMessage | None = None) -> api.NewAllegation:
    """An allegation as a request makes it."""
    return api.NewAllegation(offence_code=code, victim_ref=victim, victim_confirms=True, occurred=occurred)


def opening() -> api.OpenContactRequest:
    """A request in which nothing is wrong: a victim tells of an assault an hour ago."""
    return api.OpenContactRequest(
        request_id="0190a000-0000-7000-8000-00000000000f",
        force="west-yorkshire",
        channel=types.CHANNEL_NON_EMERGENCY_101,
        category=types.INCIDENT_CATEGORY_CRIME,
        first_contact_at=stamp(NOW - HOUR),
        reporter_ref="v1",
        reporter_relation=types.REPORTER_RELATION_VICTIM,
        people=[
            PersonMessage(ref="v1", given_name="Ada", family_name="Quill", date_of_birth="1987-04-23"),
            PersonMessage(ref="s1", family_name="Vole", phone="+441134960000"),
        ],
        place=PlaceMessage(
            point=PointMessage(latitude=53.8, longitude=-1.55, accuracy_metres=10),
            address="1 Ash Mount",
            uprn="100051234567",
            lsoa="E01011229",
        ),
        occurred=during(NOW - 2 * HOUR, NOW - HOUR),
        narrative="He hit me outside the shop.",
        allegations=[alleged()],
        vehicle_registrations=["ab12 cde", "Q1"],
    )


def contact(request: api.OpenContactRequest | None = None, *, now: datetime = NOW) -> Contact:
    """The contact that a request opens."""
    return contact_from(request or opening(), CONTACT_ID, now)


def thrive(at: datetime = NOW) -> Thrive:
    """An assessment."""
    return Thrive("none known", "bruising", "may return", "CCTV", "none known", "wants to be called", at)


def violations(request: api.OpenContactRequest, *, now: datetime = NOW) -> list[Violation]:
    """What is wrong with a request."""
    with pytest.raises(Invalid) as refused:
        contact(request, now=now)
    return list(refused.value.violations)


@contextmanager
def refused(reason: str) -> Iterator[pytest.ExceptionInfo[PeelError]]:
    """What is done within is refused for this reason."""
    with pytest.raises(PeelError) as error:
        yield error
    assert error.value.reason == reason
