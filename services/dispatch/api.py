"""The gRPC doors of dispatch: what each room serves, put together."""

from functools import partial

from peel.dispatch.v1.api_pb2_grpc import add_DispatchServiceServicer_to_server
from peel.dispatch.v1.unit_api_pb2_grpc import add_UnitServiceServicer_to_server
from services.dispatch.assignments.api import AcknowledgementDoor, AssignmentDoor
from services.dispatch.board.api import BoardDoor, TerminalDoor
from services.dispatch.board.live import BoardFeed
from services.dispatch.duty.api import DutyDoor
from services.dispatch.fleet.api import PositionDoor, RecommendationDoor
from services.dispatch.fleet.positions import Positions
from services.dispatch.hazards.api import HazardDoor
from services.dispatch.markers.replica import keep_warm
from services.dispatch.sharing.api import SharingDoor
from services.dispatch.tasks.api import TaskDoor
from services.dispatch.units.api import UnitDoor
from services.kernel.serving import Serving


class DispatchersDoor(BoardDoor, RecommendationDoor, AssignmentDoor, SharingDoor, TaskDoor):
    """All that dispatchers do."""


class UnitsDoor(UnitDoor, DutyDoor, PositionDoor, AcknowledgementDoor, HazardDoor, TerminalDoor):
    """All that units and their terminals do."""

    def __init__(self, serving: Serving, feed: BoardFeed, positions: Positions) -> None:
        PositionDoor.__init__(self, serving, positions)
        TerminalDoor.__init__(self, serving, feed)


def serve(serving: Serving) -> None:
    """Adds the service to a server, and what keeps its boards live and its positions."""
    feed = BoardFeed(serving.settings, serving.work)
    serving.background("board-listener", feed.listen)
    serving.background("board-reader", feed.read)
    serving.background("markers", partial(keep_warm, serving.work, partial(serving.health.set, "markers")))
    positions = Positions(serving.work, serving.clock)
    serving.background("positions", positions.store)
    add_DispatchServiceServicer_to_server(DispatchersDoor(serving, feed), serving.server)
    add_UnitServiceServicer_to_server(UnitsDoor(serving, feed, positions), serving.server)
