"""The part of every_rpc that is about units and the board."""

from collections.abc import Callable, Iterator
from typing import Any

from peel.dispatch.v1 import api_pb2 as board
from peel.dispatch.v1 import unit_api_pb2 as api
from tests.integration.services.incidents import graded
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.units import (
    booking_on,
    overriding,
    position,
    registered,
    registering,
    request_id,
    status,
)

CREW = {"CrewMember.officer_id", "Unit.radios"}
BOOKED = CREW | {"BookOnRequest.radios"}


def every_unit_rpc(running: Running, step: Callable[..., Any]) -> Iterator[Any]:
    """The steps of one unit, from its registration to the end of its shift."""
    force = SHARED_FORCE
    yield step("supervisor", registering(force))
    unit_id = registered(running, force)
    a_unit = {f"unit:{unit_id}"}
    yield step("officer", booking_on(running, unit_id), a_unit, BOOKED)
    yield step("supervisor", overriding(unit_id), a_unit, CREW | {"OverrideDeviceTestRequest.explanation"})
    yield step("officer", status(unit_id, 2), a_unit, CREW)
    yield step("auditor", api.GetUnitRequest(unit_id=unit_id), a_unit, CREW)
    there = api.ReportPositionsRequest(force=force, positions=[position(running, unit_id, 53.812345, -1.567891)])
    yield step("radio_gateway", [there], a_unit, {"Point.latitude", "Point.longitude"})
    incident_id = graded(running)
    finding = board.RecommendUnitsRequest(incident_id=incident_id, limit=50)
    yield step("dispatcher", finding, a_unit | {f"incident:{incident_id}"}, CREW)
    yield step("dispatcher", board.GetBoardRequest(force=force), a_unit, CREW)
    yield step("dispatcher", board.WatchBoardRequest(force=force))
    yield step("officer", api.WatchUnitRequest(unit_id=unit_id), a_unit)
    yield step("officer", api.BookOffRequest(request_id=request_id(), unit_id=unit_id), a_unit)
