"""What a marker must say: each broken rule is named by its field, and nothing of what was said is repeated (I7)."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from peel.safety.v1 import api_pb2 as api
from peel.safety.v1 import types_pb2 as types
from services.kernel.errors import Invalid
from services.kernel.validation import Check
from services.kernel.wire import stamp
from services.safety.markers.domain.marker import LONGEST
from services.safety.markers.domain.terms import Severity
from services.safety.markers.messages import content_from
from services.safety.reference.markers import marker_codes
from tests.unit.safety.markers.building import DAY, FORCE, NOW, YEAR, asking, content, person, violations

Change = Callable[[api.MarkerContent], object]
ADDRESS = types.MarkerSubject(kind=types.SUBJECT_KIND_ADDRESS, addresses=[types.MarkedAddress(uprn="100055000111")])
VEHICLE = types.MarkerSubject(kind=types.SUBJECT_KIND_VEHICLE, vehicle_registrations=["FE61 WIL"])
PHONE = types.MarkerSubject(kind=types.SUBJECT_KIND_PHONE, phones=["+447700900123"])
ORGANISATION = types.MarkerSubject(
    kind=types.SUBJECT_KIND_ORGANISATION, organisation_name="Ferrensby Tannery", phones=["+447700900123"]
)


def without(field: str) -> Change:
    return lambda asked: asked.ClearField(field)  # type: ignore[arg-type]


def setting(**parts: object) -> Change:
    """Sets fields, by path with two underscores for a dot."""

    def change(asked: api.MarkerContent) -> None:
        for path, value in parts.items():
            *through, last = path.split("__")
            message = asked
            for part in through:
                message = getattr(message, part)
            setattr(message, last, value)

    return change


def at(field: str, moment: datetime) -> Change:
    return lambda asked: getattr(asked, field).CopyFrom(stamp(moment))


def about(subject: types.MarkerSubject, **parts: object) -> Change:
    """Puts another subject in the place of the person, with these parts set or added to."""

    def change(asked: api.MarkerContent) -> None:
        asked.subject.CopyFrom(subject)
        for name, value in parts.items():
            if isinstance(value, list):
                getattr(asked.subject, name).extend(value)
            else:
                setattr(asked.subject, name, value)

    return change


def more(field: str, *values: object) -> Change:
    return lambda asked: getattr(asked.subject, field).extend(values)


def both(*changes: Change) -> Change:
    return lambda asked: [change(asked) for change in changes]


BROKEN: list[tuple[str, Change, str, str]] = [
    ("no expiry", without("expires_at"), "expires_at", "EXPIRY_MISSING"),
    ("no grounds", without("grounds"), "grounds", "GROUNDS_MISSING"),
    ("grounds of blanks", setting(grounds=" \n "), "grounds", "GROUNDS_MISSING"),
    ("grounds too long", setting(grounds="x" * 4001), "grounds", "INVALID_VALUE"),
    ("null in the grounds", setting(grounds="a\x00b"), "grounds", "INVALID_VALUE"),
    ("expiry past", both(without("review_due"), at("expires_at", NOW)), "expires_at", "EXPIRY_PAST"),
    ("expiry too far", at("expires_at", NOW + LONGEST + DAY), "expires_at", "EXPIRY_TOO_FAR"),
    ("expiry is no time", lambda a: setattr(a.expires_at, "seconds", 1 << 60), "expires_at", "INVALID_VALUE"),
    ("review past", at("review_due", NOW), "review_due", "REVIEW_PAST"),
    ("review after expiry", at("review_due", NOW + YEAR + DAY), "review_due", "REVIEW_AFTER_EXPIRY"),
    ("restricted without contact point", setting(restricted=True), "contact_point", "CONTACT_POINT_MISSING"),
    ("protected witness, unrestricted", setting(code="PW"), "restricted", "RESTRICTION_NEEDED"),
    ("no code", setting(code=""), "code", "INVALID_VALUE"),
    ("unknown code", setting(code="ZZ"), "code", "CODE_UNKNOWN"),
    ("code in small letters", setting(code="fi"), "code", "INVALID_VALUE"),
    ("code of an address", setting(code="VO"), "code", "CODE_DOES_NOT_FIT"),
    ("unknown severity", setting(severity=9), "severity", "ENUM_UNKNOWN"),
    ("no source", setting(source=0), "source", "INVALID_VALUE"),
    ("source is the register", setting(source=5), "source", "SOURCE_NOT_OPEN"),
    ("no reliability", setting(reliability=0), "reliability", "INVALID_VALUE"),
    ("handling too long", setting(handling_instruction="x" * 1001), "handling_instruction", "INVALID_VALUE"),
    ("no kind", setting(subject__kind=0), "subject.kind", "INVALID_VALUE"),
    (
        "a person without a name",
        setting(subject__given_name=" ", subject__family_name=""),
        "subject.family_name",
        "NAME_MISSING",
    ),
    (
        "a person with a firm's name",
        setting(subject__organisation_name="F"),
        "subject.organisation_name",
        "PART_DOES_NOT_FIT",
    ),
    ("born tomorrow", setting(subject__date_of_birth="2018-07-05"), "subject.date_of_birth", "INVALID_VALUE"),
    ("another form of date", setting(subject__date_of_birth="09/03/1961"), "subject.date_of_birth", "INVALID_VALUE"),
    ("phone is no E.164", more("phones", "0113 496 0000"), "subject.phones[1]", "INVALID_VALUE"),
    ("plate with a hyphen", more("vehicle_registrations", "A-1"), "subject.vehicle_registrations[1]", "INVALID_VALUE"),
    ("empty plate", more("vehicle_registrations", ""), "subject.vehicle_registrations[1]", "INVALID_VALUE"),
    ("empty address", more("addresses", types.MarkedAddress()), "subject.addresses[1]", "INVALID_VALUE"),
    (
        "UPRN with letters",
        more("addresses", types.MarkedAddress(uprn="x")),
        "subject.addresses[1].uprn",
        "INVALID_VALUE",
    ),
    ("21 phones", more("phones", *["+447700900124"] * 20), "subject.phones", "INVALID_VALUE"),
    ("21 aliases", more("aliases", *[types.Alias(family_name="L")] * 20), "subject.aliases", "INVALID_VALUE"),
    (
        "alias too long",
        more("aliases", types.Alias(given_name="x" * 101)),
        "subject.aliases[1].given_name",
        "INVALID_VALUE",
    ),
    (
        "two addresses of an address",
        about(ADDRESS, addresses=[types.MarkedAddress(uprn="2")]),
        "subject.addresses",
        "ONE_NEEDED",
    ),
    ("an address that has a name", about(ADDRESS, family_name="F"), "subject.family_name", "PART_DOES_NOT_FIT"),
    ("an address with a phone", about(ADDRESS, phones=["+447700900123"]), "subject.phones", "PART_DOES_NOT_FIT"),
    (
        "two plates of a vehicle",
        about(VEHICLE, vehicle_registrations=["A1"]),
        "subject.vehicle_registrations",
        "ONE_NEEDED",
    ),
    (
        "a phone without a number",
        about(types.MarkerSubject(kind=types.SUBJECT_KIND_PHONE)),
        "subject.phones",
        "ONE_NEEDED",
    ),
    (
        "a firm without a name",
        about(types.MarkerSubject(kind=types.SUBJECT_KIND_ORGANISATION)),
        "subject.organisation_name",
        "NAME_MISSING",
    ),
    (
        "a firm that was born",
        about(ORGANISATION, date_of_birth="1961-03-09"),
        "subject.date_of_birth",
        "PART_DOES_NOT_FIT",
    ),
]


@pytest.mark.parametrize(("change", "field", "reason"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_rule_is_named_by_its_field(change: Change, field: str, reason: str) -> None:  # R-MK-01, issue 4.5
    asked = asking()
    change(asked)
    assert [(one.field, one.reason) for one in violations(asked)] == [(f"content.{field}", reason)]


def test_expiry_and_grounds_are_missed_together() -> None:
    asked = asking()
    for field in ("expires_at", "grounds"):
        asked.ClearField(field)
    assert {one.field for one in violations(asked)} == {"content.expires_at", "content.grounds"}


@pytest.mark.parametrize(
    "subject", [ADDRESS, VEHICLE, PHONE, ORGANISATION], ids=["address", "vehicle", "phone", "firm"]
)
def test_a_marker_stands_on_every_kind_of_subject(subject: types.MarkerSubject) -> None:  # R-MK-01
    assert int(content(subject=subject).subject.kind) == subject.kind


@pytest.mark.parametrize(
    "change",
    [
        at("expires_at", NOW + LONGEST),
        at("review_due", NOW + YEAR),
        setting(grounds="x" * 4000),
        setting(subject__given_name=""),
        without("handling_instruction"),
        setting(code="PW", restricted=True, contact_point="the desk"),
        more("phones", *["+447700900124"] * 19),
    ],
)
def test_the_limits_themselves_are_allowed(change: Change) -> None:
    asked = asking()
    change(asked)
    content_from(asked, FORCE, Check(NOW))


def test_what_is_left_out_comes_from_the_code_and_the_expiry() -> None:
    found = content(severity=0, review_due=None)
    assert found.severity is Severity.HIGHEST
    assert found.review_due == found.expires_at


def test_a_registration_is_kept_without_blanks_and_once() -> None:
    subject = person()
    subject.vehicle_registrations[:] = ["fe61 wil", "FE61WIL", "q 1"]
    assert content(subject=subject).subject.vehicle_registrations == ("FE61WIL", "Q1")


def test_codes_hold_on_their_days_and_a_forces_own_line_stands_in_place_of_the_general_one() -> None:
    first, last = (marker_codes(FORCE, day) for day in (date.min, date.max))
    assert first.keys() == last.keys()
    assert {"FI", "WE", "VI", "FC", "PW"} <= first.keys()


WORDS = "Wren-7Q"


def test_no_error_repeats_what_was_said() -> None:  # I7
    asked = asking(code=WORDS, grounds=WORDS * 1000, handling_instruction=WORDS * 200, contact_point=WORDS * 100)
    asked.subject.MergeFrom(
        types.MarkerSubject(
            given_name=WORDS * 20,
            date_of_birth=WORDS,
            phones=[WORDS],
            vehicle_registrations=[WORDS],
            addresses=[types.MarkedAddress(uprn=WORDS)],
        )
    )
    with pytest.raises(Invalid) as refused:
        content_from(asked, FORCE, Check(datetime(2018, 7, 4, tzinfo=UTC)))
    assert len(refused.value.violations) == 9
    assert WORDS not in f"{refused.value} {refused.value.violations}"
