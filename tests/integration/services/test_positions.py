"""Where units are, and who is nearest (domain facts 4.2)."""

import math
import random
from datetime import timedelta

import grpc
import pytest

from peel.dispatch.v1 import api_pb2 as board
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api
from peel.type.v1.place_pb2 import Place, Point
from tests.integration.services.incidents import graded
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.units import (
    booking_on,
    kept,
    on_patrol,
    overriding,
    position,
    registered,
    reported,
    status,
)


def test_a_position_is_stored_within_moments(running: Running, force: str) -> None:
    unit = on_patrol(running, force)
    answer = reported(running, force, position(running, unit.unit_id, 53.5, -1.5, 3))
    assert (answer.received, answer.ignored) == (1, 0)
    unit = kept(running, unit.unit_id)
    assert (unit.point.latitude, unit.point.longitude, unit.point.accuracy_metres) == (53.5, -1.5, 5)
    assert unit.position_at.ToDatetime() == (running.now - timedelta(seconds=3)).replace(tzinfo=None)


def test_only_the_newest_of_each_counts(running: Running, force: str) -> None:
    one, two = on_patrol(running, force).unit_id, on_patrol(running, force).unit_id
    answer = reported(
        running,
        force,
        position(running, one, 53.1, -1.5, 10),
        position(running, one, 53.2, -1.5, 5),
        position(running, one, 53.3, -1.5, 7),
        position(running, two, 53.4, -1.5, 20),
        position(running, one, 53.5, -1.5, 5),
    )
    assert (answer.received, answer.ignored) == (5, 2)
    assert kept(running, one, 53.2).point.latitude == 53.2
    assert kept(running, two, 53.4).point.latitude == 53.4


def test_what_is_stored_is_never_replaced_by_something_older(running: Running, force: str) -> None:
    """Another process may know a newer one that this process has not heard of."""
    unit_id = on_patrol(running, force).unit_id
    reported(running, force, position(running, unit_id, 53.1, -1.5, 20))
    kept(running, unit_id, 53.1)
    running.rows(
        "dispatch", "update unit_position set at = at + interval '15 s', latitude = 54 where unit_id = $1", unit_id
    )
    assert reported(running, force, position(running, unit_id, 53.2, -1.5, 10)).ignored == 0
    reported(running, force, position(running, other := on_patrol(running, force).unit_id, 53.2, -1.5, 10))
    kept(running, other)
    assert kept(running, unit_id).point.latitude == 54


@pytest.mark.parametrize(
    "point",
    [
        Point(),
        Point(latitude=53.0),
        Point(latitude=91.0, longitude=0.0),
        Point(latitude=0.0, longitude=-181.0),
        Point(latitude=math.nan, longitude=0.0),
        Point(latitude=53.0, longitude=-1.0, accuracy_metres=-1.0),
        Point(latitude=53.0, longitude=-1.0, accuracy_metres=math.inf),
    ],
)
def test_what_is_not_a_point_is_ignored(running: Running, point: Point) -> None:
    unit_id = registered(running, SHARED_FORCE)
    bad = position(running, unit_id, 53.0, -1.0)
    bad.point.CopyFrom(point)
    assert reported(running, SHARED_FORCE, bad).ignored == 1


def test_a_position_of_the_future_or_of_no_time_or_of_nobody_is_ignored(running: Running, force: str) -> None:
    unit_id, stranger = registered(running, force), registered(running, running.invented_force())
    timeless = position(running, unit_id, 53.0, -1.0)
    timeless.ClearField("at")
    future = position(running, unit_id, 53.0, -1.0, -5)
    nobody = [position(running, one, 53.0, -1.0) for one in (stranger, "01890000-0000-7000-8000-000000000000", "", "x")]
    answer = reported(running, force, timeless, future, *nobody, position(running, unit_id, 53.0, -1.0))
    assert (answer.received, answer.ignored) == (7, 6)


def test_more_than_500_in_a_message_are_refused(running: Running, force: str) -> None:
    many = api.ReportPositionsRequest(force=force, positions=[api.UnitPosition()] * 501)
    gateway = running.person("radio_gateway", force=force)
    refusal = gateway.refused(running.units.ReportPositions, iter([many]))
    assert (refusal.code, set(refusal.fields)) == (grpc.StatusCode.INVALID_ARGUMENT, {"positions"})


def test_a_gateway_speaks_for_its_own_force(running: Running, force: str) -> None:
    message = api.ReportPositionsRequest(force=running.invented_force())
    refusal = running.person("radio_gateway", force=force).refused(running.units.ReportPositions, iter([message]))
    assert refusal.told == (grpc.StatusCode.PERMISSION_DENIED, "FORCE_MISMATCH")


def lonely() -> Point:
    """Somewhere at sea where no other test has a unit."""
    return Point(latitude=random.uniform(-60, 40), longitude=random.uniform(-50, -20), accuracy_metres=5)


def asked(running: Running, incident_id: str, *skills: str, limit: int = 3) -> board.RecommendUnitsResponse:
    request = board.RecommendUnitsRequest(incident_id=incident_id, skills=skills, limit=limit)
    return running.person("dispatcher").ask(running.dispatch.RecommendUnits, request)


def test_the_nearest_units_are_recommended_each_with_why(running: Running) -> None:
    here = lonely()
    incident_id = graded(running, "1", place=Place(point=here))
    near, far = on_patrol(running, SHARED_FORCE), on_patrol(running, SHARED_FORCE)
    untested = registered(running, SHARED_FORCE)
    running.person("officer").ask(running.units.BookOn, booking_on(running, untested))
    kilometre = 1_000 / 111_195
    reported(
        running,
        SHARED_FORCE,
        position(running, far.unit_id, here.latitude + 6 * kilometre, here.longitude, 2),
        position(running, near.unit_id, here.latitude + 1.2 * kilometre, here.longitude, 8),
        position(running, untested, here.latitude, here.longitude),
    )
    answer = asked(running, incident_id)
    first, second = answer.recommendations[:2]
    assert [first.unit.unit_id, second.unit.unit_id] == [near.unit_id, far.unit_id]
    assert first.why == "1.2 km, on patrol, position 8 s old"
    assert first.position_staleness_seconds == pytest.approx(8)
    parts = (
        first.travel_seconds
        + first.status_penalty_seconds
        + first.position_penalty_seconds
        + first.shift_penalty_seconds
    )
    assert first.cost_seconds == pytest.approx(parts)
    assert answer.left_out["UNIT_UNTESTED"] >= 1
    running.person("officer").ask(running.units.SetUnitStatus, status(near.unit_id, 8))
    running.person("supervisor").ask(running.units.OverrideDeviceTest, overriding(untested))
    again = asked(running, incident_id)
    assert [one.unit.unit_id for one in again.recommendations[:2]] == [untested, far.unit_id]


def test_a_skill_is_a_hard_filter(running: Running) -> None:
    incident_id = graded(running, "1", place=Place(point=lonely()))
    expired = types.Skill(code="CTSFO", expires_on=(running.now.date() - timedelta(days=1)).isoformat())
    on_patrol(running, SHARED_FORCE, expired)
    armed = on_patrol(running, SHARED_FORCE, types.Skill(code="CTSFO"))
    assert [one.unit.unit_id for one in asked(running, incident_id, "CTSFO").recommendations] == [armed.unit_id]
    request = board.RecommendUnitsRequest(incident_id=incident_id, skills=["JUGGLING"], limit=51)
    refusal = running.person("dispatcher").refused(running.dispatch.RecommendUnits, request)
    assert refusal.fields.keys() == {"skills[0]", "limit"}


def test_nobody_is_recommended_for_another_forces_incident(running: Running, force: str) -> None:
    request = board.RecommendUnitsRequest(incident_id=graded(running))
    refusal = running.person("dispatcher", force=force).refused(running.dispatch.RecommendUnits, request)
    assert refusal.told == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
