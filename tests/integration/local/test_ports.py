"""Ports for servers that are yet to start: nobody else is given one, and whoever it was meant for may take it."""

import socket
import subprocess
import sys

from deploy.local import ports


def test_a_port_that_was_given_is_given_to_nobody_else() -> None:
    given = ports.free_port()
    assert not ports._hold(given)
    looking = f"from deploy.local import ports; raise SystemExit(ports._hold({given}))"
    assert subprocess.run([sys.executable, "-c", looking], timeout=30, check=False).returncode == 0


def test_the_server_it_was_meant_for_takes_it_again_and_again() -> None:
    given = ports.free_port()
    for _ in range(2):
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((ports.LOOPBACK, given))
            server.listen()
            ports.require_free({})
            assert not ports._is_free(given)
        assert ports._is_free(given)
