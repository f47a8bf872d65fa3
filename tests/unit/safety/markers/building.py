"""Markers, drafts and entries of the register in few words. All people are invented."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from peel.safety.v1 import api_pb2 as api
from peel.safety.v1 import types_pb2 as types
from services.kernel.errors import Invalid, PeelError, Violation
from services.kernel.validation import Check
from services.kernel.wire import stamp
from services.safety.markers.domain.marker import Content, Marker, made
from services.safety.markers.domain.register import Entry
from services.safety.markers.domain.subjects import Address
from services.safety.markers.messages import content_from
from services.safety.reference.markers import marker_codes

NOW = datetime(2018, 7, 4, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
FORCE = "west-yorkshire"
CODES = marker_codes(FORCE, date(2018, 7, 4))
MARKER_ID = UUID("0190a000-0000-7000-8000-0000000000a1")
INTELLIGENCE = frozenset({"ROLE_INTELLIGENCE"})
SUPERVISOR = frozenset({"ROLE_SUPERVISOR"})
DISPATCHER = frozenset({"ROLE_DISPATCHER"})

# What everybody and everything told of here can be known by.
SECRETS = ("Wilhelmina", "Ferrensby", "Larkrise", "1961-03-09", "100055000111", "Tannery", "+447700900", "FE61WIL")
GROUNDS = "Said by a neighbour of Wilhelmina Ferrensby's on Tannery Row."
HANDLING = "Ask Wilhelmina to come out."
CONTACT_POINT = "Larkrise desk, +447700900555"


def person() -> types.MarkerSubject:
    """A person with all that can be known of one."""
    return types.MarkerSubject(
        kind=types.SUBJECT_KIND_PERSON,
        given_name="Wilhelmina",
        family_name="Ferrensby",
        aliases=[types.Alias(given_name="Mina", family_name="Larkrise")],
        date_of_birth="1961-03-09",
        addresses=[types.MarkedAddress(uprn="100055000111", address="7 Tannery Row, Leeds LS1 4AP")],
        phones=["+447700900123"],
        vehicle_registrations=["fe61 wil"],
    )


def asking(**parts: object) -> api.MarkerContent:
    """A content in which nothing is wrong, but for the parts given."""
    fields: dict[str, object] = {
        "subject": person(),
        "code": "FI",
        "severity": types.SEVERITY_HIGHEST,
        "source": types.MARKER_SOURCE_INTELLIGENCE,
        "reliability": types.RELIABILITY_UNTESTED,
        "grounds": GROUNDS,
        "handling_instruction": HANDLING,
        "review_due": stamp(NOW + 90 * DAY),
        "expires_at": stamp(NOW + YEAR),
    }
    return api.MarkerContent(**{**fields, **parts})  # type: ignore[arg-type]


def content(**parts: object) -> Content:
    """The content that a request asks for."""
    return content_from(asking(**parts), FORCE, Check(NOW))


def marker(**parts: object) -> Marker:
    """A marker, made now."""
    return made(MARKER_ID, FORCE, content(**parts), "somebody", NOW)


def restricted_marker() -> Marker:
    return marker(restricted=True, contact_point=CONTACT_POINT)


def violations(asked: api.MarkerContent) -> list[Violation]:
    """What is wrong with a content."""
    with pytest.raises(Invalid) as refused:
        content_from(asked, FORCE, Check(NOW))
    return list(refused.value.violations)


def entry(number: str = "YK/1", **parts: object) -> Entry:
    """An entry of the register in which nothing is wrong, but for the parts given."""
    fields: dict[str, object] = {
        "given_name": "Wilhelmina",
        "family_name": "Ferrensby",
        "date_of_birth": "1961-03-09",
        "kept_at": Address("100055000111", "7 Tannery Row, Leeds LS1 4AP"),
        "expires_at": NOW + 3 * YEAR,
    }
    return Entry(certificate_number=number, **{**fields, **parts})  # type: ignore[arg-type]


def registered(**parts: object) -> api.ImportCertificateHoldersRequest:
    """The same entry as it is sent."""
    fields: dict[str, object] = {
        "force": FORCE,
        "certificate_number": "YK/1",
        "given_name": "Wilhelmina",
        "family_name": "Ferrensby",
        "date_of_birth": "1961-03-09",
        "kept_at": types.MarkedAddress(uprn="100055000111", address="7 Tannery Row, Leeds LS1 4AP"),
        "expires_at": stamp(NOW + 3 * YEAR),
    }
    return api.ImportCertificateHoldersRequest(**{**fields, **parts})  # type: ignore[arg-type]


@contextmanager
def refused(reason: str) -> Iterator[pytest.ExceptionInfo[PeelError]]:
    """What is done within is refused for this reason."""
    with pytest.raises(PeelError) as error:
        yield error
    assert error.value.reason == reason
