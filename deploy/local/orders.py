"""Orders to a platform that is up, from another terminal: stop this process, start it again.

A named pipe in the platform's folder carries them, a line each; what comes of it shows in the folder of pid files.
"""

import os
import threading
import time
from pathlib import Path
from typing import IO

from deploy.local.faults import LocalFault
from deploy.local.processes import Supervisor

_PIPE = "orders"
_STOP, _START, _LEAVE = "stop", "start", "leave"
_SECONDS, _POLL_SECONDS = 30.0, 0.05


class Orders:
    """Carries out what it is told, one order after the other, until closed."""

    def __init__(self, home: Path, supervisor: Supervisor) -> None:
        self._pipe, self._supervisor = home / _PIPE, supervisor
        self._lines: IO[str]
        self._thread = threading.Thread(target=self._listen, name="orders", daemon=True)

    def open(self) -> None:
        """Takes orders from now on."""
        self._pipe.unlink(missing_ok=True)
        os.mkfifo(self._pipe, 0o600)
        # For writing too: then there is always a reader, and never an end, whoever comes and goes.
        self._lines = os.fdopen(os.open(self._pipe, os.O_RDWR), "r")
        self._thread.start()

    def close(self) -> None:
        """Takes no more; returns once the last one is done. Does no harm where it was not open."""
        if self._thread.is_alive():
            _say(self._pipe, _LEAVE)
            self._thread.join()
            self._pipe.unlink(missing_ok=True)

    def _listen(self) -> None:
        with self._lines as lines:
            while True:
                order, _, name = lines.readline().strip().partition(" ")
                if order == _LEAVE:
                    return
                self._carry_out(order, name)

    def _carry_out(self, order: str, name: str) -> None:
        process = next((one for one in self._supervisor if one.name == name), None)
        if process is None:
            return
        try:
            if order == _STOP:
                process.stop()
            elif order == _START:
                process.start()
        except LocalFault:
            # It runs already, or cannot: whoever asked sees which.
            return


def order(home: Path, what: str, name: str) -> None:
    """Has the platform in a folder "stop" or "start" a process; returns once that is done.

    Raises LocalFault where no platform is up there, has no process of that name, or does not do it in half a minute.
    """
    pid_file = home / "pids" / f"{name}.pid"
    wanted = what == _START
    if pid_file.exists() == wanted:
        raise LocalFault(f"{name} is {'running' if wanted else 'not running'} in {home}")
    _say(home / _PIPE, f"{what} {name}")
    deadline = time.monotonic() + _SECONDS
    while pid_file.exists() != wanted:
        if time.monotonic() > deadline:
            raise LocalFault(f"{name} did not {what} within {_SECONDS:g} s; is that its name?")
        time.sleep(_POLL_SECONDS)


def _say(pipe: Path, line: str) -> None:
    try:
        # Not waiting for a reader: without one there is no platform.
        descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        raise LocalFault(f"no platform takes orders at {pipe}") from error
    with os.fdopen(descriptor, "w") as out:
        out.write(f"{line}\n")
