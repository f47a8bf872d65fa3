"""The gRPC door of dispatch: request to command, result to reply. No logic."""

import grpc

from peel.dispatch.v1 import api_pb2_grpc, unit_api_pb2_grpc
from services.kernel.usecases import UseCases


def serve(server: grpc.aio.Server, _cases: UseCases) -> None:
    """Adds the service to a server."""
    api_pb2_grpc.add_DispatchServiceServicer_to_server(api_pb2_grpc.DispatchServiceServicer(), server)  # type: ignore[abstract]  # its door comes next
    unit_api_pb2_grpc.add_UnitServiceServicer_to_server(unit_api_pb2_grpc.UnitServiceServicer(), server)  # type: ignore[abstract]  # its door comes next
