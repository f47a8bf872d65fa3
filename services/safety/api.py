"""The gRPC doors of officer safety: request to command, result to reply. No logic."""

from peel.safety.v1 import api_pb2_grpc, device_api_pb2_grpc
from services.kernel.serving import Part, Serving
from services.safety.emergency import serve as emergency


def _serve_markers(serving: Serving) -> None:
    api_pb2_grpc.add_MarkerServiceServicer_to_server(
        api_pb2_grpc.MarkerServiceServicer(),  # type: ignore[abstract]  # its door comes next
        serving.server,
    )


def _serve_emergencies(serving: Serving) -> None:
    emergency.serve(serving)
    device_api_pb2_grpc.add_DeviceServiceServicer_to_server(
        device_api_pb2_grpc.DeviceServiceServicer(),  # type: ignore[abstract]  # its door comes next
        serving.server,
    )


# The emergency path is a process of its own, and works while everything else is down (R-OS-09).
PARTS = {
    "markers": Part(("api",), _serve_markers),
    "emergency": Part(("emergency_api", "device_api"), _serve_emergencies, independent=True),
}
