"""Any report that intake accepts, for tests of what holds for all of them."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.period_pb2 import Period
from peel.type.v1.person_pb2 import Person
from peel.type.v1.place_pb2 import Place, Point
from services.intake.reference import offence_codes
from services.kernel.wire import stamp
from tests.unit.intake.building import NOW, during

ALWAYS = sorted(code for code, one in offence_codes().items() if one.overlaps(NOW.date(), NOW.date()))
FIRST = datetime(2017, 4, 2, tzinfo=UTC)


def words(longest: int) -> st.SearchStrategy[str]:
    """Text without nulls, which is refused, and without halves of characters, which is no text."""
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=longest)


def moments() -> st.SearchStrategy[datetime]:
    """Moments up to now, on days on which every code in ALWAYS held."""
    return st.timedeltas(timedelta(0), NOW - FIRST).map(lambda ago: NOW - ago)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """A stretch of time, either end of which may be unknown."""
    start, end = sorted([draw(moments()), draw(moments())])
    known = draw(st.sampled_from([(True, True), (True, False), (False, True), (False, False)]))
    return during(start if known[0] else None, end if known[1] else None)


def people(refs: list[str]) -> st.SearchStrategy[list[Person]]:
    """One person a ref."""
    birth = st.just("") | st.dates(date(1900, 1, 1), NOW.date()).map(date.isoformat)
    phone = st.just("") | st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
    return st.tuples(
        *(
            st.builds(
                Person,
                ref=st.just(ref),
                given_name=words(100),
                family_name=words(100),
                date_of_birth=birth,
                phone=phone,
            )
            for ref in refs
        )
    ).map(list)


def points() -> st.SearchStrategy[Point]:
    """A point on the earth."""
    return st.builds(
        Point,
        latitude=st.floats(-90, 90),
        longitude=st.floats(-180, 180),
        accuracy_metres=st.floats(0, 1_000_000),
    )


def places() -> st.SearchStrategy[Place]:
    """A place of which anything may be unknown."""
    return st.builds(
        Place,
        point=st.none() | points(),
        address=words(500),
        uprn=st.just("") | st.from_regex(r"[0-9]{1,12}", fullmatch=True),
        lsoa=st.just("") | st.from_regex(r"[EW][0-9]{8}", fullmatch=True),
    )


def allegations(refs: list[str]) -> st.SearchStrategy[api.NewAllegation]:
    """An allegation about these people, or nobody."""
    someone = st.sampled_from(["", *refs])
    return st.builds(
        api.NewAllegation,
        offence_code=st.sampled_from(ALWAYS),
        victim_ref=someone,
        suspect_ref=someone,
        victim_confirms=st.booleans(),
        points_to_prove_made_out=st.booleans(),
        credible_evidence_to_contrary=st.booleans(),
        victim_vulnerable=st.booleans(),
        crime_evident=st.booleans(),
        occurred=st.none() | periods(),
        flags=st.lists(st.sampled_from([flag for flag in types.CrimeFlag.values() if flag]), max_size=3, unique=True),
    )


@st.composite
def openings(draw: st.DrawFn) -> api.OpenContactRequest:
    """Any request that opens a contact."""
    refs = draw(st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True), max_size=4, unique=True))
    category = draw(st.sampled_from([one for one in types.IncidentCategory.values() if one]))
    least = 1 if category == types.INCIDENT_CATEGORY_CRIME else 0
    return api.OpenContactRequest(
        request_id=str(draw(st.uuids())),
        force="west-yorkshire",
        channel=draw(st.sampled_from([one for one in types.Channel.values() if one])),
        category=category,
        first_contact_at=stamp(draw(moments())),
        reporter_ref=draw(st.sampled_from(["", *refs])),
        reporter_relation=draw(st.sampled_from([one for one in types.ReporterRelation.values() if one])),
        people=draw(people(refs)),
        place=draw(st.none() | places()),
        occurred=draw(st.none() | periods()),
        narrative=draw(words(200)),
        allegations=draw(st.lists(allegations(refs), min_size=least, max_size=4)),
        vehicle_registrations=draw(
            st.lists(st.from_regex(r" ?[A-Za-z0-9][A-Za-z0-9 ]{0,14}", fullmatch=True), max_size=20)
        ),
    )
