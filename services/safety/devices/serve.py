"""What an emergency process adds for the devices that presses come from, put together in one place."""

from peel.safety.v1 import device_api_pb2_grpc
from services.kernel.serving import Serving
from services.safety.devices.api import DeviceDoor
from services.safety.devices.positions import Positions
from services.safety.devices.trial import Trial
from services.safety.emergency.serve import Path


def serve(serving: Serving, path: Path) -> None:
    """Adds DeviceService to a server, and what keeps the places of radios current."""
    door = DeviceDoor(serving.cases, Trial(path.desk, path.consoles, path.log), path.carriers)
    device_api_pb2_grpc.add_DeviceServiceServicer_to_server(door, serving.server)
    serving.background("positions", Positions(serving.pool, path.carriers).run)
