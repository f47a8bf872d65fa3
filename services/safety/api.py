"""The gRPC doors of officer safety: request to command, result to reply. No logic."""

from peel.safety.v1 import device_api_pb2_grpc
from services.kernel.serving import Part, Serving
from services.safety.emergency import serve as emergency
from services.safety.markers import api as markers


def _serve_emergencies(serving: Serving) -> None:
    emergency.serve(serving)
    device_api_pb2_grpc.add_DeviceServiceServicer_to_server(
        device_api_pb2_grpc.DeviceServiceServicer(),  # type: ignore[abstract]  # its door comes next
        serving.server,
    )


# The emergency path is a process of its own, and works while everything else is down (R-OS-09).
PARTS = {
    "markers": Part(("api",), markers.serve),
    "emergency": Part(("emergency_api", "device_api"), _serve_emergencies, independent=True),
}
