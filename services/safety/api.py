"""The gRPC door of officer safety: request to command, result to reply. No logic."""

import grpc

from peel.safety.v1 import api_pb2_grpc
from services.kernel.usecases import UseCases


def serve(server: grpc.aio.Server, _cases: UseCases) -> None:
    """Adds the service to a server."""
    api_pb2_grpc.add_MarkerServiceServicer_to_server(api_pb2_grpc.MarkerServiceServicer(), server)  # type: ignore[abstract]  # its door comes next
