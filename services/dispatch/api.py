"""The gRPC door of dispatch: request to command, result to reply. No logic."""

from peel.dispatch.v1 import api_pb2_grpc, unit_api_pb2_grpc
from services.kernel.serving import Serving


def serve(serving: Serving) -> None:
    """Adds the service to a server."""
    api_pb2_grpc.add_DispatchServiceServicer_to_server(
        api_pb2_grpc.DispatchServiceServicer(),  # type: ignore[abstract]  # its door comes next
        serving.server,
    )
    unit_api_pb2_grpc.add_UnitServiceServicer_to_server(
        unit_api_pb2_grpc.UnitServiceServicer(),  # type: ignore[abstract]  # its door comes next
        serving.server,
    )
