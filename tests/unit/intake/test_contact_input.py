"""What a report may say: each broken rule is named by its field, and nothing the person said is repeated (I7)."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.person_pb2 import Person
from services.intake.messages import NARRATIVE_LONGEST
from services.kernel.errors import Invalid
from services.kernel.wire import stamp
from tests.unit.intake.building import (
    BURGLARY,
    HOUR,
    NEW_OFFENCE,
    NOW,
    OLD_BURGLARY,
    alleged,
    contact,
    during,
    opening,
    violations,
)

Change = Callable[[api.OpenContactRequest], object]


def setting(**parts: object) -> Change:
    """Sets fields, by path with two underscores for a dot."""

    def change(request: api.OpenContactRequest) -> None:
        for path, value in parts.items():
            *through, last = path.split("__")
            message = request
            for part in through:
                message = getattr(message, part)
            setattr(message, last, value)

    return change


def person(**parts: str) -> Change:
    return lambda request: request.people[0].MergeFrom(Person(**parts))


def allegation(**parts: str) -> Change:
    def change(request: api.OpenContactRequest) -> None:
        for name, value in parts.items():
            setattr(request.allegations[0], name, value)

    return change


def flags(*numbers: int) -> Change:
    return lambda request: request.allegations[0].flags.extend(map(types.CrimeFlag.ValueType, numbers))


def flag(number: int) -> Change:
    return flags(number)


def occurred(start: datetime | None, end: datetime | None) -> Change:
    return lambda request: request.occurred.CopyFrom(during(start, end))


def first_contact(seconds: int, nanos: int = 0) -> Change:
    return lambda request: request.first_contact_at.CopyFrom(Timestamp(seconds=seconds, nanos=nanos))


def many_allegations(number: int) -> Change:
    return lambda request: request.allegations.extend([alleged()] * (number - 1))


def many_people(number: int) -> Change:
    return lambda request: request.people.extend([Person(ref=f"p{i}") for i in range(number - 2)])


def vehicles(*registrations: str) -> Change:
    def change(request: api.OpenContactRequest) -> None:
        request.vehicle_registrations[:] = registrations

    return change


BEFORE_1900 = stamp(datetime(1899, 12, 31, 23, 59, tzinfo=UTC)).seconds
BROKEN: list[tuple[str, Change, str, str]] = [
    ("unknown channel", setting(channel=99), "channel", "ENUM_UNKNOWN"),
    ("no channel", setting(channel=0), "channel", "INVALID_VALUE"),
    ("negative channel", setting(channel=-1), "channel", "ENUM_UNKNOWN"),
    ("unknown category", setting(category=8), "category", "ENUM_UNKNOWN"),
    ("no category", setting(category=0), "category", "INVALID_VALUE"),
    ("unknown relation", setting(reporter_relation=7), "reporter_relation", "ENUM_UNKNOWN"),
    ("unknown flag", flag(11), "allegations[0].flags[0]", "ENUM_UNKNOWN"),
    ("no flag", flag(0), "allegations[0].flags[0]", "INVALID_VALUE"),
    ("a flag twice", flags(4, 7, 4), "allegations[0].flags", "INVALID_VALUE"),
    ("no first contact", lambda r: r.ClearField("first_contact_at"), "first_contact_at", "INVALID_VALUE"),
    ("first contact to come", first_contact(stamp(NOW).seconds, 1000), "first_contact_at", "INVALID_VALUE"),
    ("first contact before 1900", first_contact(BEFORE_1900), "first_contact_at", "INVALID_VALUE"),
    ("first contact in year 1", first_contact(-62_135_596_800), "first_contact_at", "INVALID_VALUE"),
    ("first contact before year 1", first_contact(-62_135_596_801), "first_contact_at", "INVALID_VALUE"),
    ("first contact in year 9999", first_contact(253_402_300_799), "first_contact_at", "INVALID_VALUE"),
    ("first contact past year 9999", first_contact(253_402_300_800), "first_contact_at", "INVALID_VALUE"),
    ("nanoseconds below zero", first_contact(0, -1), "first_contact_at", "INVALID_VALUE"),
    ("nanoseconds beyond a second", first_contact(0, 1_000_000_000), "first_contact_at", "INVALID_VALUE"),
    ("occurred in the future", occurred(None, NOW + HOUR), "occurred.to", "INVALID_VALUE"),
    ("occurred before 1900", occurred(datetime(1850, 1, 1, tzinfo=UTC), None), "occurred.from", "INVALID_VALUE"),
    ("reversed period", occurred(NOW - HOUR, NOW - 2 * HOUR), "occurred", "PERIOD_REVERSED"),
    ("latitude too far north", setting(place__point__latitude=90.01), "place.point.latitude", "INVALID_VALUE"),
    ("latitude is not a number", setting(place__point__latitude=math.nan), "place.point.latitude", "INVALID_VALUE"),
    ("longitude too far west", setting(place__point__longitude=-180.01), "place.point.longitude", "INVALID_VALUE"),
    ("longitude is infinite", setting(place__point__longitude=math.inf), "place.point.longitude", "INVALID_VALUE"),
    ("no longitude", lambda r: r.place.point.ClearField("longitude"), "place.point", "POINT_HALF_GIVEN"),
    ("no latitude", lambda r: r.place.point.ClearField("latitude"), "place.point", "POINT_HALF_GIVEN"),
    ("accuracy below zero", setting(place__point__accuracy_metres=-1), "place.point.accuracy_metres", "INVALID_VALUE"),
    (
        "accuracy is no number",
        setting(place__point__accuracy_metres=math.nan),
        "place.point.accuracy_metres",
        "INVALID_VALUE",
    ),
    ("address too long", setting(place__address="x" * 501), "place.address", "INVALID_VALUE"),
    ("LSOA too short", setting(place__lsoa="E0101122"), "place.lsoa", "INVALID_VALUE"),
    ("LSOA of no country", setting(place__lsoa="X01011229"), "place.lsoa", "INVALID_VALUE"),
    ("LSOA with a line end", setting(place__lsoa="E0101122\n"), "place.lsoa", "INVALID_VALUE"),
    (
        "LSOA in other digits",
        setting(place__lsoa="E0101122\u0669"),
        "place.lsoa",
        "INVALID_VALUE",
    ),
    ("UPRN with letters", setting(place__uprn="10005123456A"), "place.uprn", "INVALID_VALUE"),
    ("UPRN too long", setting(place__uprn="1000512345678"), "place.uprn", "INVALID_VALUE"),
    ("UPRN in other digits", setting(place__uprn="\u0661\u0662\u0663"), "place.uprn", "INVALID_VALUE"),
    ("narrative too long", setting(narrative="x" * (NARRATIVE_LONGEST + 1)), "narrative", "INVALID_VALUE"),
    ("null in narrative", setting(narrative="a\x00b"), "narrative", "INVALID_VALUE"),
    ("null in address", setting(place__address="a\x00b"), "place.address", "INVALID_VALUE"),
    ("null in a name", person(family_name="\x00"), "people[0].family_name", "INVALID_VALUE"),
    ("name too long", person(given_name="x" * 101), "people[0].given_name", "INVALID_VALUE"),
    ("phone is no E.164", person(phone="0113 496 0000"), "people[0].phone", "INVALID_VALUE"),
    ("phone in other digits", person(phone="+4411349600\u0660\u0660"), "people[0].phone", "INVALID_VALUE"),
    ("no date of birth", person(date_of_birth="1987-02-30"), "people[0].date_of_birth", "INVALID_VALUE"),
    ("another form of date", person(date_of_birth="19870423"), "people[0].date_of_birth", "INVALID_VALUE"),
    ("week date of birth", person(date_of_birth="1987-W17-4"), "people[0].date_of_birth", "INVALID_VALUE"),
    ("born before 1900", person(date_of_birth="1899-12-31"), "people[0].date_of_birth", "INVALID_VALUE"),
    ("born tomorrow", person(date_of_birth="2018-07-05"), "people[0].date_of_birth", "INVALID_VALUE"),
    ("person without a ref", lambda r: r.people.append(Person()), "people[2].ref", "INVALID_VALUE"),
    ("ref with a space", lambda r: r.people.append(Person(ref="a b")), "people[2].ref", "INVALID_VALUE"),
    ("ref too long", lambda r: r.people.append(Person(ref="x" * 33)), "people[2].ref", "INVALID_VALUE"),
    ("two people of one ref", lambda r: r.people.append(Person(ref="v1")), "people[2].ref", "INVALID_VALUE"),
    ("unknown reporter", setting(reporter_ref="p9"), "reporter_ref", "REF_UNKNOWN"),
    ("unknown victim", allegation(victim_ref="p9"), "allegations[0].victim_ref", "REF_UNKNOWN"),
    ("unknown suspect", allegation(suspect_ref="p9"), "allegations[0].suspect_ref", "REF_UNKNOWN"),
    ("registration with a hyphen", vehicles("AB12-CDE"), "vehicle_registrations[0]", "INVALID_VALUE"),
    ("registration in other digits", vehicles("A1", "AB1\u0662"), "vehicle_registrations[1]", "INVALID_VALUE"),
    ("registration with a line end", vehicles("AB12\n"), "vehicle_registrations[0]", "INVALID_VALUE"),
    ("registration of spaces", vehicles("  "), "vehicle_registrations[0]", "INVALID_VALUE"),
    ("registration too long", vehicles("A" * 17), "vehicle_registrations[0]", "INVALID_VALUE"),
    ("21 vehicles", vehicles(*["A1"] * 21), "vehicle_registrations", "INVALID_VALUE"),
    ("51 people", many_people(51), "people", "INVALID_VALUE"),
    ("51 allegations", many_allegations(51), "allegations", "INVALID_VALUE"),
    ("a crime that nobody alleges", lambda r: r.ClearField("allegations"), "allegations", "ALLEGATION_MISSING"),
    ("unknown offence", allegation(offence_code="999Z"), "allegations[0].offence_code", "OFFENCE_UNKNOWN"),
    ("no offence", allegation(offence_code=""), "allegations[0].offence_code", "OFFENCE_UNKNOWN"),
    ("offence no more", allegation(offence_code=OLD_BURGLARY), "allegations[0].offence_code", "OFFENCE_NOT_VALID"),
    ("offence not yet", allegation(offence_code=NEW_OFFENCE), "allegations[0].offence_code", "OFFENCE_NOT_VALID"),
]


def test_a_good_report_is_taken() -> None:
    found = contact()
    assert (found.recorded_at, found.first_contact_at) == (NOW, NOW - HOUR)
    assert [one.number for one in found.allegations] == [1]


@pytest.mark.parametrize(("change", "field", "reason"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_rule_is_named_by_its_field(change: Change, field: str, reason: str) -> None:
    request = opening()
    change(request)
    assert [(one.field, one.reason) for one in violations(request)] == [(field, reason)]


def test_every_broken_field_is_named_at_once() -> None:
    request = opening()
    for change in (setting(channel=99), setting(narrative="\x00"), person(phone="x"), allegation(offence_code="?")):
        change(request)
    named = {one.field for one in violations(request)}
    assert named == {"channel", "narrative", "people[0].phone", "allegations[0].offence_code"}


@pytest.mark.parametrize(
    "change",
    [
        setting(narrative="x" * NARRATIVE_LONGEST),
        many_people(50),
        many_allegations(50),
        vehicles(*["A" * 16] * 20),
        lambda request: request.ClearField("place"),
        lambda request: request.ClearField("occurred"),
        lambda request: request.first_contact_at.CopyFrom(stamp(NOW)),
        lambda request: request.first_contact_at.CopyFrom(stamp(datetime(1900, 1, 1, tzinfo=UTC))),
        setting(place__point__latitude=-90.0, place__point__longitude=180.0),
        setting(place__uprn="1", place__lsoa="W01000001"),
        person(date_of_birth="2018-07-04"),
        occurred(NOW - HOUR, NOW - HOUR),
        setting(reporter_ref=""),
        allegation(victim_ref=""),
    ],
)
def test_the_limits_themselves_are_allowed(change: Change) -> None:
    request = opening()
    change(request)
    contact(request)


def test_a_newborn_is_born_today_though_it_is_yesterday_in_utc() -> None:
    request = opening()
    person(date_of_birth="2018-07-05")(request)
    contact(request, now=datetime(2018, 7, 4, 23, 30, tzinfo=UTC))


def test_every_allegation_disclosed_is_captured() -> None:  # R-CR-03
    request = opening()
    request.allegations.extend([alleged(BURGLARY, victim=""), alleged(victim="s1")])
    found = contact(request).allegations
    assert [(one.number, one.offence_code, one.victim_ref) for one in found] == [
        (1, "8N", "v1"),
        (2, "28E", ""),
        (3, "8N", "s1"),
    ]


@pytest.mark.parametrize("channel", [number for number in types.Channel.values() if number])
def test_every_channel_writes_the_one_ledger(channel: types.Channel.ValueType) -> None:  # R-CR-05
    request = opening()
    request.channel = channel
    assert contact(request).channel == int(channel)


def test_the_first_contact_stays_what_it_was_however_late_it_is_typed() -> None:  # R-CR-01
    late = contact(now=NOW + timedelta(days=3))
    assert (late.first_contact_at, late.recorded_at) == (NOW - HOUR, NOW + timedelta(days=3))


def test_a_place_of_which_nothing_is_known_is_no_place() -> None:
    request = opening()
    request.place.Clear()
    request.place.point.accuracy_metres = 50
    assert contact(request).place is None


def test_a_vehicle_is_known_by_its_registration_however_it_is_written() -> None:  # R-MK-01
    request = opening()
    vehicles("wx63 yzz", "WX63YZZ", " q1 ", "AB12 CDE")(request)
    assert contact(request).vehicle_registrations == ("AB12CDE", "Q1", "WX63YZZ")


WORDS = "Wren-7Q"


def test_no_error_repeats_what_was_said() -> None:  # I7
    request = opening()
    for change in (
        person(phone=WORDS, given_name=WORDS * 20, family_name=WORDS + "\x00", date_of_birth=WORDS, ref=WORDS + " "),
        setting(narrative=WORDS * 10_000, reporter_ref=WORDS),
        setting(place__address=WORDS * 100, place__uprn=WORDS, place__lsoa=WORDS, place__point__latitude=777.125),
        allegation(offence_code=WORDS, victim_ref=WORDS, suspect_ref=WORDS),
        vehicles(WORDS),
    ):
        change(request)
    with pytest.raises(Invalid) as refused:
        contact(request)
    assert len(refused.value.violations) == 15
    said = f"{refused.value} {refused.value.violations} {refused.value.metadata}"
    assert WORDS not in said
    assert "777" not in said
