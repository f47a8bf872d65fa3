"""The stories of the firearms experiment: each marker concerns its incident in exactly the way it says."""

import random
from collections import Counter
from datetime import UTC, date, datetime
from statistics import fmean
from uuid import UUID

from deploy.prove.misspelling import misspelt
from deploy.prove.names import somebody
from deploy.prove.stories import How, Story, When, stories
from peel.safety.v1 import types_pb2 as safety
from services.dispatch.markers.domain import Concerns, Marker, MarkerIndex
from services.dispatch.markers.domain import Person as Named
from services.dispatch.markers.messages import marker_from
from services.dispatch.reference.short_forms import short_forms

NOW = datetime(2026, 11, 25, tzinfo=UTC)
FORCE = "west-yorkshire"


def test_every_way_and_every_time_occurs() -> None:  # R-MK-01
    told = list(stories(500, NOW))
    assert set(Counter(one.how for one in told)) == set(How)
    assert set(Counter(one.when for one in told)) == set(When)


def test_a_marker_shares_nothing_with_its_incident_but_what_it_says() -> None:
    for story in stories(500, NOW):
        call = story.call
        if story.marker is None:
            assert story.how is How.NOBODY
            continue
        subject = story.marker.subject
        names = {(one.given_name, one.family_name) for one in call.people}
        assert (subject.given_name, subject.family_name) not in names or story.how is How.ADDRESS
        shared = {
            How.PHONE: set(subject.phones) & {one.phone for one in call.people},
            How.VEHICLE: {one.replace(" ", "") for one in subject.vehicle_registrations}
            & set(call.vehicle_registrations),
            How.ADDRESS: {one.address for one in subject.addresses} & {call.place.address},
        }
        assert {how for how, what in shared.items() if what} == {story.how} & shared.keys()
        assert (story.earlier is not None) is (story.how is How.ASSOCIATE)


def test_names_are_found_again_and_hardly_anybody_elses() -> None:  # R-MK-01, F12
    """By the matcher itself: what the review then finds out is whether the platform tells it in time."""
    told = list(stories(500, NOW))
    index = MarkerIndex(FORCE, [marked(story) for story in told if story.marker], short_forms=short_forms())
    found, strangers = [], []
    for story in told:
        people = tuple(Named(one.given_name, one.family_name, one.date_of_birth) for one in story.call.people)
        shown = {match.marker.id.int for match in index.find(Concerns(people=people), NOW)}
        if story.how is How.NAME:
            found.append(story.number + 1 in shown)
        if story.how is How.NOBODY:
            strangers.append(bool(shown))
    assert fmean(found) >= 0.99
    assert fmean(strangers) < 0.03


def marked(story: Story) -> Marker:
    """Its marker, as dispatch keeps it."""
    assert story.marker is not None
    content = story.marker
    return marker_from(
        safety.Marker(
            marker_id=str(UUID(int=story.number + 1)),
            force=FORCE,
            version=1,
            subject=content.subject,
            code=content.code,
            severity=content.severity,
            source=content.source,
            state=safety.MARKER_STATE_ACTIVE,
            expires_at=content.expires_at,
        )
    )


def test_a_misspelt_name_is_another_name() -> None:
    rng = random.Random(1)
    for _ in range(300):
        real = somebody("p1", rng, date(2026, 11, 25))
        wrong = misspelt(real, rng)
        assert (wrong.given_name, wrong.family_name) != (real.given_name, real.family_name)
        assert wrong.phone == ""
