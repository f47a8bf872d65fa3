"""Ways to ask whether a server answers yet. Each returns a question that never raises and never blocks for long."""

import http.client
import socket
from collections.abc import Callable

from deploy.local.ports import LOOPBACK

_PATIENCE_SECONDS = 1.0


def port_open(port: int) -> Callable[[], bool]:
    """Whether a TCP connection to that port of loopback is accepted."""

    def ask() -> bool:
        try:
            socket.create_connection((LOOPBACK, port), _PATIENCE_SECONDS).close()
        except OSError:
            return False
        return True

    return ask


def http_ready(port: int, path: str = "/readyz") -> Callable[[], bool]:
    """Whether a GET there says 200. Never goes through a proxy, whatever the environment says."""

    def ask() -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask
