"""The stories of the firearms experiment: each marker concerns its incident in exactly the way it says."""

import random
from collections import Counter
from datetime import UTC, date, datetime

from deploy.people.synthetic import person
from deploy.prove.misspelling import misspelt
from deploy.prove.stories import How, When, stories

NOW = datetime(2026, 11, 25, tzinfo=UTC)


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


def test_a_misspelt_name_is_another_name() -> None:
    rng = random.Random(1)
    for _ in range(300):
        real = person("p1", rng, date(2026, 11, 25))
        wrong = misspelt(real, rng)
        assert (wrong.given_name, wrong.family_name) != (real.given_name, real.family_name)
        assert wrong.phone == ""
