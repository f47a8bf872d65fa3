"""Which units could go, best first, and why (domain facts 4.2)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.domain.records import CrewMember, Point, Position, Skill, Unit
from services.dispatch.domain.terms import DeviceTest, UnitStatus
from services.dispatch.domain.travel import metres_between, travel_time
from services.dispatch.fleet.domain.deployment import fitness
from services.dispatch.fleet.domain.recommend import Recommended, Wish, recommend
from services.dispatch.fleet.handlers import Recommendations, as_recommendations
from services.dispatch.fleet.memory import ForceUnits
from services.dispatch.reference.fleet import cost_rules
from services.dispatch.reference.units import travel_rules
from tests.unit.dispatch.crews import (
    ASSIGNMENT_ID,
    DEPLOYMENT,
    EMERGENCY_ID,
    FORCE,
    INCIDENT_ID,
    MINUTE,
    NOW,
    TODAY,
    member,
    on_duty,
)

S = UnitStatus
LEEDS = Point(53.7997, -1.5492)
COSTS = cost_rules(FORCE, TODAY)
KILOMETRE = 1_000 / 111_195


def there(north_km: float, seconds_ago: float = 0.0, accuracy: float = 5.0) -> Position:
    """So far north of the middle of Leeds, as it was so long ago."""
    point = Point(LEEDS.latitude + north_km * KILOMETRE, LEEDS.longitude, accuracy)
    return Position(point, NOW - timedelta(seconds=seconds_ago))


def fleet(*units: Unit) -> ForceUnits:
    """A force with these units, each under an id of its own."""
    made = ForceUnits(FORCE)
    made.begin_day(TODAY)
    for unit in units:
        made.put(replace(unit, id=uuid4()))
    return made


def best(units: ForceUnits, *skills: str, urgency: int = 1, limit: int = 5, point: Point | None = LEEDS) -> Recommended:
    wish = Wish(point, urgency, units.mask(skills), units.rows_on(INCIDENT_ID), limit)
    return recommend(units.columns, len(units.units), wish, DEPLOYMENT, COSTS, NOW.timestamp())


def said(units: ForceUnits, found: Recommended) -> Recommendations:
    return as_recommendations(units, found, COSTS)


def test_the_nearest_free_unit_comes_first() -> None:
    units = fleet(*(on_duty(position=there(km), callsign=f"NW{km}") for km in (4, 1, 9, 2)))
    found = said(units, best(units, limit=3))
    assert [one.unit.callsign for one in found.found] == ["NW1", "NW2", "NW4"]


def test_it_says_how_far_what_it_does_and_how_sure_its_position_is() -> None:
    units = fleet(on_duty(position=there(1.2, 8)), on_duty(position=there(3, 200, 400), status=S.AT_STATION))
    near, far = said(units, best(units)).found
    assert near.why == "1.2 km, on patrol, position 8 s old"
    assert far.why == "3.0 km, at the station, position 3 min old within 400 m"
    assert near.cost.distance_metres == pytest.approx(1_200, rel=0.01)
    assert near.cost.position_age_seconds == pytest.approx(8)


def test_every_part_of_the_cost_is_shown_and_they_add_up() -> None:
    ends = NOW + 30 * MINUTE
    units = fleet(on_duty(position=there(2, 60), status=S.AT_STATION, shift_ends_at=ends))
    (one,) = best(units).candidates
    cost = one.cost
    assert cost.travel_seconds == pytest.approx(2_000 * 1.3 / (60 / 3.6), rel=0.01)
    assert cost.status_seconds == 60
    assert cost.position_seconds == pytest.approx((60 * 5 + 5) / (60 / 3.6), rel=0.01)
    assert cost.shift_seconds == pytest.approx(300)
    assert cost.seconds == pytest.approx(
        cost.travel_seconds + cost.status_seconds + cost.position_seconds + cost.shift_seconds
    )


def test_an_old_position_costs_what_the_unit_may_have_moved_since() -> None:
    units = fleet(on_duty(position=there(2, 600), callsign="OLD"), on_duty(position=there(2.5), callsign="FRESH"))
    assert [one.unit.callsign for one in said(units, best(units)).found] == ["FRESH", "OLD"]


def test_a_unit_of_which_nobody_knows_where_it_is_comes_last_and_is_said_so() -> None:
    units = fleet(on_duty(), on_duty(position=there(15)))
    near, unknown = said(units, best(units)).found
    assert (near.cost.distance_metres or 0) > 0
    assert unknown.cost.distance_metres is None
    assert unknown.why == "distance unknown, on patrol, position unknown"


def test_without_a_place_units_are_told_apart_by_the_rest() -> None:
    units = fleet(on_duty(status=S.AT_STATION, position=there(0)), on_duty(position=there(50)))
    first, second = best(units, point=None).candidates
    assert (first.row, first.cost.travel_seconds, second.cost.seconds) == (1, 0, 60)


def test_less_urgent_incidents_are_driven_to_without_blue_lights() -> None:
    units = fleet(on_duty(position=there(5)))
    fast, slow = (best(units, urgency=urgency).candidates[0].cost for urgency in (1, 2))
    assert slow.travel_seconds == pytest.approx(fast.travel_seconds * 1.5)


def test_who_is_left_out_is_counted_by_the_reason() -> None:
    units = fleet(
        on_duty(position=there(1)),
        on_duty(device_test=DeviceTest.FAILED),
        on_duty(device_test=DeviceTest.WAITING),
        on_duty(status=S.PRISONER_ESCORT),
        on_duty(emergencies=(EMERGENCY_ID,)),
        on_duty(incident_id=INCIDENT_ID, assignment_id=ASSIGNMENT_ID, incident_urgency=1),
        on_duty(incident_id=uuid4(), assignment_id=ASSIGNMENT_ID, incident_urgency=2),
        replace(on_duty(), status=S.OFF_DUTY),
    )
    found = best(units)
    assert len(found.candidates) == 1
    assert found.left_out == {
        "UNIT_OFF_DUTY": 1,
        "UNIT_IN_EMERGENCY": 1,
        "ALREADY_ASSIGNED": 1,
        "UNIT_UNTESTED": 2,
        "UNIT_NOT_DEPLOYABLE": 1,
        "PRE_EMPTION_REFUSED": 1,
    }


def test_a_skill_is_a_hard_filter_and_holds_to_its_last_day() -> None:
    units = fleet(on_duty(member("AFO", until=TODAY), position=there(3)), on_duty(member("DOG"), position=there(1)))
    assert [one.row for one in best(units, "AFO").candidates] == [0]
    units.begin_day(TODAY + timedelta(days=1))
    assert best(units, "AFO").left_out == {"SKILL_MISSING": 2}


def test_a_unit_to_be_taken_from_something_else_is_said_to_be() -> None:
    other = {"incident_id": uuid4(), "assignment_id": ASSIGNMENT_ID, "incident_urgency": 3}
    units = fleet(on_duty(position=there(1), status=S.EN_ROUTE, **other))
    (one,) = said(units, best(units)).found
    assert one.pre_empts
    assert one.why == "1.0 km, on its way to something else, taken from urgency 3, position 0 s old"


def test_the_end_of_a_shift_is_said() -> None:
    units = fleet(on_duty(position=there(1), shift_ends_at=NOW + 20 * MINUTE))
    assert said(units, best(units)).found[0].why.endswith("shift ends in 20 min")


some_units = st.builds(
    lambda status, sent, urgency, here, emergency, test, skills, until: on_duty(
        CrewMember("officer-1", tuple(Skill(code, until) for code in skills)),
        status=status,
        incident_id=(INCIDENT_ID if here else EMERGENCY_ID) if sent else None,
        assignment_id=ASSIGNMENT_ID if sent else None,
        incident_urgency=urgency if sent else 0,
        emergencies=(EMERGENCY_ID,) if emergency else (),
        device_test=test,
    ),
    st.sampled_from([status for status in S if S.ON_DUTY <= status <= S.OFF_DUTY]),
    st.booleans(),
    st.integers(1, 6),
    st.booleans(),
    st.booleans(),
    st.sampled_from(DeviceTest),
    st.sets(st.sampled_from(["AFO", "DOG", "STO"])),
    st.sampled_from([None, TODAY, date(2018, 7, 3)]),
)


@given(st.lists(some_units, max_size=30), st.sets(st.sampled_from(["AFO", "DOG"])), st.integers(1, 5))
def test_whoever_looks_finds_exactly_those_who_may_be_sent(units: list[Unit], skills: set[str], urgency: int) -> None:
    """The filter over all units at once says of each what the rule for one says."""
    force = fleet(*units)
    found = best(force, *skills, urgency=urgency, limit=50)
    judged = [fitness(unit, INCIDENT_ID, urgency, frozenset(skills), TODAY, DEPLOYMENT) for unit in force.units]
    fit = {row: one.pre_empts for row, one in enumerate(judged) if one.obstacle is None}
    assert {one.row: one.pre_empts for one in found.candidates} == fit
    obstacles = [one.obstacle.value for one in judged if one.obstacle is not None]
    assert found.left_out == {reason: obstacles.count(reason) for reason in obstacles}


@given(st.lists(st.floats(0, 50), min_size=1, max_size=60), st.integers(1, 60))
def test_the_first_are_the_cheapest_in_order(distances: list[float], limit: int) -> None:
    units = fleet(*(on_duty(position=there(km)) for km in distances))
    costs = [one.cost.seconds for one in best(units, limit=limit).candidates]
    assert costs == sorted(one.cost.seconds for one in best(units, limit=60).candidates)[:limit]


def test_a_position_is_taken_only_if_it_is_newer() -> None:
    units = fleet(on_duty(position=there(1, 10)))
    row, now = 0, NOW.timestamp()
    assert not units.hear(row, 53.0, -1.0, 5.0, now - 11)
    assert units.hear(row, 53.0, -1.0, 5.0, now)
    assert not units.hear(row, 54.0, -1.0, 5.0, now)
    assert units.at_present(row).position == Position(Point(53.0, -1.0, 5.0), datetime.fromtimestamp(now, UTC))
    units.put(units.units[row])
    assert units.at_present(row).position == Position(Point(53.0, -1.0, 5.0), datetime.fromtimestamp(now, UTC))


def test_what_could_not_be_stored_is_stored_the_next_time() -> None:
    units = fleet(on_duty(), on_duty())
    units.hear(1, 53.0, -1.0, 5.0, NOW.timestamp())
    places = units.take_unsaved()
    assert list(places.unit_ids) == [units.units[1].id]
    assert list(units.take_unsaved().unit_ids) == []
    units.hear_again(places)
    assert units.take_unsaved() == places


def test_a_force_grows_without_losing_anybody() -> None:
    units = fleet(*(on_duty(position=there(km)) for km in range(600)))
    assert [one.row for one in best(units, limit=3).candidates] == [0, 1, 2]
    assert best(units, limit=1_000).candidates[-1].row == 599
    assert isinstance(units.units[599].id, UUID)


def test_a_way_is_as_long_as_roads_are() -> None:
    rules = travel_rules(FORCE, TODAY)
    ten = there(10).point
    assert metres_between(LEEDS, ten) == pytest.approx(10_000, rel=0.001)
    way = travel_time(LEEDS, ten, 2, rules)
    assert way is not None
    assert way.total_seconds() == pytest.approx(10_000 * 1.3 / (40 / 3.6), rel=0.001)
    assert travel_time(None, ten, 2, rules) is None
