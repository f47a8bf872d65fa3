"""Markers as the contract writes them, and back. The way in checks every field."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from peel.safety.v1 import api_pb2 as api
from peel.safety.v1 import types_pb2 as types
from services.kernel.reference import local_date
from services.kernel.validation import Check
from services.kernel.wire import stamp
from services.safety.markers.domain.marker import Content, Draft, Marker, violations
from services.safety.markers.domain.subjects import Address, Alias, Subject
from services.safety.markers.domain.terms import MarkerSource, Reliability, Severity, SubjectKind
from services.safety.reference.markers import marker_codes

NAME_LONGEST = 100
ADDRESS_LONGEST = 500
GROUNDS_LONGEST = 4000
EXPLANATION_LONGEST = 1000
REGISTRATION = r"[A-Za-z0-9 ]+"
REGISTRATION_LONGEST = 16
UPRN = r"[0-9]{1,12}"
PHONE = r"\+[1-9][0-9]{6,14}"
_MOST = 20
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = r"[A-Z0-9]{1,8}"


def content_from(content: api.MarkerContent, force: str, check: Check) -> Content:
    """The content in a request of somebody of this force. Raises Invalid naming every field that breaks a rule."""
    codes = marker_codes(force, local_date(check.now))
    draft = Draft(
        subject=_subject(content.subject, check),
        code=check.text("content.code", content.code, longest=8, required=True, pattern=_CODE),
        severity=check.known("content.severity", content.severity, Severity, required=False),
        source=check.known("content.source", content.source, MarkerSource),
        reliability=check.known("content.reliability", content.reliability, Reliability),
        grounds=check.text("content.grounds", content.grounds, longest=GROUNDS_LONGEST),
        handling_instruction=check.text(
            "content.handling_instruction", content.handling_instruction, longest=EXPLANATION_LONGEST
        ),
        restricted=content.restricted,
        contact_point=check.text("content.contact_point", content.contact_point, longest=200),
        review_due=_moment(check, content, "review_due"),
        expires_at=_moment(check, content, "expires_at"),
    )
    # What is written wrongly is told first: of half a field no rule can say whether it is right.
    check.done()
    for found in violations(draft, codes, check.now):
        check.violation(f"content.{found.field}", found.rule, found.reason)
    check.done()
    return draft.content(codes)


def _moment(check: Check, content: api.MarkerContent, field: str) -> datetime | None:
    value: Timestamp = getattr(content, field)
    return check.moment(f"content.{field}", value, given=content.HasField(field))  # type: ignore[arg-type]


def _subject(told: types.MarkerSubject, check: Check) -> Subject:
    at = "content.subject"
    _few(check, f"{at}.aliases", told.aliases)
    _few(check, f"{at}.addresses", told.addresses)
    for name in ("given_name", "family_name"):
        check.text(f"{at}.{name}", getattr(told, name), longest=NAME_LONGEST)
        for number, alias in enumerate(told.aliases):
            check.text(f"{at}.aliases[{number}].{name}", getattr(alias, name), longest=NAME_LONGEST)
    return Subject(
        kind=check.known(f"{at}.kind", told.kind, SubjectKind),
        given_name=told.given_name.strip(),
        family_name=told.family_name.strip(),
        aliases=tuple(Alias(alias.given_name.strip(), alias.family_name.strip()) for alias in told.aliases),
        date_of_birth=birth_from(check, f"{at}.date_of_birth", told.date_of_birth),
        organisation_name=check.text(f"{at}.organisation_name", told.organisation_name, longest=200).strip(),
        addresses=tuple(
            address_from(check, f"{at}.addresses[{number}]", address) for number, address in enumerate(told.addresses)
        ),
        phones=_each(check, f"{at}.phones", told.phones, longest=16, pattern=PHONE),
        vehicle_registrations=registrations_from(check, f"{at}.vehicle_registrations", told.vehicle_registrations),
    )


def address_from(check: Check, field: str, told: types.MarkedAddress) -> Address:
    """An address of which at least one part is known."""
    check.text(f"{field}.uprn", told.uprn, longest=12, pattern=UPRN)
    check.text(f"{field}.address", told.address, longest=ADDRESS_LONGEST)
    if not (told.uprn or told.address.strip()):
        check.violation(field, "must have a UPRN or an address")
    return Address(told.uprn, told.address.strip())


def birth_from(check: Check, field: str, text: str) -> str:
    """An ISO date between 1900 and today, "" where none is given."""
    if not text:
        return text
    try:
        born = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        born = None
    if born is None:
        check.violation(field, "must be a date as YYYY-MM-DD")
    elif not date(1900, 1, 1) <= born <= local_date(check.now):
        check.violation(field, "must be between 1900 and today")
    return text


def registrations_from(check: Check, field: str, told: Sequence[str]) -> tuple[str, ...]:
    """Registrations in capitals without spaces, each once."""
    given = _each(check, field, told, longest=REGISTRATION_LONGEST, pattern=REGISTRATION)
    return tuple(dict.fromkeys(text.replace(" ", "").upper() for text in given))


def _each(check: Check, field: str, told: Sequence[str], *, longest: int, pattern: str) -> tuple[str, ...]:
    _few(check, field, told)
    return tuple(
        check.text(f"{field}[{number}]", text, longest=longest, required=True, pattern=pattern)
        for number, text in enumerate(told)
    )


def _few(check: Check, field: str, told: Sequence[object]) -> None:
    if len(told) > _MOST:
        check.violation(field, f"must have at most {_MOST} entries")


def marker_message(marker: Marker, at: datetime) -> types.Marker:
    """The marker as the contract writes it, in the state in which it is at that moment."""
    content = marker.content
    return types.Marker(
        marker_id=str(marker.id),
        force=marker.force,
        subject=_subject_message(content.subject),
        code=content.code,
        severity=types.Severity.ValueType(content.severity),
        source=types.MarkerSource.ValueType(content.source),
        reliability=types.Reliability.ValueType(content.reliability),
        grounds=content.grounds,
        handling_instruction=content.handling_instruction,
        restricted=content.restricted,
        contact_point=content.contact_point,
        state=types.MarkerState.ValueType(marker.state(at)),
        created_by=marker.created_by,
        created_at=stamp(marker.created_at),
        review_due=stamp(content.review_due),
        expires_at=stamp(content.expires_at),
        version=marker.version,
        changed_at=stamp(marker.changed_at),
        withdrawn_explanation=marker.withdrawn_explanation,
        certificate_number=content.certificate_number,
    )


def _subject_message(subject: Subject) -> types.MarkerSubject:
    return types.MarkerSubject(
        kind=types.SubjectKind.ValueType(subject.kind),
        given_name=subject.given_name,
        family_name=subject.family_name,
        aliases=[types.Alias(given_name=one.given_name, family_name=one.family_name) for one in subject.aliases],
        date_of_birth=subject.date_of_birth,
        organisation_name=subject.organisation_name,
        addresses=[types.MarkedAddress(uprn=one.uprn, address=one.address) for one in subject.addresses],
        phones=subject.phones,
        vehicle_registrations=subject.vehicle_registrations,
    )
