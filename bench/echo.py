"""What there is without a database: gRPC servers of the API's own shape that answer OpenContact at once.

    python -m bench.echo DOOR-ADDRESS BARE-ADDRESS

One stands behind the same door as the real one (identity, role, audit marks, trace, metrics), the other behind none.
"""

import asyncio
import signal
from typing import Annotated

import grpc
import typer
import uvloop

from peel.intake.v1 import api_pb2 as api
from peel.intake.v1 import api_pb2_grpc as api_grpc
from services.kernel.contract import personal_field_names
from services.kernel.door import Context, Door
from services.kernel.identity import Identity
from services.kernel.ids import new_id
from services.kernel.server import policies_of
from services.kernel.settings import Settings, load_settings
from services.kernel.telemetry.logs import set_up_logging
from services.kernel.telemetry.tracing import Tracing
from services.kernel.tls import server_credentials

_SERVICE = "intake"


class _Echo(api_grpc.IntakeServiceServicer):
    async def OpenContact(self, request: api.OpenContactRequest, context: Context) -> api.OpenContactResponse:
        return api.OpenContactResponse(contact_id=str(new_id()), recorded_at=request.first_contact_at)


def _server(settings: Settings, address: str, *interceptors: Door) -> grpc.aio.Server:
    server = grpc.aio.server(interceptors=interceptors, options=[("grpc.so_reuseport", 0)])
    api_grpc.add_IntakeServiceServicer_to_server(_Echo(), server)  # type: ignore[abstract]
    credentials = server_credentials(settings)
    if credentials:
        server.add_secure_port(address, credentials)
    else:
        server.add_insecure_port(address)
    return server


async def _serve(settings: Settings, door_address: str, bare_address: str) -> None:
    set_up_logging(settings.log_level, personal_field_names((_SERVICE,)), service="echo", process="api")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tracing = Tracing(settings, "echo", "api")
    door = Door(settings, "echo.peel", policies_of(_SERVICE), Identity(settings), tracing)
    servers = [_server(settings, door_address, door), _server(settings, bare_address)]
    for server in servers:
        await server.start()
    await stop.wait()
    for server in servers:
        await server.stop(1.0)
    tracing.close()


def main(
    door_address: Annotated[str, typer.Argument(help="host:port of the echo behind the door")],
    bare_address: Annotated[str, typer.Argument(help="host:port of the echo behind none")],
) -> None:
    """Serves both until SIGTERM."""
    uvloop.run(_serve(load_settings(), door_address, bare_address))


if __name__ == "__main__":
    typer.run(main)
